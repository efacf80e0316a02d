"""The table of open flows: a set-associative index over a pool of records.

A Flow Key hashes to one bucket of 16 entries (two adjacent cache lines), so that a look-up costs at most 16 steps
whatever keys an attacker chooses. An entry holds 32 bits of the hash and the slot of the record. Idle flows are found
by a hand that goes round the pool a few slots at a time (the clock of Corbató, 1968): four for every new flow, so that
the pool never grows past 4/3 of the flows that are open, and four for every 16 packets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.exchange import close_exchange
from netwatch.kernels.jit import inlined, kernel, part
from netwatch.kernels.memory import prefetch
from netwatch.kernels.pool import Pool, give

FLOW = np.dtype(
    [
        ("source_high", "u8"),
        ("source_low", "u8"),
        ("destination_high", "u8"),
        ("destination_low", "u8"),
        ("first", "i8"),
        ("last", "i8"),
        ("source_port", "u2"),
        ("destination_port", "u2"),
        ("protocol", "u1"),
        ("state", "u1"),  # bits below
        ("detail", "u1"),  # bits of model.elements.Detail
        ("fragments", "u1"),
        ("flags", "u2", 2),
        ("exchange", "i4"),  # slot in Exchanges, -1 none
        ("octets", "i8", 2),
        ("packets", "i8", 2),
        ("payload", "i8", 2),
        ("recent", "u4", 3),  # signatures of the last packets, to tell duplicates
        ("smallest", "u2"),
        ("largest", "u2"),
    ],
    align=True,
)
"""What every packet of a flow touches: two cache lines. Index 0 of a pair is the forward direction."""

ORIGIN = np.dtype(
    [
        ("hash", "u8"),
        ("frame", "i8"),
        ("input", "u4"),
        ("vlan", "u2"),
        ("class_of_service", "u1"),
        ("orientation", "u1"),
        ("reason", "u1"),
        ("turned", "u1"),  # its first packet went from destination to source
        ("carrier", "u2"),  # of its first packet
    ],
    align=True,
)
"""What is known at a flow's first packet, and why it ended."""

OPEN, FIN_FORWARD, FIN_REVERSE, RESET = 1, 2, 4, 8
FINS = FIN_FORWARD | FIN_REVERSE
IDLE, ACTIVE, END_OF_FLOW, FORCED, LACK = 1, 2, 3, 4, 5  # flowEndReason, IANA element 136

WAYS = 16
SWEEP = 4
REORDER = 2_000_000_000
"""ns that a packet may come late before the hand could have ended its flow."""

_COUNTS = (
    "now due hand victim open packets octets duplicates duplicate_octets backwards evicted orphans displaced unkept"
    " ended ended_exchanges ended_octets ended_pushes"
)
STATE = np.dtype([(name, "i8") for name in _COUNTS.split()])
"""What the meter carries from packet to packet: time, the hand, counts, and how full ``Ended`` is."""


class FlowTable(NamedTuple):
    """``flows`` FLOW and ``origins`` ORIGIN share slots with ``pool``; ``buckets`` uint64, 16 entries each.

    ``words`` are the flows seen as uint64, 16 of them each. ``state`` STATE (1,); ``seed`` of the hash.
    """

    flows: np.ndarray
    words: np.ndarray
    origins: np.ndarray
    buckets: np.ndarray
    pool: Pool
    state: np.ndarray
    seed: np.uint64


class Ended(NamedTuple):
    """Flows that ended and were not yet fetched; their ``exchange`` is a row of ``exchanges``."""

    flows: np.ndarray
    origins: np.ndarray
    exchanges: np.ndarray
    heads: np.ndarray
    pushes: np.ndarray


class Limits(NamedTuple):
    """Timeouts in ns, whether a duplicate is left out, and whether payload is looked at."""

    active: int
    idle: int
    linger: int
    dedupe: bool
    payload: bool


@inlined
def mixed(number):  # type: ignore[no-untyped-def]
    """Every bit of the result depends on every bit of a uint64 (finaliser of MurmurHash3, Appleby 2011)."""
    number ^= number >> np.uint64(33)
    number *= np.uint64(0xFF51AFD7ED558CCD)
    number ^= number >> np.uint64(33)
    number *= np.uint64(0xC4CEB9FE1A85EC53)
    return number ^ (number >> np.uint64(33))


@inlined
def hash_key(packet, source_port, destination_port, seed):  # type: ignore[no-untyped-def]
    """Hash of a Flow Key, the same for both directions."""
    odd = np.uint64(0x9E3779B97F4A7C15)
    turn = np.uint64(0xD6E8FEB86659FD93)
    a = mixed((packet.source_high + np.uint64(source_port)) * odd ^ packet.source_low ^ seed)
    b = mixed((packet.destination_high + np.uint64(destination_port)) * odd ^ packet.destination_low ^ seed)
    return (a + b + np.uint64(packet.protocol)) * turn ^ ((a ^ b) >> np.uint64(29))


@inlined
def bucket(hash, index):  # type: ignore[no-untyped-def]
    """Place of the first entry of the hash's bucket."""
    return np.int64(hash & np.uint64(index.size // WAYS - 1)) * WAYS


@inlined
def find(flows, index, hash, packet, source_port, destination_port):  # type: ignore[no-untyped-def]
    """2 * slot + direction of the flow that a packet belongs to, or -1."""
    at = bucket(hash, index)
    tag = hash >> np.uint64(32)
    for way in range(at, at + WAYS):
        entry = index[way]
        if entry == np.uint64(0):
            break
        if entry >> np.uint64(32) != tag:
            continue
        slot = np.int64(entry & np.uint64(0xFFFFFFFF)) - 1
        flow = flows[slot]
        if flow.protocol != packet.protocol:
            continue
        if (
            flow.source_low == packet.source_low
            and flow.destination_low == packet.destination_low
            and flow.source_port == source_port
            and flow.destination_port == destination_port
            and flow.source_high == packet.source_high
            and flow.destination_high == packet.destination_high
        ):
            return 2 * slot
        if (
            flow.source_low == packet.destination_low
            and flow.destination_low == packet.source_low
            and flow.source_port == destination_port
            and flow.destination_port == source_port
            and flow.source_high == packet.destination_high
            and flow.destination_high == packet.source_high
        ):
            return 2 * slot + 1
    return np.int64(-1)


@inlined
def enter(index, hash, slot):  # type: ignore[no-untyped-def]
    """Enter a slot under its hash; False where the bucket is full."""
    at = bucket(hash, index)
    for way in range(at, at + WAYS):
        if index[way] == np.uint64(0):
            index[way] = (hash >> np.uint64(32)) << np.uint64(32) | np.uint64(slot + 1)
            return True
    return False


@inlined
def leave(index, hash, slot):  # type: ignore[no-untyped-def]
    """Take a slot out of the index; the bucket's last entry fills the gap."""
    at = bucket(hash, index)
    gap = at
    while gap < at + WAYS - 1 and index[gap] & np.uint64(0xFFFFFFFF) != np.uint64(slot + 1):
        gap += 1
    last = gap
    while last < at + WAYS - 1 and index[last + 1] != np.uint64(0):
        last += 1
    index[gap] = index[last]
    index[last] = np.uint64(0)


@inlined
def is_closed(state):  # type: ignore[no-untyped-def]
    """Whether TCP ended the flow: a RST, or FINs of both sides."""
    return state & RESET != 0 or state & FINS == FINS


@inlined
def end_flow(table, exchanges, ended, slot, reason):  # type: ignore[no-untyped-def]
    """Move a flow from the table to ``ended``."""
    state = table.state[0]
    flow = table.flows[slot]
    origin = table.origins[slot]
    if flow.exchange >= 0:
        flow.exchange = close_exchange(exchanges, ended, state, flow.exchange)
    origin.reason = reason
    flow.state = 0
    ended.flows[state.ended] = flow
    ended.origins[state.ended] = origin
    state.ended += 1
    state.open -= 1
    leave(table.buckets, origin.hash, slot)
    give(table.pool, slot)


@inlined
def sweep(table, limits, spared, ending):  # type: ignore[no-untyped-def]
    """Look at the next few slots for flows that have been silent for too long; write them into ``ending``.

    The longest silent of the others becomes the next victim, should the pool be full. ``spared``: a slot left alone.
    """
    state = table.state[0]
    high = table.pool.level[1]
    count = 0
    oldest = np.int64(-1)
    for _ in range(min(SWEEP, high)):
        state.hand = state.hand + 1 if state.hand + 1 < high else 0
        flow = table.flows[state.hand]
        if flow.state & OPEN == 0 or state.hand == spared:
            continue
        closed = is_closed(flow.state)
        if abs(state.now - flow.last) - REORDER > (limits.linger if closed else limits.idle):
            ending[count] = 2 * state.hand + closed
            count += 1
        elif oldest < 0 or flow.last < table.flows[oldest].last:
            oldest = state.hand
    if oldest >= 0:
        state.victim = oldest
        prefetch(table.buckets, bucket(table.origins[oldest].hash, table.buckets))
    return count


@part
def evict_from_bucket(table, exchanges, ended, hash):  # type: ignore[no-untyped-def]
    """End the longest silent flow of a full bucket."""
    at = bucket(hash, table.buckets)
    victim = np.int64(-1)
    for way in range(at, at + WAYS):
        slot = np.int64(table.buckets[way] & np.uint64(0xFFFFFFFF)) - 1
        if victim < 0 or table.flows[slot].last < table.flows[victim].last:
            victim = slot
    table.state[0].evicted += 1
    end_flow(table, exchanges, ended, victim, LACK)


@kernel
def reindex(flows, origins, used, index):  # type: ignore[no-untyped-def]
    """Enter the open flows among the first ``used`` slots into an empty, larger index."""
    for slot in range(used):
        if flows[slot].state & OPEN:
            enter(index, origins[slot].hash, slot)
