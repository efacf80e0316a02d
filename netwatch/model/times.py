"""Times as people type them."""

from __future__ import annotations

import datetime as dt
import re

from netwatch.errors import UsageError

_WIDTHS = {"s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9, "w": 604_800 * 10**9}


def parse_instant(text: str) -> int:
    """Nanoseconds since 1970 of ``2019``, ``2019-02``, ``2019-02-01`` or RFC 3339; UTC unless it has a zone.

    Raises:
        UsageError: not a time.
    """
    written = text.strip().replace("/", "-")
    if re.fullmatch(r"\d{4}", written):
        written += "-01-01"
    elif re.fullmatch(r"\d{4}-\d{2}", written):
        written += "-01"
    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        raise UsageError(f"not a date or time: {text!r} (write 2019-02-01 or 2019-02-01T12:00:00Z)") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def parse_window(text: str) -> tuple[int, int]:
    """Half-open window in ns: ``A..B``, or one year, month or day.

    Raises:
        UsageError: not a window, or its end is not after its start.
    """
    start, dots, end = text.partition("..")
    end = end if dots else _following(start.strip())
    if not end:
        raise UsageError(f"not a window: {text!r} (write 2018, 2018-01, 2018-01-31 or 2018-01-01..2018-03-01)")
    since, until = parse_instant(start), parse_instant(end)
    if until <= since:
        raise UsageError(f"window ends before it begins: {text!r}")
    return since, until


def _following(written: str) -> str:
    """The year, month or day after the one written; empty where it is none."""
    if re.fullmatch(r"\d{4}", written):
        return f"{int(written) + 1:04}"
    if month := re.fullmatch(r"(\d{4})-(\d{2})", written):
        months = int(month[1]) * 12 + int(month[2])
        return f"{months // 12:04}-{months % 12 + 1:02}"
    try:
        return str(dt.date.fromisoformat(written) + dt.timedelta(days=1))
    except (ValueError, OverflowError):
        return ""


def parse_width(text: str) -> int:
    """Nanoseconds of a width such as ``5m``, ``1h``, ``30s``, ``1d``.

    Raises:
        UsageError: not a width.
    """
    match = re.fullmatch(r"(\d+)\s*([smhdw])", text.strip().lower())
    if not match or int(match.group(1)) == 0:
        raise UsageError(f"not a width of time: {text!r} (write 30s, 5m, 1h or 1d)")
    return int(match.group(1)) * _WIDTHS[match.group(2)]
