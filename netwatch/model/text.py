"""How values are written for people: one place for units, times and text from the wire."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata

_SI = ("", "k", "M", "G", "T", "P", "E")


def printable(text: str, limit: int = 200) -> str:
    r"""Text from the wire made harmless: control, format and unassigned characters as escapes, cut to ``limit``.

    Terminal escapes and direction overrides become visible (``\x1b``, ``\u202e``).
    """
    if len(text) <= limit and text.isprintable():  # the same categories, asked at once
        return text
    shown = "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else _escape(c) for c in text[:limit])
    return shown + "…" if len(text) > limit else shown


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def digits(value: float) -> str:
    """Three significant digits, zeros at the end too, so that figures of one kind look alike: ``3.05``, ``2.80``."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:#.3g}".rstrip(".")


def scaled(value: float, unit: str) -> str:
    """A number with three significant digits and an SI prefix (1,000 steps): ``1.23 MB``, ``240 bit/s``."""
    if math.isnan(value):
        return "unknown"
    if value == 0:
        return f"0 {unit}".rstrip()
    step = max(0, min(len(_SI) - 1, math.floor(math.log10(abs(value)) / 3 + 1e-9)))
    number = value / 1000**step
    if abs(number) >= 999.5 and step < len(_SI) - 1:
        step, number = step + 1, number / 1000
    digits = f"{number:.0f}" if step == 0 and number == int(number) else f"{number:#.3g}".rstrip(".")
    return f"{digits} {_SI[step]}{unit}".rstrip()


def bit_rate(octets_per_second: float) -> str:
    """Octets per second as bit/s."""
    return scaled(octets_per_second * 8, "bit/s")


def volume(octets: float) -> str:
    """Octets as bytes."""
    return scaled(octets, "B")


def count(number: float) -> str:
    """A whole number with thousands separated by commas."""
    return "unknown" if math.isnan(number) else f"{round(number):,}"


def percent(share: float) -> str:
    """A share of 1 as a percentage with two significant digits."""
    return "unknown" if math.isnan(share) else f"{share * 100:.0f} %" if abs(share) >= 0.095 else f"{share * 100:.2g} %"


def instant(nanoseconds: int, *, fraction: bool = False) -> str:
    """RFC 3339 in UTC, to the second, or with what fraction there is."""
    seconds, rest = divmod(int(nanoseconds), 1_000_000_000)
    try:
        moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, OSError, ValueError):
        return f"{seconds} s since 1970"
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0") + "Z" if fraction and rest else f"{text}Z"


def day(nanoseconds: int) -> str:
    """The UTC date."""
    return instant(nanoseconds)[:10]


def duration(nanoseconds: float) -> str:
    """A span in the largest unit that leaves a number of at least 1: ``3.2 d``, ``45 s``, ``12 ms``."""
    for unit, size in (("d", 86_400e9), ("h", 3_600e9), ("min", 60e9), ("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(nanoseconds) >= size:
            number = nanoseconds / size
            return f"{number:.3g} {unit}" if abs(number) < 999.5 else f"{number:,.0f} {unit}"
    return f"{nanoseconds:.0f} ns"
