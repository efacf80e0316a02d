"""Floors: what must have come of any one key before a kind of entity has a row, so that no query is asked in vain.

Of ordinary traffic most kinds have none. All floors are looked at in one scan of few columns, and a kind of which no
key reached its floor is not asked; what a floor lets through the kind's query then looks at closely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from netwatch.fingerprint.behaviour.halves import HALVED
from netwatch.fingerprint.queries import as_columns, count, stream
from netwatch.kernels.floors import (
    HALVES,
    MANNERS,
    MOST_COUNTED,
    NETWORK,
    OCTETS,
    PACKETS,
    PORT,
    PROTOCOL,
    RECEIVER,
    RECEIVERS,
    SENDER,
    Columns,
    Looks,
    Marks,
    choose,
    count_halves,
)
from netwatch.model.address import from_octets
from netwatch.model.elements import Direction

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

BATCH = 1 << 17
LEAST_SLOTS, MOST_SLOTS = 1 << 12, 1 << 23
"""Counters of a kind: two to four for each flow, within these; 64 MB at most."""
MOST_ENDS = 1 << 13
"""Addresses and networks that are marked; where there are more, all flows are taken."""
MOST_ROWS = 1 << 18
"""Flows that are taken out of the others; where more matter, all are taken."""
_KEYS = {"sender": SENDER, "receiver": RECEIVER, "port": PORT, "network": NETWORK, "protocol": PROTOCOL}
_COUNTED = {"halves": HALVES, "packets": PACKETS, "octets": OCTETS, "receivers": RECEIVERS}


class Manners(NamedTuple):
    """All that a half may be like, in columns: TCP with each set of flags, and (flags 0) each other protocol."""

    protocol: np.ndarray
    flags: np.ndarray
    unanswered: np.ndarray


def anything(manners: Manners) -> np.ndarray:
    """Halves of any manner."""
    return np.ones(len(manners.protocol), bool)


def only(*protocols: int) -> Callable[[Manners], np.ndarray]:
    """Halves of these protocols."""
    return lambda manners: np.isin(manners.protocol, protocols)


@dataclass(frozen=True, slots=True)
class Floor:
    """The ``least`` that some key (of "sender", "receiver", "protocol", and the receiver's "port" and "network") must
    come to, in "halves", different "receivers", or "packets" or "octets" corrected for sampling, in one window of so
    many ``seconds`` (0: ever).

    Counted may be more than the kind's query counts, never less. ``manner`` chooses among MANNERS; ``ports`` are those
    of the receiver and ``directions`` those of the half, None for all. ``portless``: TCP without ports as well.
    ``marks``: "sender", "receiver" or "network" of the receiver, such that the kind's query needs no flow but of those
    to and from whoever is marked; "" where it may need any.
    """

    least: float
    key: Sequence[str]
    of: str = "halves"
    seconds: int = 0
    manner: Callable[[Manners], np.ndarray] = anything
    ports: Sequence[int] | None = None
    directions: Sequence[int] | None = None
    marks: str = "sender"
    portless: bool = False


class Reached(NamedTuple):
    """``kinds``: names of the floors that some key reached; ``marks``: of the ends that flows have to be to or from to
    matter to those kinds, None where any flow may.
    """

    kinds: set[str]
    marks: Marks | None


def reached(flows: ibis.Table, floors: Sequence[tuple[str, Floor]]) -> Reached:
    """Which of the floors, each beside the name of its kind, the flows reach, and with whom."""
    looks = _looks([floor for _, floor in floors])
    slots = min(MOST_SLOTS, max(LEAST_SLOTS, 1 << (2 * count(flows)).bit_length()))
    counters = np.zeros((len(floors), slots), np.uint64)
    marks = Marks(np.zeros((2 * MOST_ENDS, 2), np.uint64), np.zeros(2 * MOST_ENDS, np.uint8), np.zeros(1, np.int64))
    found = 0
    for batch in stream(_counted, flows, BATCH):
        found = count_halves(_columns(as_columns(batch)), looks, counters, marks, found)
    there = [one for at, one in enumerate(floors) if found >> at & 1]
    known = marks.number[0] <= MOST_ENDS and all(floor.marks for _, floor in there)
    return Reached({kind for kind, _ in there}, marks if known else None)


def touched(flows: ibis.Table, marks: Marks) -> pa.Table | None:
    """The flows to or from what was marked, with the columns that halves are made of; None where they are many."""
    import pyarrow as pa

    parts, rows = [], 0
    for batch in stream(_halved, flows, BATCH):
        chosen = np.zeros(batch.num_rows, np.uint8)
        t = as_columns(batch.select(["source_address", "destination_address"]))
        choose(from_octets(t["source_address"]), from_octets(t["destination_address"]), marks, chosen)
        parts.append(batch.filter(pa.array(chosen.view(bool))))
        rows += parts[-1].num_rows
        if rows > MOST_ROWS:
            return None
    return pa.Table.from_batches(parts) if parts else None


def _halved(flows: ibis.Table) -> ibis.Table:
    """What halves are made of."""
    return flows.select([name for name in HALVED if name in flows.columns])


def _looks(floors: Sequence[Floor]) -> Looks:
    number = np.arange(MANNERS)
    tcp = number < MANNERS // 2
    manners = Manners(np.where(tcp, 6, number // 2 - 256), np.where(tcp, number // 2, 0), number % 2 == 1)
    other = ~tcp & (manners.protocol != 6)
    looks = Looks(
        np.zeros(MANNERS, np.int64), np.zeros(65536, np.int64), np.zeros(len(Direction.names), np.int64),
        np.zeros(1, np.int64), np.zeros(len(floors), np.int64), np.zeros(len(floors), np.int64),
        np.array([floor.seconds * 1_000_000 for floor in floors], np.int64),
        np.array([min(floor.least, MOST_COUNTED) for floor in floors], np.float64), np.zeros(len(floors), np.int64),
    )  # fmt: skip
    for at, floor in enumerate(floors):
        bit = 1 << at
        looks.manner[(tcp | other) & floor.manner(manners)] |= bit
        looks.port[slice(None) if floor.ports is None else list(floor.ports)] |= bit
        looks.direction[slice(None) if floor.directions is None else list(floor.directions)] |= bit
        looks.portless[0] |= bit * floor.portless
        looks.key[at] = sum(_KEYS[name] for name in floor.key)
        looks.counted[at] = _COUNTED[floor.of]
        looks.marked[at] = _KEYS[floor.marks or "sender"]
    return looks


def _columns(t: Mapping[str, np.ndarray]) -> Columns:
    ends = (from_octets(t[f"{end}_address"]) for end in ("source", "destination"))
    return Columns(*ends, *(t[name] for name in Columns._fields[2:]))


def _counted(flows: ibis.Table) -> ibis.Table:
    """What the kernel looks at."""
    import ibis

    numbers = {
        "source_port": flows.source_transport_port, "destination_port": flows.destination_transport_port,
        "protocol": flows.protocol_identifier, "flags": flows.tcp_control_bits,
        "reverse_flags": flows.reverse_tcp_control_bits, "packets": flows.packet_delta_count,
        "reverse_packets": flows.reverse_packet_delta_count, "octets": flows.octet_delta_count,
        "reverse_octets": flows.reverse_octet_delta_count, "interval": flows.sampling_packet_interval,
        "direction": flows.direction if "direction" in flows.columns else ibis.literal(int(Direction.OUTSIDE)),
    }  # fmt: skip
    start = flows.flow_start.delta(ibis.timestamp("1970-01-01 00:00:00"), unit="microsecond")
    columns = {name: number.cast("int64") for name, number in numbers.items()}
    return flows.select("source_address", "destination_address", **columns, start=start)
