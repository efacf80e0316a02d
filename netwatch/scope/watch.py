"""Watch lists: named groups of AS numbers, prefixes and countries, each valid from and until a date.

As a file::

    [group.office]
    asn = ["AS64496", 64497]
    prefix = ["192.0.2.0/24", { prefix = "2001:db8::/32", from = 2018-01-01, until = 2019-07-01 }]
    country = ["KP"]
    from = 2017-01-01     # for every row of the group that has no dates of its own; until is exclusive
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netwatch.errors import UsageError
from netwatch.model.prefix import Prefix
from netwatch.model.text import day
from netwatch.scope.options import ScopeOptions

ALWAYS = -(1 << 63)
NEVER = (1 << 63) - 1
_KINDS = ("asn", "prefix", "country")
_GROUP_LIMIT = 65_000


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a group: ``kind`` is asn, prefix or country; valid in ``[since, until)``, ns UTC."""

    kind: str
    value: int | Prefix
    since: int = ALWAYS
    until: int = NEVER

    def __str__(self) -> str:
        if self.kind == "asn":
            return f"AS{self.value}"
        if isinstance(self.value, Prefix):
            return str(self.value)
        return self.value.to_bytes(2, "big").decode("ascii")

    def as_json(self) -> dict[str, str | None]:
        """The row in JSON-ready values; an open end is None."""
        return {
            "kind": self.kind,
            "value": str(self),
            "from": None if self.since == ALWAYS else day(self.since),
            "until": None if self.until == NEVER else day(self.until),
        }


@dataclass(frozen=True, slots=True)
class Group:
    """A named part of what is watched."""

    name: str
    members: tuple[Member, ...]


def parse_asn(written: str | int) -> int:
    """An AS number: ``AS131279``, ``131279`` or asdot ``2.207`` (RFC 5396).

    Raises:
        UsageError: not an AS number.
    """
    text = str(written).strip()
    match = re.fullmatch(r"(?i:as)?\s*(?:(\d{1,5})\.(\d{1,5})|(\d{1,10}))", text, re.ASCII)
    if match is None:
        raise UsageError(f"not an AS number: {text!r}; write it as AS131279")
    high, low, plain = match.groups()
    if plain is None and (int(high) > 65535 or int(low) > 65535):
        raise UsageError(f"not an AS number: {text!r}; each half of asdot is at most 65535")
    number = int(plain) if plain is not None else int(high) << 16 | int(low)
    if not 0 < number < 1 << 32:
        raise UsageError(f"not an AS number: {text!r}; it lies between 1 and 4294967295")
    return number


def parse_country(written: str) -> int:
    """Two letters (ISO 3166-1) as a number, the first in the high octet.

    Raises:
        UsageError: not two letters.
    """
    text = written.strip().upper()
    if not re.fullmatch("[A-Z]{2}", text):
        raise UsageError(f"not a country: {written!r}; write its two letters (ISO 3166-1), such as KP")
    return int.from_bytes(text.encode(), "big")


def groups_of(options: ScopeOptions) -> list[Group]:
    """All groups asked for: the one of the options, named "scope", then those of the watch file.

    Raises:
        UsageError: something given is not what it should be, or the file cannot be read.
    """
    given = {"asn": options.asn, "prefix": options.prefix, "country": options.country}
    members = tuple(_member(kind, value) for kind, values in given.items() for value in values)
    groups = [Group("scope", members)] if members else []
    if options.watch is not None:
        groups += read_watch(options.watch)
    return groups + [_group(name, table, f"group {name!r}") for name, table in options.groups.items()]


def read_watch(path: Path) -> list[Group]:
    """The groups of a watch file in its order.

    Raises:
        UsageError: missing, not TOML, or with a key or value that means nothing.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UsageError(f"cannot read watch file {path}: {fault.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UsageError(f"watch file {path}: {fault}") from None
    _check_keys(content, ("group",), f"{path}")
    groups = content.get("group")
    if not isinstance(groups, dict) or not groups:
        raise UsageError(f"watch file {path}: no [group.NAME] in it")
    if len(groups) > _GROUP_LIMIT:
        raise UsageError(f"watch file {path}: more than {_GROUP_LIMIT:,} groups")
    return [_group(name, table, f"{path}: group {name!r}") for name, table in groups.items()]


def _group(name: str, table: object, where: str) -> Group:
    if not isinstance(table, dict):
        raise UsageError(f"watch file {where}: not a table")
    _check_keys(table, (*_KINDS, "from", "until"), where)
    span = _span(table, ALWAYS, NEVER, where)
    members: list[Member] = []
    for kind in _KINDS:
        values = table.get(kind, [])
        if not isinstance(values, list):
            raise UsageError(f"watch file {where}: {kind} is a list")
        members.extend(_row(kind, value, span, where) for value in values)
    if not members:
        raise UsageError(f"watch file {where}: no asn, prefix or country in it")
    return Group(name, tuple(members))


def _row(kind: str, value: object, span: tuple[int, int], where: str) -> Member:
    if isinstance(value, dict):
        _check_keys(value, (kind, "from", "until"), f"{where}: {kind}")
        if kind not in value:
            raise UsageError(f"watch file {where}: a row of {kind} without {kind!r}")
        span, value = _span(value, *span, where), value[kind]
    if not isinstance(value, str) and not (kind == "asn" and isinstance(value, int)):
        raise UsageError(f"watch file {where}: {kind} has a value that is none: {value!r}")
    return _member(kind, value, *span)


def _member(kind: str, value: str | int, since: int = ALWAYS, until: int = NEVER) -> Member:
    if kind == "asn":
        return Member(kind, parse_asn(value), since, until)
    return Member(kind, Prefix.parse(str(value)) if kind == "prefix" else parse_country(str(value)), since, until)


def _span(table: Mapping[str, Any], since: int, until: int, where: str) -> tuple[int, int]:
    since = _instant(table["from"], where) if "from" in table else since
    until = _instant(table["until"], where) if "until" in table else until
    if since >= until:
        raise UsageError(f"watch file {where}: 'from' is not before 'until'")
    return since, until


def _instant(value: object, where: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if isinstance(moment, dt.datetime):
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    elif isinstance(moment, dt.date):
        moment = dt.datetime(moment.year, moment.month, moment.day, tzinfo=dt.UTC)
    else:
        raise UsageError(f"watch file {where}: not a date: {value!r}")
    since = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def _check_keys(table: Mapping[str, object], known: Iterable[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"watch file {where}: {UsageError.unknown('key', key, known)}")
