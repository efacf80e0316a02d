"""Stored flows for the tests of explain, made from lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from netwatch.model.address import pack
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows
from netwatch.store import FlowStore

SECOND = 10**9
DAY = 86_400 * SECOND


def flows_of(rows: list[dict[str, Any]]) -> Flows:
    """Flows from dicts of column values; addresses as text, times in ns; classified and scoped by default."""
    defaults = {
        "source_address": "10.0.0.1", "destination_address": "198.51.100.1", "destination_transport_port": 443,
        "protocol_identifier": 6, "orientation": 1, "sampling_packet_interval": 1, "direction": Direction.OUTBOUND,
        "watch": 0, "source_as": 64500, "destination_as": 64501, "source_country": 0, "destination_country": 0,
        "application": 0, "traffic_class": 0, "role": 0, "octet_delta_count": 0, "reverse_octet_delta_count": 0,
        "packet_delta_count": 1, "bgp_next_adjacent_as_number": 0, "flow_start_nanoseconds": 0,
    }  # fmt: skip
    filled = [{**defaults, **row} for row in rows]
    for row in filled:
        row.setdefault("flow_end_nanoseconds", row["flow_start_nanoseconds"])
    columns = {}
    for name in dict.fromkeys(name for row in filled for name in row):
        values = [row[name] for row in filled]
        columns[name] = np.array([pack(v) if name.endswith("_address") else v for v in values])
    return Flows(columns)


@contextmanager
def stored(rows: list[dict[str, Any]]) -> Iterator[Any]:
    """The flows as the Ibis table that the store gives."""
    with FlowStore.scratch() as store:
        store.append(flows_of(rows))
        store.flush()
        yield store.table
