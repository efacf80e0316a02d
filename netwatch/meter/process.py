"""``Meter``: the Metering Process, a fold over packets that gives flows as they end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from netwatch.kernels.exchange import CHUNK, EXCHANGE, HEAD, PUSHES, Exchanges
from netwatch.kernels.flowtable import FLOW, ORIGIN, STATE, WAYS, Ended, FlowTable, Limits, reindex
from netwatch.kernels.fragments import DATAGRAM, Fragments
from netwatch.kernels.machine import Arguments
from netwatch.kernels.meter import FILL, Batch, Scratch, end_all, meter_packets
from netwatch.kernels.pool import Pool
from netwatch.meter.columns import carried, flows_of
from netwatch.meter.options import MeterOptions
from netwatch.model.flows import Flows
from netwatch.model.packets import PACKET, Packets
from netwatch.model.tally import Tally

FIRST_INDEX = 1 << 14
DATAGRAMS = 1 << 14
ENDED = 1 << 16
ENDED_HEADS = 16 << 20
ENDED_PUSHES = 1 << 18


class Meter:
    """Packets of one stream, however many inputs it comes in, to biflows.

    A flow ends (in packet time) after ``idle_timeout`` of silence, when it has lasted ``active_timeout``, some seconds
    after a RST or the FINs of both sides, when a new SYN follows a FIN or RST, or early for want of room. How packets
    are cut into batches makes no difference. Memory follows open flows, up to the limits of the options. Without
    ``payload`` nobody looks at what packets carry, and the flows' exchange tells of none.
    """

    def __init__(self, options: MeterOptions | None = None, *, payload: bool = True) -> None:
        self.options = options = options or MeterOptions()
        self._limits = Limits(
            active=round(options.active_timeout * 1e9),
            idle=round(options.idle_timeout * 1e9),
            linger=round(min(options.linger, options.idle_timeout) * 1e9),
            dedupe=options.dedupe,
            payload=payload,
        )
        self._largest_index = _power_of_two(options.max_flows * WAYS // FILL)
        self._state = np.zeros(1, STATE)
        self._carriers: dict[int, np.ndarray] = {}  # by input

    # Room is taken with the first packet: flow exports have none, and come in files by the thousand.

    @cached_property
    def _table(self) -> FlowTable:
        return _table(self.options, min(FIRST_INDEX, self._largest_index), self._state)

    @cached_property
    def _exchanges(self) -> Exchanges:
        return _exchanges(self.options)

    @cached_property
    def _ended(self) -> Ended:
        return Ended(
            np.zeros(ENDED, FLOW),
            np.zeros(ENDED, ORIGIN),
            np.zeros(ENDED, EXCHANGE),
            np.zeros(ENDED_HEADS, np.uint8),
            np.zeros(ENDED_PUSHES, np.int64),
        )

    @cached_property
    def _kept(self) -> tuple[Fragments, Scratch]:
        return Fragments(np.zeros(DATAGRAMS, DATAGRAM)), Scratch.empty()

    @cached_property
    def _room(self) -> Arguments:
        """What each call of the kernel is given besides packets, taken apart once."""
        fragments, scratch = self._kept
        return Arguments((self._table, self._exchanges, fragments, self._ended, scratch, self._limits))

    def add(self, packets: Packets, hold: int = 0) -> Flows:
        """Add packets; the Flow Records that ended meanwhile, in the order in which they ended.

        They may be held back, for a later call or the end, until there are at least ``hold`` of them.
        """
        parts: list[Flows] = []
        if packets.carriers is not None:
            self._carriers[packets.input] = packets.carriers
        rows = np.ascontiguousarray(packets.rows, PACKET).view()
        octets = np.ascontiguousarray(packets.octets, np.uint8).view()
        # Captures are often mapped read-only: one kind of array, one compilation.
        rows.flags.writeable = octets.flags.writeable = False
        start = 0
        while start < len(rows):
            batch = Batch(rows, octets, packets.input, start, self._largest_index)
            start = meter_packets(batch, self._room)
            if start < len(rows):
                self._grow()
                parts.append(self._fetch())
        if int(self._state["ended"][0]) >= hold:
            parts.append(self._fetch())
        return Flows.concatenate(parts)

    def drain(self) -> Iterator[Flows]:
        """End the flows still open and give them in batches of bounded size."""
        left = int(self._state["open"][0])
        while left:
            left = end_all(self._table, self._exchanges, self._ended, self._limits)
            yield self._fetch()
        if self._state["ended"][0]:
            yield self._fetch()

    def finish(self) -> Flows:
        """End the flows still open."""
        return Flows.concatenate(list(self.drain()))

    @property
    def tally(self) -> Tally:
        """What became of the packets: their number and layer-3 octets, and what is worth telling about them."""
        state = self._state[0]
        tally = Tally("meter", "packet")
        packets, octets = int(state["packets"]), int(state["octets"])
        if self.options.dedupe and state["duplicates"]:
            tally.drop("duplicate packet", int(state["duplicates"]), int(state["duplicate_octets"]))
            packets, octets = packets - int(state["duplicates"]), octets - int(state["duplicate_octets"])
        tally.keep(packets, octets)
        for name, note in _NOTES.items():
            if state[name]:
                tally.notes[note] = int(state[name])
        return tally

    def _grow(self) -> None:
        """Make the index four times as large where its buckets fill."""
        table = self._table
        size = len(table.buckets)
        if int(self._state["open"][0]) < size // WAYS * FILL or size >= self._largest_index:
            return
        index = np.zeros(min(4 * size, self._largest_index), np.uint64)
        reindex(table.flows, table.origins, int(table.pool.level[1]), index)
        self._table = table._replace(buckets=index)
        del self._room

    def _fetch(self) -> Flows:
        state = self._state
        flows = flows_of(self._ended, state[0])
        if self._carriers:
            flows = flows.with_columns(**carried(self._ended.origins[: len(flows)], self._carriers))
        for name in ("ended", "ended_exchanges", "ended_octets", "ended_pushes"):
            state[name] = 0
        return flows


_NOTES = {
    "duplicates": "duplicate packets",
    "backwards": "packets earlier than the one before",
    "evicted": "flows ended early, table full",
    "orphans": "fragments whose first was not seen",
    "displaced": "fragmented datagrams forgotten, too many at once",
    "unkept": "payloads not looked at, no room",
}


def _power_of_two(least: int) -> int:
    return max(WAYS, 1 << (least - 1).bit_length())


def _lines(count: int, dtype: np.dtype) -> np.ndarray:
    """``count`` zeroed records that begin on a cache line; memory is real only once it is used."""
    octets = np.zeros(count * dtype.itemsize + 64, np.uint8)
    skip = -octets.ctypes.data % 64
    return octets[skip : skip + count * dtype.itemsize].view(dtype)


def _table(options: MeterOptions, index: int, state: np.ndarray) -> FlowTable:
    flows = _lines(options.max_flows, FLOW)
    return FlowTable(
        flows=flows,
        words=flows.view(np.uint64),
        origins=np.zeros(options.max_flows, ORIGIN),
        buckets=np.zeros(index, np.uint64),
        pool=Pool.of(options.max_flows),
        state=state,
        seed=np.uint64(options.seed),
    )


def _exchanges(options: MeterOptions) -> Exchanges:
    chunks = max(options.max_head_octets // CHUNK, 1)
    pushes = max(options.max_exchanges // 4, 1)
    slots = _lines(options.max_exchanges, EXCHANGE)
    return Exchanges(
        slots=slots,
        words=slots.view(np.uint64),
        chunks=np.zeros(chunks * CHUNK, np.uint8),
        links=np.zeros(chunks, np.int32),
        push_times=np.zeros((pushes, PUSHES), np.int64),
        slot_pool=Pool.of(options.max_exchanges),
        chunk_pool=Pool.of(chunks),
        push_pool=Pool.of(pushes),
    )


if HEAD % CHUNK:
    raise AssertionError("a head is a whole number of chunks")
