"""Floods from sources that are hardly ever seen, counted as they pass: memory does not follow the number of sources."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from netwatch.fingerprint.behaviour.halves import UDP, WINDOW_S
from netwatch.kernels.strangers import (
    ADDRESSES,
    NUMBERS,
    SOURCES,
    TARGETS,
    WORDS,
    Codes,
    Columns,
    Table,
    count_strangers,
)
from netwatch.model.address import to_octets
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows

PASSING = 65_535
"""In the column ``traffic_class`` until the flows are classified: counted here, so that no query need see them."""


COLUMNS = (
    "source_address", "destination_address", "source_transport_port", "destination_transport_port",
    "protocol_identifier", "packet_delta_count", "octet_delta_count", "reverse_packet_delta_count", "tcp_control_bits",
    "reverse_tcp_control_bits", "fragment_flags", "flow_start_nanoseconds", "flow_end_nanoseconds",
    "sampling_packet_interval", "direction", "input", "first_frame",
)  # fmt: skip
"""What the kernel looks at; writable, for it is compiled for one kind of array alone."""


class Strangers:
    """``mark`` every batch, then ``windows``: what flooded addresses were sent by strangers.

    ``reflecting``: UDP ports of services that answer in floods; what comes from these is not counted here.
    """

    def __init__(self, vectors: tuple[str, ...], reflecting: Sequence[int] = ()) -> None:
        names = ("syn", "synack", "rst", "ack", "fin", "udp", "quic")
        told = {name: vectors.index(name) for name in names}
        self._reflecting = np.isin(np.arange(1 << 16), reflecting)
        towards = {"inbound": int(Direction.INBOUND), "outbound": int(Direction.OUTBOUND)}
        self._codes = Codes(**told, window=WINDOW_S * 10**9, **towards)
        self._sources, self._addresses = np.zeros(SOURCES, np.uint8), np.zeros(ADDRESSES, np.uint32)
        self._table = Table(
            np.zeros((TARGETS, 4), np.uint64),
            np.zeros((TARGETS, len(NUMBERS)), np.int64),
            np.zeros((TARGETS, 2 * WORDS), np.uint64),
        )

    def mark(self, flows: Flows) -> Flows:
        """The flows with ``traffic_class``: PASSING for those that were counted here, else 0 (unknown)."""
        n = len(flows)
        answers = self._reflecting[flows["source_transport_port"]] & (flows["protocol_identifier"] == UDP)
        rows: Any = np.flatnonzero(~answers) if answers.any() else slice(None)
        direction = flows["direction"] if "direction" in flows else np.zeros(n, np.uint8)
        given = (direction[rows] if name == "direction" else flows[name][rows] for name in COLUMNS)
        columns = Columns(*(column if column.flags.writeable else column.copy() for column in given))
        counted = np.zeros(len(columns[0]), np.uint8)
        count_strangers(columns, self._sources, self._addresses, self._table, self._codes, counted)
        passing = np.zeros(n, np.uint8)
        passing[rows] = counted
        return flows.with_columns(traffic_class=np.where(passing, np.uint16(PASSING), np.uint16(0)))

    def any(self) -> bool:
        """Whether there were any."""
        return bool(self._table.numbers[:, NUMBERS.index("flows")].any())

    def windows(self) -> dict[str, Any]:
        """Columns as the query of the targets gives them; as many ``sources`` as flows, for hardly one came twice."""
        used = np.flatnonzero(self._table.numbers[:, NUMBERS.index("flows")])
        ends, ports = self._table.ends[used], self._table.ports[used]
        made: dict[str, Any] = {name: self._table.numbers[used, at] for at, name in enumerate(NUMBERS)}
        order = np.lexsort((made["window"], made["vector"], ends[:, 1], ends[:, 0]))
        made |= {name: made[name].astype(np.float64) for name in ("packets", "octets", "back")}
        made |= {f"{name}_us": made.pop(name) // 1000 for name in ("since", "until")}
        made |= {"receiver": to_octets(ends[:, :2]).reshape(-1, 16), "sender": to_octets(ends[:, 2:]).reshape(-1, 16)}
        made |= {"ports": _distinct(ports[:, :WORDS]), "source_ports": _distinct(ports[:, WORDS:])}
        made |= {"sources": made["flows"]} | dict.fromkeys(("port", "origin"), np.zeros(len(used), np.int64))
        made |= dict.fromkeys(("asking", "asking_octets", "refused", "heard"), np.zeros(len(used)))
        return {name: column[order] for name, column in made.items()}


def _distinct(words: np.ndarray) -> np.ndarray:
    """int64 (n,): how many were marked, by the share of bits that none has set."""
    whole = WORDS * 64
    octets = np.ascontiguousarray(words).view(np.uint8)
    empty = whole - np.unpackbits(octets, axis=1).sum(axis=1, dtype=np.int64)
    estimate = [round(whole * math.log(whole / max(1, int(free)))) for free in empty]
    return np.array(estimate, np.int64)
