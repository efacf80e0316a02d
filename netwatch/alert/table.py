"""The ``[alerts]`` table of the configuration → :class:`AlertOptions`; what is not known is an error."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from netwatch.alert.options import AlertOptions, Pacing, SinkOptions
from netwatch.alert.sink import SINKS
from netwatch.errors import UsageError
from netwatch.model.finding import Severity
from netwatch.model.notice import Life

KINDS = ("volume", "mining", "attack", "rhythm", "upstream", "quality")
TLP = ("clear", "green", "amber", "red")
_TOLD = (Life.NEW, Life.ONGOING, Life.ENDED)
_PACING = ("rate", "digest", "quiet", "zone", "urgent", "cool_down")
_CHOICE = ("kind", "minimum", "kinds", "watches", "lives")
_LINES = ("path", "max_octets", "keep")
_SHARED = ("path", "tlp")
_PEOPLE = ("url_env", "url_file", "timeout", *_PACING)
_KEYS = {"eve": _LINES, "ecs": _LINES, "stix": _SHARED, "misp": _SHARED, "apprise": _PEOPLE}


def parse(table: Mapping[str, Any], base: Path | None = None) -> AlertOptions:
    """Options from the TOML table ``alerts``: the pace of all (``rate``, ``digest`` ...) and ``sinks.<name>``.

    Relative paths are relative to ``base``, the configuration's directory.

    Raises:
        UsageError: a key, kind or value that is not known, or a secret written into the configuration.

    """
    _known("alerts", table, (*_PACING, "sinks"))
    common = {key: table[key] for key in _PACING if key in table}
    _pacing("alerts", common)  # what no sink uses must be right as well
    sinks = _table("alerts.sinks", table.get("sinks", {}))
    place = base or Path()
    return AlertOptions(
        tuple(_sink(name, _table(f"alerts.sinks.{name}", sinks[name]), common, place) for name in sinks)
    )


def _sink(name: str, table: Mapping[str, Any], common: Mapping[str, Any], base: Path) -> SinkOptions:
    where = f"alerts.sinks.{name}"
    kind = _text(where, table, "kind", "")
    if kind not in SINKS:
        raise UsageError(f"{where}: {UsageError.unknown('kind of sink', kind, SINKS)}")
    allowed = (*_CHOICE, *_KEYS.get(kind, (*_LINES, *_SHARED, *_PEOPLE)))
    if "url" in table and "url" not in allowed:
        raise UsageError(f"{where}: no secrets in the configuration: name an environment variable as url_env "
                         "or a file as url_file instead of url")  # fmt: skip
    _known(where, table, allowed)
    path, url_file = _path(where, table, "path", base), _path(where, table, "url_file", base)
    if "path" in allowed and path is None and "url_env" not in allowed:
        raise UsageError(f"{where}: path is missing")
    if kind == "apprise" and bool(url_file) == ("url_env" in table):
        raise UsageError(f"{where}: give either url_env or url_file")
    return SinkOptions(
        name=name, kind=kind, path=path, url_file=url_file,
        url_env=_text(where, table, "url_env", ""),
        minimum=Severity(_choice(where, table, "minimum", tuple(map(str, Severity)), "info")),
        kinds=_choices(where, table, "kinds", KINDS),
        watches=_texts(where, table, "watches"),
        lives=tuple(Life(life) for life in _choices(where, table, "lives", tuple(map(str, _TOLD)))),
        max_octets=_number(where, table, "max_octets", 100_000_000, least=10_000),
        keep=_number(where, table, "keep", 5),
        tlp=_choice(where, table, "tlp", TLP, "amber"),
        timeout=max(1, _seconds(where, table, "timeout", 20)),
        pacing=_pacing(where, {**common, **{key: table[key] for key in _PACING if key in table}}),
    )  # fmt: skip


def _pacing(where: str, table: Mapping[str, Any]) -> Pacing:
    urgent = _choice(where, table, "urgent", (*map(str, Severity), "never"), "high")
    zone = _text(where, table, "zone", "UTC")
    if zone != "UTC" and zone not in (zones := available_timezones()):
        near = difflib.get_close_matches(zone, sorted(zones), n=1)
        raise UsageError(f"{where}: unknown time zone {zone!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return Pacing(
        rate=_number(where, table, "rate", 20),
        digest=tuple(sorted({_time(where, "digest", t) for t in _texts(where, table, "digest")})),
        quiet=_quiet(where, table),
        zone=zone,
        urgent=None if urgent == "never" else Severity(urgent),
        cool_down=_seconds(where, table, "cool_down", 3600),
    )


def _quiet(where: str, table: Mapping[str, Any]) -> tuple[dt.time, dt.time] | None:
    written = _text(where, table, "quiet", "")
    if not written:
        return None
    since, dash, until = written.partition("-")
    if not dash:
        raise UsageError(f'{where}: quiet is two times such as "22:00-07:00", not {written!r}')
    span = _time(where, "quiet", since.strip()), _time(where, "quiet", until.strip())
    if span[0] == span[1]:
        raise UsageError(f"{where}: quiet hours from {since} to {until} are none, or all")
    return span


def _time(where: str, key: str, written: str) -> dt.time:
    match = re.fullmatch(r"(\d\d):(\d\d)", written)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise UsageError(f'{where}: {key}: {written!r} is no time of day such as "07:30"')
    return dt.time(int(match[1]), int(match[2]))


def _known(where: str, table: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for key in table:
        if key not in allowed:
            raise UsageError(f"{where}: {UsageError.unknown('key', key, allowed)}")


def _table(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{where} is a table, not {value!r}")
    return value


def _text(where: str, table: Mapping[str, Any], key: str, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise UsageError(f"{where}: {key} is a text, not {value!r}")
    return value


def _texts(where: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, ())
    several = (value,) if isinstance(value, str) else value
    if not isinstance(several, list | tuple) or not all(isinstance(part, str) for part in several):
        raise UsageError(f"{where}: {key} is a text or a list of texts, not {value!r}")
    return tuple(several)


def _choice(where: str, table: Mapping[str, Any], key: str, choices: Sequence[str], default: str) -> str:
    value = _text(where, table, key, default)
    if value not in choices:
        raise UsageError(f"{where}: {UsageError.unknown(key, value, choices)}")
    return value


def _choices(where: str, table: Mapping[str, Any], key: str, choices: Sequence[str]) -> tuple[str, ...]:
    values = _texts(where, table, key)
    for value in values:
        if value not in choices:
            raise UsageError(f"{where}: {UsageError.unknown(key, value, choices)}")
    return values


def _number(where: str, table: Mapping[str, Any], key: str, default: int, least: int = 0) -> int:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{where}: {key} is a whole number from {least}, not {value!r}")
    return value


def _seconds(where: str, table: Mapping[str, Any], key: str, default: int) -> int:
    value = table.get(key, default)
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,6})([smhd])", value, re.ASCII)):
        return int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
    if isinstance(value, str):
        raise UsageError(f"{where}: {key}: {value!r} is no width of time such as 30s, 5m, 1h or 2d")
    return _number(where, table, key, default)


def _path(where: str, table: Mapping[str, Any], key: str, base: Path) -> Path | None:
    written = _text(where, table, key, "")
    return base / Path(written).expanduser() if written else None
