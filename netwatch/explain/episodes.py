"""Floods as a dimension: which of the told floods a flow is part of, so that a level can be had without them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from netwatch.explain.dimensions import NO_FLOOD, own_address
from netwatch.model.address import pack
from netwatch.model.finding import Finding
from netwatch.model.taxonomy import CODE
from netwatch.model.text import instant

MOST = 9
"""Floods that are told apart, the largest; one split tells ten cells."""


def marked(flows: Any, threats: Sequence[Finding]) -> Any:
    """The Ibis table of stored flows with a column ``episode``: the name of a flood of ``threats``, or none."""
    import ibis

    floods = [f for f in threats if f.kind == "attack" and f.verdicts[0].class_id.startswith("dos.")]
    largest = sorted(floods, key=lambda f: (-sum(v.octets for v in f.verdicts), f.since, f.subject))[:MOST]
    cases = [(_within(flows, flood), name(flood)) for flood in largest]
    return flows.mutate(episode=ibis.cases(*cases, else_=NO_FLOOD) if cases else ibis.literal(NO_FLOOD))


def name(flood: Finding) -> str:
    """``SYN flood against 192.0.2.1, 2018-01-22 09:00``."""
    return f"{flood.title.partition(': ')[0]}, {instant(flood.since)[:16].replace('T', ' ')}"


def _within(flows: Any, flood: Finding) -> Any:
    classes = sorted({CODE[v.class_id] for v in flood.verdicts})
    last = flood.until if flood.until is not None else flood.since
    inside = (flows.flow_start <= _moment(last)) & (flows.flow_end >= _moment(flood.since))
    condition = flows.traffic_class.isin(classes) & inside
    try:
        high, low = pack(flood.subject)
    except ValueError:  # a prefix or a pair: class and time tell enough
        return condition
    return condition & (own_address(flows) == (high << 64 | low).to_bytes(16, "big").hex().upper())


def _moment(nanoseconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=nanoseconds // 1000)
