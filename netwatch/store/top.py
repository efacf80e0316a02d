"""Flows grouped and ranked: who moved most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netwatch.errors import UsageError
from netwatch.store.keys import Key, keyed

COUNTERS = ("octets", "packets", "flows")


@dataclass(frozen=True, slots=True)
class Group:
    """Flows that share ``key`` (a text per grouped column); counters are sampling-corrected, of both directions."""

    key: tuple[str, ...]
    octets: int
    packets: int
    flows: int


def measured(table: Any) -> Any:
    """The Ibis table with ``octets`` and ``packets`` of both directions, sampling corrected.

    They are float64, exact up to 2^53: sums of what broken exporters tell do not fit integers.
    """
    interval = table.sampling_packet_interval.cast("float64")
    return table.mutate(
        octets=(table.octet_delta_count + table.reverse_octet_delta_count) * interval,
        packets=(table.packet_delta_count + table.reverse_packet_delta_count) * interval,
    )


def ranked(table: Any, counter: str, then: Sequence[str]) -> Any:
    """The flows with the most octets or packets first, ties and all of them without a counter in the order ``then``.

    Raises:
        UsageError: no such counter of a flow.
    """
    import ibis

    if not counter:
        return table.order_by(then)
    if counter not in ("octets", "packets"):
        raise UsageError.unknown("counter of a flow", counter, ("octets", "packets"))
    return measured(table).order_by([ibis.desc(counter), *then]).select(table.columns)


def top(table: Any, by: Sequence[Key], counter: str = "octets", limit: int | None = 20) -> list[Group]:
    """The groups of a table with the most octets, packets or flows; ties in order of their key.

    Raises:
        UsageError: no such counter, or the table lacks a column.
    """
    rows = largest(table, by, counter, limit).to_pyarrow()
    keys = [key.texts(rows.column(key.name)) for key in by]
    counts = [[int(value) for value in rows.column(name).to_pylist()] for name in COUNTERS]
    return [Group(key, *numbers) for key, *numbers in zip(zip(*keys, strict=True), *counts, strict=True)]


def largest(table: Any, by: Sequence[Key], counter: str, limit: int | None) -> Any:
    """The same as an Ibis table: the keys, ``octets``, ``packets`` and ``flows``.

    Raises:
        UsageError: no such counter, or the table lacks a column.
    """
    import ibis

    if counter not in COUNTERS:
        raise UsageError.unknown("counter", counter, COUNTERS)
    names = [key.name for key in by]
    ranking = (
        keyed(measured(table), by)
        .group_by(names)
        .agg(octets=ibis._.octets.sum(), packets=ibis._.packets.sum(), flows=ibis._.count())
        .order_by([ibis.desc(counter), *names])
    )
    return ranking.limit(limit) if limit is not None else ranking
