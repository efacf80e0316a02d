"""The life of findings: new, ongoing, ended; acknowledged, muted and closed by people. Pure: no clock, no store.

A record is what is kept of a finding: a sighting's values, and ``life``, ``last`` (ns of the last trace of it),
``told`` (how often), ``told_severity``, ``told_weight``, ``reason``, ``by``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netwatch.model.finding import Severity
from netwatch.model.notice import FlowSample, Life, Notice

LOOKED_FOR = 2 * 86_400 * 10**9
"""Lasting changes are sought once a day of data is complete (ns): till then no trace of them means nothing."""
OPEN = (Life.NEW, Life.ONGOING, Life.ACKNOWLEDGED, Life.MUTED)
TOLD = ("title", "words", "figures", "verdicts")
"""What is told of a matter that lasts longer than a pass looks back: of the strongest part of it that was seen."""
_ORDER = [*Severity]
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """``now``: ns of the data, the end of the newest flow. ``said``: ns of the clock. ``quiet``: ns without a trace
    after which a finding has ended. ``growth``: ratio of weight at which an ongoing one is told again.
    """

    now: int
    said: int
    quiet: int
    growth: float


def advance(
    records: Iterable[Record], sightings: Sequence[Mapping[str, Any]], mutes: Sequence[Mapping[str, Any]], at: Moment
) -> tuple[list[Record], list[Notice]]:
    """The records that changed, and what is to be told; ``records``: those with ids of the sightings, and the open.

    The same sightings again change nothing and tell nothing.
    """
    known: dict[str, list[Record]] = {}
    for record in records:
        known.setdefault(record["id"], []).append(record)
    changed: dict[tuple[str, int], Record] = {}
    notices: list[Notice] = []
    for sighting in sightings:
        found = _match(known.get(sighting["id"], []), sighting, at)
        if found is not None and found["life"] == Life.ENDED:
            continue
        if found is not None and found["life"] == Life.CLOSED:
            # Dealt with, till it left no trace for so long that it would have ended.
            if (last := max(found["last"], _end(sighting, at))) > found["last"]:
                found["last"] = last
                changed[found["id"], found["since"]] = found
            continue
        record = found or {}
        if found is None:
            record = {**sighting, "life": Life.NEW, "last": 0, "told": 0, "told_severity": "", "told_weight": 0.0}
            known.setdefault(sighting["id"], []).append(record)
        _update(record, sighting, at)
        notices += _tell(record, mutes, at)
        changed[record["id"], record["since"]] = record
    for record in (r for group in known.values() for r in group):
        if record["life"] in OPEN and _over(record, at):
            silent = record["life"] in (Life.MUTED, Life.ACKNOWLEDGED) or record["until"] == record.get("told_until", 0)
            record["life"] = Life.ENDED
            record["until"] = record["until"] or record["last"]
            if not silent:
                notices.append(_notice(record, Life.ENDED, at))
            changed[record["id"], record["since"]] = record
    return list(changed.values()), notices


def _match(records: Sequence[Record], sighting: Mapping[str, Any], at: Moment) -> Record | None:
    """The record that a sighting belongs to: of a change one that began about then, else one that it overlaps."""
    for record in sorted(records, key=lambda r: abs(r["since"] - sighting["since"])):
        if sighting["slack"] is not None:
            if abs(record["since"] - sighting["since"]) <= max(sighting["slack"], record["slack"] or 0):
                return record
            continue
        slack = 0 if record["life"] == Life.ENDED else at.quiet
        if record["since"] - slack <= _end(sighting, at) and sighting["since"] <= record["last"] + slack:
            return record
    return None


def _end(sighting: Mapping[str, Any], at: Moment) -> int:
    return int(at.now if sighting["until"] is None else sighting["until"])


def _update(record: Record, sighting: Mapping[str, Any], at: Moment) -> None:
    since, last = record["since"], max(record["last"], _end(sighting, at))
    weight = max(record["weight"], sighting["weight"])
    flows, watch = record["flows"] or sighting["flows"], record["watch"] or sighting["watch"]
    severity = max(record["severity"], sighting["severity"], key=_rank)
    weaker = (_rank(sighting["severity"]), sighting["weight"]) < (_rank(record["severity"]), record["weight"])
    told = {name: record[name] for name in TOLD if name in record} if weaker and sighting["slack"] is None else {}
    record.update(sighting)
    record.update(told)
    record.update(since=since, last=last, weight=weight, flows=flows, watch=watch, severity=severity)
    if record["slack"] is None:
        record["until"] = None  # a verdict's end is only what was seen so far


def _tell(record: Record, mutes: Sequence[Mapping[str, Any]], at: Moment) -> list[Notice]:
    if any(covers(mute, record, at.said) for mute in mutes):
        record["life"] = Life.MUTED
        return []
    if record["life"] == Life.MUTED:
        record["life"] = Life.ONGOING if record["told"] else Life.NEW
    worse = bool(record["told_severity"]) and _rank(record["severity"]) > _rank(record["told_severity"])
    grown = record["told_weight"] > 0 and record["weight"] >= at.growth * record["told_weight"]
    if not record["told"]:
        return [_notice(record, Life.NEW, at)]
    if record["life"] != Life.ACKNOWLEDGED:
        record["life"] = Life.ONGOING
        return [_notice(record, Life.ONGOING, at)] if worse or grown else []
    return [_notice(record, Life.ONGOING, at)] if worse else []


def _rank(severity: str) -> int:
    return _ORDER.index(Severity(severity))


def _over(record: Record, at: Moment) -> bool:
    rare = LOOKED_FOR if record["slack"] is not None else 0
    return bool(at.now - record["last"] > at.quiet + rare)


def _notice(record: Record, life: Life, at: Moment) -> Notice:
    record["told"] += 1
    record["told_severity"], record["told_weight"] = record["severity"], record["weight"]
    record["told_until"] = record["until"] or 0
    return Notice(
        key=f"{record['id']}-{record['since']}-{record['told']}-{life}",
        id=record["id"],
        kind=record["kind"],
        life=life,
        severity=Severity(record["severity"]),
        title=record["title"],
        words=tuple(record["words"]),
        since=record["since"],
        until=record["until"],
        said=at.said,
        subject=record["subject"],
        watch=record["watch"],
        classes=tuple(record["classes"]),
        attack_techniques=tuple(record["attack_techniques"]),
        figures=record["figures"],
        flows=tuple(FlowSample(**flow) for flow in record["flows"]),
    )


def covers(mute: Mapping[str, Any], record: Mapping[str, Any], said: int) -> bool:
    """Whether a rule of silence holds for a record: every condition that it names is met, and it has not run out."""
    if mute.get("until") and said >= mute["until"]:
        return False
    if (name := mute.get("class")) and not any(c == name or c.startswith(f"{name}.") for c in _classes(record)):
        return False
    if mute.get("watch") and mute["watch"] != record["watch"]:
        return False
    if mute.get("port") and mute["port"] not in record["ports"]:
        return False
    if mute.get("source") and not _within([record["subject"]], mute["source"]):
        return False
    return not mute.get("destination") or _within(record["peers"], mute["destination"])


def _classes(record: Mapping[str, Any]) -> list[str]:
    return [*record["classes"], record["kind"]]


def _within(addresses: Sequence[str], network: str) -> bool:
    """Whether there are addresses and all lie within a network."""
    outer = ipaddress.ip_network(network, strict=False)
    for address in addresses:
        try:
            inner = ipaddress.ip_network(address, strict=False)
        except ValueError:
            return False
        if inner.version != outer.version or not inner.subnet_of(outer):  # type: ignore[arg-type]
            return False
    return bool(addresses)
