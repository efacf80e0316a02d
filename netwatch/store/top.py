"""Flows grouped and ranked: who moved most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from netwatch.errors import UsageError
from netwatch.model.address import from_octets, texts
from netwatch.model.elements import Direction, Role
from netwatch.model.taxonomy import CLASSES
from netwatch.store.filter.primitives import PROTOCOLS

COUNTERS = ("octets", "packets", "flows")
_PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}
WORDS = {
    "src ip": "source_address", "dst ip": "destination_address", "srcip": "source_address",
    "dstip": "destination_address", "src": "source_address", "dst": "destination_address",
    "src port": "source_transport_port", "dst port": "destination_transport_port", "srcport": "source_transport_port",
    "dstport": "destination_transport_port", "proto": "protocol_identifier", "protocol": "protocol_identifier",
    "srcas": "source_as", "dstas": "destination_as", "src as": "source_as", "dst as": "destination_as",
    "class": "traffic_class", "country": "destination_country", "exporter": "exporter_address",
    "upstream": "bgp_next_adjacent_as_number",
}  # fmt: skip
"""What people type for a column, beside the column's own name."""
GROUPABLE = (
    "source_address", "destination_address", "source_transport_port", "destination_transport_port",
    "protocol_identifier", "source_as", "destination_as", "source_country", "destination_country", "direction",
    "traffic_class", "role", "exporter_address", "bgp_next_adjacent_as_number", "next_hop_address", "vlan_id",
    "ingress_interface", "egress_interface", "ip_class_of_service", "sampling_packet_interval", "input",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Flows that share ``key`` (a text per grouped column); counters are sampling-corrected, of both directions."""

    key: tuple[str, ...]
    octets: int
    packets: int
    flows: int


def column_of(word: str, known: Sequence[str] = GROUPABLE) -> str:
    """The column that a typed word means.

    Raises:
        UsageError: no column is called that.
    """
    name = word.strip().lower()
    name = WORDS.get(name, name.replace("-", "_"))
    if name not in known:
        raise UsageError.unknown("column", word, {*known, *WORDS})
    return name


def measured(table: Any) -> Any:
    """The Ibis table with ``octets`` and ``packets`` of both directions and ``seen`` flows, sampling corrected."""
    interval = table.sampling_packet_interval
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


def top(table: Any, by: Sequence[str], counter: str = "octets", limit: int | None = 20) -> list[Group]:
    """The groups of a table with the most octets, packets or flows; ties in order of their key.

    ``by`` are column names (see :func:`column_of`).

    Raises:
        UsageError: no such column or counter.
    """
    import ibis

    if counter not in COUNTERS:
        raise UsageError.unknown("counter", counter, COUNTERS)
    columns = [column_of(word, [name for name in GROUPABLE if name in table.columns]) for word in by]
    grouped = (
        measured(table)
        .group_by(columns)
        .agg(octets=ibis._.octets.sum(), packets=ibis._.packets.sum(), flows=ibis._.count())
    )
    first = grouped.order_by([ibis.desc(counter), *columns])
    rows = (first.limit(limit) if limit is not None else first).to_pyarrow()
    keys = [as_text(name, rows.column(name)) for name in columns]
    counts = [[int(value) for value in rows.column(name).to_pylist()] for name in COUNTERS]
    return [Group(key, *numbers) for key, *numbers in zip(zip(*keys, strict=True), *counts, strict=True)]


def as_text(name: str, column: pa.ChunkedArray) -> list[str]:
    """A stored column as people read it: addresses, AS numbers, protocol, class, direction and role by name."""
    if name.endswith("_address"):
        octets = np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, 16)
        return texts(from_octets(octets))
    values = column.to_pylist()
    if name in ("source_as", "destination_as", "bgp_next_adjacent_as_number"):
        return [f"AS{value}" if value else "unknown" for value in values]
    if name.endswith("_country"):
        return [value.to_bytes(2, "big").decode("ascii", "replace") if value else "unknown" for value in values]
    if name == "protocol_identifier":
        return [_PROTOCOL_NAMES.get(value, str(value)) for value in values]
    named = {"traffic_class": CLASSES, "direction": Direction.names, "role": Role.names}.get(name)
    return [named[value] for value in values] if named else [str(value) for value in values]
