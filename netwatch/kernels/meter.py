"""The Metering Process: packets to biflows (RFC 7011 section 2, RFC 5103)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.biflow import (
    ICMP,
    ICMPV6,
    count,
    is_duplicate,
    orient,
    reason_to_end,
    request_of,
    start_flow,
)
from netwatch.kernels.exchange import HEAD, PUSHES, add_payload, open_exchange
from netwatch.kernels.flowtable import (
    ACTIVE,
    END_OF_FLOW,
    FORCED,
    IDLE,
    LACK,
    OPEN,
    SWEEP,
    WAYS,
    bucket,
    end_flow,
    enter,
    evict_from_bucket,
    find,
    hash_key,
    is_closed,
    mixed,
    sweep,
)
from netwatch.kernels.fragments import recall, remember
from netwatch.kernels.jit import inlined, kernel, part
from netwatch.kernels.memory import prefetch
from netwatch.kernels.pool import take

BLOCK = 64
AHEAD = 16
"""Packets whose records are asked for ahead of use."""
ROOM = 8
"""Flows that one packet can end at most (a sweep, a split, two evictions, one spare)."""
FILL = 4
"""Open flows per bucket of 16 at which a larger index is asked for."""
DUPLICATES = 16  # model.elements.Detail


class Batch(NamedTuple):
    """Packets to be added: PACKET rows from ``start``, octets and index of their input.

    ``largest_index``: size of the index beyond which none is asked for.
    """

    rows: np.ndarray
    octets: np.ndarray
    input: int
    start: int
    largest_index: int


class Scratch(NamedTuple):
    """Of one block: hash uint64, ports uint16, slot int64; ``ending`` int64: flows that a sweep found."""

    hash: np.ndarray
    source_port: np.ndarray
    destination_port: np.ndarray
    slot: np.ndarray
    ending: np.ndarray

    @classmethod
    def empty(cls) -> Scratch:
        """Room for one block."""
        ports = (np.zeros(BLOCK, np.uint16), np.zeros(BLOCK, np.uint16))
        return cls(np.zeros(BLOCK, np.uint64), *ports, np.zeros(BLOCK, np.int64), np.zeros(SWEEP, np.int64))


@inlined
def look_ahead(packets, start, stop, table, exchanges, scratch, payload):  # type: ignore[no-untyped-def]
    """Hash a block of packets and ask for the memory that they will need, one level of indirection after another."""
    index = table.buckets
    rows = packets.rows
    for k in range(stop - start):
        packet = rows[start + k]
        source_port, destination_port = packet.source_port, packet.destination_port
        if packet.protocol == ICMP or packet.protocol == ICMPV6:
            # The key of a reply is that of its request, turned round.
            request = request_of(packet.protocol, destination_port >> 8)
            source_port = np.uint16(request << 8 if request >= 0 else 0)
            destination_port = np.uint16(0 if request >= 0 else destination_port)
        hash = hash_key(packet, source_port, destination_port, table.seed)
        scratch.source_port[k], scratch.destination_port[k], scratch.hash[k] = source_port, destination_port, hash
        at = np.int64(hash & np.uint64(index.size // WAYS - 1)) * WAYS
        prefetch(index, at)
        if payload and packet.payload_length:
            prefetch(packets.octets, packet.payload_start)
    for k in range(stop - start):
        hash = scratch.hash[k]
        at = np.int64(hash & np.uint64(index.size // WAYS - 1)) * WAYS
        scratch.slot[k] = -1
        for way in range(at, at + WAYS):
            if index[way] >> np.uint64(32) == hash >> np.uint64(32):
                slot = np.int64(index[way] & np.uint64(0xFFFFFFFF)) - 1
                prefetch(table.words, 16 * slot)
                prefetch(table.words, 16 * slot + 8)
                scratch.slot[k] = slot
                break
            if index[way] == np.uint64(0):
                break
    for k in range(stop - start if payload else 0):
        if scratch.slot[k] >= 0 and rows[start + k].payload_length:
            exchange = table.flows[scratch.slot[k]].exchange
            if exchange >= 0:
                for line in range(3):
                    prefetch(exchanges.words, 24 * exchange + 8 * line)


@part
def ports_of_fragment(fragments, packet, scratch, k, table):  # type: ignore[no-untyped-def]
    """Remember the ports of a first fragment; give a later one those of its first, and the hash that goes with them."""
    state = table.state[0]
    datagram = hash_key(packet, np.uint16(0), np.uint16(0), table.seed) + mixed(
        np.uint64(packet.fragment_identification)
    )
    if packet.fragment == 1:
        state.displaced += remember(fragments, datagram, packet, scratch.source_port[k], scratch.destination_port[k])
        return
    at = recall(fragments, datagram, packet)
    if at < 0:
        state.orphans += 1
        scratch.source_port[k] = scratch.destination_port[k] = 0
    else:
        scratch.source_port[k] = fragments.datagrams[at].source_port
        scratch.destination_port[k] = fragments.datagrams[at].destination_port
    scratch.hash[k] = hash_key(packet, scratch.source_port[k], scratch.destination_port[k], table.seed)


@inlined
def has_room(state, ended):  # type: ignore[no-untyped-def]
    """Whether ``ended`` takes all that one more packet can end."""
    return (
        state.ended + ROOM <= ended.flows.size
        and state.ended_octets + ROOM * 2 * HEAD <= ended.heads.size
        and state.ended_pushes + ROOM * PUSHES <= ended.pushes.size
    )


@inlined
def make_room(table, exchanges, ended, limits, found, reason, ending):  # type: ignore[no-untyped-def]
    """End the flow that was found if there is a ``reason``, those that a due sweep finds, and one more if need be."""
    state = table.state[0]
    count = np.int64(0)
    # The victim of the sweep before: its place in the index, asked for then, has come by now.
    victim = state.victim
    if state.due > 0 or state.packets & 15 == 0:
        state.due = 0
        count = sweep(table, limits, found, ending)
    pool = table.pool
    short = found < 0 and count == 0 and pool.level[0] == 0 and pool.level[1] == pool.returned.size
    state.evicted += short
    total = count + (1 if reason or short else 0)
    for k in range(total):
        if k < count:
            slot, why = ending[k] >> 1, END_OF_FLOW if ending[k] & 1 else IDLE
        elif short:
            slot, why = victim, LACK
        else:
            slot, why = found, reason
        end_flow(table, exchanges, ended, slot, why)


@kernel
def meter_packets(packets, table, exchanges, fragments, ended, scratch, limits):  # type: ignore[no-untyped-def]
    """Add packets to their flows until all are in, ``ended`` is full or the index should grow.

    Args:
        packets: Batch: PACKET rows, the octets they point into, the index of their input, where to start.
        table: FlowTable, changed.
        exchanges: Exchanges, changed.
        fragments: Fragments, changed.
        ended: Ended, appended to (its fill is in ``table.state``).
        scratch: Scratch.
        limits: Limits.

    Returns:
        The number of the first row not yet added.

    """
    rows = packets.rows
    state = table.state[0]
    start = packets.start
    crowded = table.buckets.size // WAYS * FILL if table.buckets.size < packets.largest_index else table.flows.size + 1
    while start < rows.size:
        stop = min(start + BLOCK, rows.size)
        look_ahead(packets, start, stop, table, exchanges, scratch, limits.payload)
        for i in range(start, stop):
            if not has_room(state, ended) or state.open >= crowded:
                return i
            packet = rows[i]
            if packet.time < state.now and state.packets > 0:
                state.backwards += 1
            state.now = packet.time
            if packet.fragment:
                ports_of_fragment(fragments, packet, scratch, i - start, table)
            hash = scratch.hash[i - start]
            ports = scratch.source_port[i - start], scratch.destination_port[i - start]
            found = find(table.flows, table.buckets, hash, packet, ports[0], ports[1])
            slot, direction = found >> 1, found & 1
            reason = 0 if found < 0 else reason_to_end(table.flows[slot], packet, limits)
            if found < 0 or reason or state.due or state.packets & 15 == 0:
                orientation = orient(packet, ports[0], ports[1])
                if reason == ACTIVE:
                    # The flow goes on under the same source and destination.
                    orientation = direction == 1, np.int64(table.origins[slot].orientation)
                make_room(table, exchanges, ended, limits, slot, reason, scratch.ending)
                if found < 0 or reason:
                    slot = np.int64(take(table.pool))
                    if not enter(table.buckets, hash, slot):
                        evict_from_bucket(table, exchanges, ended, hash)
                        enter(table.buckets, hash, slot)
                    start_flow(table, slot, packet, hash, ports, orientation, packets.input)
                    state.open += 1
                    state.due = 1
                    direction = np.int64(orientation[0])
            state.packets += 1
            state.octets += packet.ip_length
            flow = table.flows[slot]
            if is_duplicate(flow, packet, direction):
                flow.detail |= DUPLICATES
                state.duplicates += 1
                state.duplicate_octets += packet.ip_length
                if limits.dedupe:
                    continue
            if limits.payload and packet.payload_length:
                if flow.exchange < 0:
                    flow.exchange = open_exchange(exchanges)
                if flow.exchange < 0:
                    state.unkept += 1
                else:
                    add_payload(exchanges, flow.exchange, packet, direction, packets.octets, state)
            count(flow, packet, direction)
        start = stop
    return start


@kernel
def end_all(table, exchanges, ended, limits):  # type: ignore[no-untyped-def]
    """End the open flows, slot by slot, until none is left or ``ended`` is full; returns how many are left."""
    state = table.state[0]
    high = table.pool.level[1]
    state.hand = state.hand if state.hand < high else 0
    while state.open > 0 and has_room(state, ended):
        slot = state.hand
        state.hand = slot + 1 if slot + 1 < high else 0
        flow = table.flows[slot]
        prefetch(table.buckets, bucket(table.origins[(slot + AHEAD) % high].hash, table.buckets))
        if flow.state & OPEN:
            reason = FORCED
            if is_closed(flow.state):
                reason = END_OF_FLOW
            elif abs(state.now - flow.last) > limits.idle:
                reason = IDLE
            end_flow(table, exchanges, ended, slot, reason)
    return state.open
