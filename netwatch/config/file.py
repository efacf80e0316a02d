"""``netwatch.toml`` to :class:`MonitorOptions`; a key that is not known is an error that names the nearest one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from netwatch.alert import parse as parse_alerts
from netwatch.config.monitor import (
    HealthOptions,
    MonitorOptions,
    PassOptions,
    ReportOptions,
    RetentionOptions,
    SourceOptions,
)
from netwatch.config.options import Options
from netwatch.detect import DETECTORS, DetectOptions
from netwatch.errors import UsageError
from netwatch.explain import ExplainOptions
from netwatch.fingerprint import FingerprintOptions
from netwatch.meter import MeterOptions
from netwatch.places import is_url
from netwatch.read import ReadOptions
from netwatch.report.clock import Clock
from netwatch.scope import ScopeOptions
from netwatch.series import SeriesOptions
from netwatch.store.engines import EMBEDDED, checked_engine

T = TypeVar("T")
STAGES = {
    "read": ReadOptions,
    "meter": MeterOptions,
    "scope": ScopeOptions,
    "fingerprint": FingerprintOptions,
    "series": SeriesOptions,
    "detect": DetectOptions,
    "explain": ExplainOptions,
}
PARTS = {"pass": PassOptions, "retention": RetentionOptions, "health": HealthOptions}
KEYS = ("store", "state", "storage", "engine", "source", "watch", "alerts", "report", *STAGES, *PARTS)
DURATIONS = {"settle", "context", "history", "lasting", "ended_after", "stalled", "flows", "bins"}
"""Keys that take a width of time as people write it: 30s, 5m, 1h, 90d."""
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
FINE = 300.0
"""Width of the bins that are kept, seconds."""


def load(path: Path) -> MonitorOptions:
    """The options in a configuration file; relative paths in it are relative to it.

    Raises:
        UsageError: missing, not TOML, or with a key or value that means nothing; the message says where.
    """
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as fault:
        raise UsageError(f"cannot read {path}: {fault.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UsageError(f"{path}: {fault}") from None
    try:
        return parse(content, path.resolve().parent)
    except UsageError as fault:
        raise UsageError(f"{path}: {fault}") from None


def parse(content: Mapping[str, Any], base: Path) -> MonitorOptions:
    """The options that a parsed file stands for.

    Raises:
        UsageError: a key or value that means nothing.
    """
    for key in content:
        if key not in KEYS:
            raise UsageError.unknown("key", key, KEYS)
    store = content.get("store")
    if not isinstance(store, str) or not store:
        raise UsageError('no store: write store = "/var/lib/netwatch"')
    place = store if "://" in store else str(base / store)
    if "://" in place and "state" not in content:
        raise UsageError("a store behind a URL needs a local directory beside it: write state = ...")
    sources = {
        name: _anchored(bind(SourceOptions, _table(table, f"source.{name}"), f"source.{name}", base), base)
        for name, table in _table(content.get("source", {}), "source").items()
    }
    engine = checked_engine(_plain([str], content.get("engine", EMBEDDED), "engine"))
    for name, source in sources.items():
        if is_url(source.path) and engine != EMBEDDED:
            raise UsageError(f"[source.{name}]: what lies behind a URL is copied to one machine: no engine {engine}")
    if not sources:
        raise UsageError('no source: write [source.NAME] with path = "/var/spool/nfcapd"')
    stages: dict[str, Any] = {
        name: bind(kind, _table(content.get(name, {}), name), name, base) for name, kind in STAGES.items()
    }
    groups = _table(content.get("watch", {}), "watch")
    stages["scope"] = replace(stages["scope"], groups=groups)
    parts: dict[str, Any] = {
        name: bind(kind, _table(content.get(name, {}), name), name, base) for name, kind in PARTS.items()
    }
    if stages["series"].bin is not None:
        raise UsageError("[series] bin: what a monitor keeps has bins of five minutes and of an hour")
    stages["series"] = replace(stages["series"], bin=FINE)
    for name in stages["detect"].detectors:
        if name not in DETECTORS:
            raise UsageError(f"[detect] detectors: {UsageError.unknown('detector', name, DETECTORS)}")
    Clock.of(stages["detect"].timezone or "UTC")
    storage = _table(content.get("storage", {}), "storage")
    return MonitorOptions(
        store=place,
        state=base / str(content.get("state", store)),
        sources=sources,
        run=Options(**stages),
        passes=parts["pass"],
        retention=parts["retention"],
        health=parts["health"],
        reports={
            name: _report(bind(ReportOptions, _table(table, f"report.{name}"), f"report.{name}", base), name)
            for name, table in _table(content.get("report", {}), "report").items()
        },
        alerts=parse_alerts(_table(content.get("alerts", {}), "alerts"), base),
        storage={key: str(value) for key, value in storage.items()},
        engine=engine,
    )


def _report(asked: ReportOptions, name: str) -> ReportOptions:
    """The options of a report whose name makes a directory's and whose formats and sections exist."""
    from netwatch.report import FORMATS, SECTIONS

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise UsageError(f"[report.{name!r}]: letters, digits, - and _ make a name")
    for form in asked.formats:
        if form not in FORMATS:
            raise UsageError(f"[report.{name}] formats: {UsageError.unknown('report format', form, FORMATS)}")
    for section in asked.sections:
        if section not in SECTIONS:
            raise UsageError(f"[report.{name}] sections: {UsageError.unknown('section', section, SECTIONS)}")
    return asked


def bind(kind: type[T], table: Mapping[str, Any], where: str, base: Path) -> T:
    """A table as a dataclass of options, each value checked against the field's type.

    Raises:
        UsageError: a key that is no field, or a value of another type.
    """
    hints = get_type_hints(kind)
    known = {f.name: f for f in fields(kind) if f.name != "groups"}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise UsageError(f"[{where}]: {UsageError.unknown('key', key, known)}")
    for name, field in known.items():
        if name not in table and field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"[{where}]: {name} is missing")
    given = {key: _value(hints[key], value, f"[{where}] {key}", base) for key, value in table.items()}
    try:
        return kind(**given)
    except (TypeError, ValueError) as fault:
        raise UsageError(f"[{where}]: {fault}") from None


def _value(kind: Any, value: Any, where: str, base: Path) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        wanted = [k for k in inner if k is not NoneType]
        return _value(wanted[0], value, where, base) if len(wanted) == 1 else _plain(wanted, value, where)
    if origin is Literal:
        if value not in inner:
            raise UsageError(f"{where}: {UsageError.unknown('value', str(value), map(str, inner))}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise UsageError(f"{where}: a list is needed, not {value!r}")
        return tuple(_value(inner[0], one, where, base) for one in value)
    if kind is Path:
        return base / _plain([str], value, where)
    if kind is float and isinstance(value, str) and where.rpartition(" ")[2] in DURATIONS:
        return _seconds(value, where)
    if kind is float:
        return float(_plain([int, float], value, where))
    return _plain([kind], value, where)


def _plain(kinds: list[Any], value: Any, where: str) -> Any:
    if not isinstance(value, tuple(kinds)) or (isinstance(value, bool) and bool not in kinds):
        names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
        needed = " or ".join(names.get(k, str(k)) for k in kinds)
        raise UsageError(f"{where}: {needed} is needed, not {value!r}")
    return value


def _seconds(text: str, where: str) -> float:
    number, unit = text[:-1], text[-1:]
    if unit not in _SECONDS or not number.isdecimal():
        raise UsageError(f"{where}: not a width of time: {text!r} (write 30s, 5m, 1h or 90d)")
    return int(number) * _SECONDS[unit]


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"[{where}]: a table is needed, not {value!r}")
    return value


def _anchored(source: SourceOptions, base: Path) -> SourceOptions:
    return source if is_url(source.path) else replace(source, path=str(base / source.path))
