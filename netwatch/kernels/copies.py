"""Packets that several captures of one time hold: told by what they say, whatever frame they were in.

A capture's packets are remembered by a hash of their Flow Key, identification, lengths, sequence number and flags, and
those alike are counted together. Of another capture as many count as copies as were remembered, at about the same time:
so packets that cannot be told apart are compared by their number.
"""

from __future__ import annotations

import numpy as np

from netwatch.kernels.flowtable import mixed
from netwatch.kernels.jit import inlined, kernel

NEAR = 1_000_000_000
"""ns by which the clocks of two captures may differ."""
ENTRY = np.dtype(
    [
        ("key", "u8"),
        ("first", "i8"),  # times of the first and last packet alike, ns
        ("last", "i8"),
        ("count", "u4"),  # packets alike in the owner's capture; 0 free
        ("used", "u4"),  # of these, how many had a copy in the reader's
        ("owner", "i4"),
        ("reader", "i4"),
    ],
    align=True,
)
USED, CROWDED, OCTETS = range(3)
"""Places of the state: entries in use, packets without room, octets of copies."""


@inlined
def _key(packet):  # type: ignore[no-untyped-def]
    """What two captures of a packet have in common: not its hop limit, its class of service, its links."""
    ports = np.uint64(packet.source_port) << np.uint64(16) | np.uint64(packet.destination_port)
    kinds = np.uint64(packet.tcp_flags) << np.uint64(40) | np.uint64(packet.protocol) << np.uint64(32)
    sizes = np.uint64(packet.ip_length) << np.uint64(32) | np.uint64(packet.payload_length)
    numbers = np.uint64(packet.tcp_sequence) << np.uint64(32) | np.uint64(packet.fragment_identification)
    ends = mixed(mixed(packet.source_high) + packet.source_low)
    ends = mixed(ends + mixed(mixed(packet.destination_high) + packet.destination_low))
    told = kinds | ports | np.uint64(packet.fragment) << np.uint64(60)
    return mixed(mixed(mixed(ends + told) + sizes) + numbers)


@inlined
def _place(table, key):  # type: ignore[no-untyped-def]
    """The slot of a key, or the free one where it would go."""
    mask = np.uint64(table.size - 1)
    slot = key & mask
    while table[slot].count != 0 and table[slot].key != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@inlined
def _begin(entry, key, time, input):  # type: ignore[no-untyped-def]
    entry.key, entry.first, entry.last = key, time, time
    entry.count, entry.used, entry.owner, entry.reader = 1, 0, input, -1


@kernel
def mark_copies(rows, input, since, table, state, copy):  # type: ignore[no-untyped-def]
    """Mark the packets of which another capture holds a copy, and remember the others.

    Args:
        rows: PACKET (n,).
        input: number of their capture.
        since: packets before it (ns) are not remembered.
        table: array of ENTRY, its size a power of two.
        state: int64 (3,), see USED; added to.
        copy: bool (n,), filled.

    Returns:
        copies found.

    """
    found = 0
    most = table.size // 4 * 3
    for i in range(rows.size):
        packet = rows[i]
        time = packet.time
        key = _key(packet)
        entry = table[_place(table, key)]
        copy[i] = False
        if entry.count == 0:
            if time < since:
                continue
            if state[USED] >= most:
                state[CROWDED] += 1
                continue
            _begin(entry, key, time, input)
            state[USED] += 1
        elif time > entry.last + NEAR or time < entry.first - NEAR:
            if time >= since:
                _begin(entry, key, time, input)
        elif entry.owner == input:
            entry.count += 1
            entry.first, entry.last = min(entry.first, time), max(entry.last, time)
        else:
            if entry.reader != input:
                entry.reader, entry.used = input, 0
            if entry.used < entry.count:
                entry.used += 1
                copy[i] = True
                found += 1
                state[OCTETS] += packet.ip_length
    return found


@kernel
def move(table, larger):  # type: ignore[no-untyped-def]
    """Put all entries into a larger table, which is zeroed."""
    for i in range(table.size):
        if table[i].count:
            larger[_place(larger, table[i].key)] = table[i]
