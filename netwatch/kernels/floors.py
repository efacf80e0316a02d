"""Counts of half flows by key in fixed memory: whether enough of any key came, before a query is asked who it is.

A key has a counter of its own while there is room; one that finds none shares another's, so that a count may be too
high and is never too low (as in a multistage filter: Estan and Varghese, SIGCOMM 2002).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.flowtable import mixed
from netwatch.kernels.jit import inlined, kernel

TCP, MAPPED = 6, 0xFFFF
MANNERS = 1024
"""Of a half: twice the TCP flags, or 512 and twice the protocol; one more where nothing came the other way."""
SENDER, RECEIVER, PORT, NETWORK, PROTOCOL = 1, 2, 4, 8, 16
"""Bits of what makes a key: NETWORK is the receiver's /24 (IPv6: /64)."""
HALVES, PACKETS, OCTETS, RECEIVERS = range(4)
"""What is counted."""
NEAR = 8
"""Places in which a key's counter may be: as many as a line of the processor's cache holds."""
MOST_COUNTED = 0xFFFF_FFFF
"""A counter stays there."""


class Columns(NamedTuple):
    """Columns of a batch of flows: addresses uint64 (n, 2), all others int64 (n,); ``start`` in microseconds."""

    source: np.ndarray
    destination: np.ndarray
    source_port: np.ndarray
    destination_port: np.ndarray
    protocol: np.ndarray
    flags: np.ndarray
    reverse_flags: np.ndarray
    packets: np.ndarray
    reverse_packets: np.ndarray
    octets: np.ndarray
    reverse_octets: np.ndarray
    interval: np.ndarray
    direction: np.ndarray
    start: np.ndarray


class Looks(NamedTuple):
    """What k kinds look at and count. Bit i of each int64 is the i-th kind's.

    ``manner`` int64 (MANNERS,), ``port`` int64 (65536,): of the receiver; ``direction`` int64 (5,): codes of
    ``model.elements.Direction`` as the sender sees them; ``portless`` int64 (1,): TCP without ports, whatever its
    flags. ``key``, ``counted`` int64 (k,); ``width`` int64 (k,): microseconds of a window, 0 for all time;
    ``least`` float64 (k,); ``marked`` int64 (k,): SENDER, RECEIVER or NETWORK.
    """

    manner: np.ndarray
    port: np.ndarray
    direction: np.ndarray
    portless: np.ndarray
    key: np.ndarray
    counted: np.ndarray
    width: np.ndarray
    least: np.ndarray
    marked: np.ndarray


class Marks(NamedTuple):
    """Whose floor was reached: ``ends`` uint64 (m, 2), ``what`` uint8 (m,): 1 an address, 2 the first address of a
    network, 0 nothing; m a power of two. ``number`` int64 (1,): how many there were, also when there was no more room.
    """

    ends: np.ndarray
    what: np.ndarray
    number: np.ndarray


@inlined
def _kinds(looks, protocol, flags, unanswered, ports, direction):  # type: ignore[no-untyped-def]
    """Bits of the kinds that count a half; ``ports``: the receiver's and the sender's."""
    manner = 2 * (flags & 255) if protocol == TCP else 512 + 2 * (protocol & 255)
    kinds = looks.manner[manner + unanswered]
    if protocol == TCP and ports[0] == 0 and ports[1] == 0:
        kinds |= looks.portless[0]
    return kinds & looks.port[ports[0] & 65535] & looks.direction[direction]


@inlined
def _key(looks, kind, protocol, sender, receiver, port, start):  # type: ignore[no-untyped-def]
    """Hash of what the kind counts by; ``sender`` and ``receiver`` are hashes, the latter also of the network."""
    parts = looks.key[kind]
    key = np.uint64(kind + 1)
    if parts & PROTOCOL:
        key = mixed(key ^ np.uint64(protocol))
    if parts & SENDER:
        key = mixed(key ^ sender)
    if parts & RECEIVER:
        key = mixed(key ^ (receiver[0] + np.uint64(1)))
    if parts & NETWORK:
        key = mixed(key ^ (receiver[1] + np.uint64(1)))
    if parts & PORT:
        key = mixed(key ^ np.uint64(port))
    if looks.width[kind]:
        key = mixed(key ^ np.uint64(start // looks.width[kind]))
    return key


@inlined
def _mapped(high, low):  # type: ignore[no-untyped-def]
    """Whether an address is IPv4."""
    return high == 0 and low >> np.uint64(32) == MAPPED


@inlined
def _network(high, low):  # type: ignore[no-untyped-def]
    """Hash of an address's network."""
    return mixed(high ^ mixed(low >> np.uint64(8))) if _mapped(high, low) else mixed(high)


@inlined
def _place(counters, kind, key):  # type: ignore[no-untyped-def]
    """Where a key is counted: in the first free of its places, or, for want of one, in one that is another key's; and
    whether it is its own.
    """
    last = counters.shape[1] - 1
    own = np.int64(key & np.uint64(last))
    line = own & ~np.int64(NEAR - 1)
    tag = key >> np.uint64(32) | np.uint64(1)
    for step in range(NEAR):
        at = line | ((own + step) & (NEAR - 1))
        if counters[kind, at] == 0:
            counters[kind, at] = tag << np.uint64(32)
        if counters[kind, at] >> np.uint64(32) == tag:
            return at, True
    return own, False


@inlined
def _counted(counters, kind, key, amount):  # type: ignore[no-untyped-def]
    """The key's count with ``amount`` added."""
    at, _ = _place(counters, kind, key)
    counter = counters[kind, at]
    number = min(float(counter & np.uint64(MOST_COUNTED)) + amount, float(MOST_COUNTED))
    counters[kind, at] = counter >> np.uint64(32) << np.uint64(32) | np.uint64(number)
    return number


@inlined
def _first(counters, kind, key):  # type: ignore[no-untyped-def]
    """Whether a key comes for the first time; one that has no place of its own always does."""
    at, own = _place(counters, kind, key)
    if own and counters[kind, at] & np.uint64(MOST_COUNTED) > 0:
        return False
    if own:
        counters[kind, at] += np.uint64(1)
    return True


@inlined
def _half(c, i, way):  # type: ignore[no-untyped-def]
    """Of one direction of a flow: packets, octets, packets the other way, flags, the receiver's and the sender's port,
    direction.
    """
    if way == 0:
        ports = c.destination_port[i], c.source_port[i]
        return c.packets[i], c.octets[i], c.reverse_packets[i], c.flags[i], ports, c.direction[i]
    ports = c.source_port[i], c.destination_port[i]
    turned = c.direction[i] in (1, 2)
    direction = 3 - c.direction[i] if turned else c.direction[i]
    return c.reverse_packets[i], c.reverse_octets[i], c.packets[i], c.reverse_flags[i], ports, direction


@inlined
def _mark(marks, what, high, low):  # type: ignore[no-untyped-def]
    """Keep an address or a network for which a floor was reached, once; for more than half of the room none is kept."""
    last = marks.ends.shape[0] - 1
    at = np.int64((mixed(high ^ mixed(low)) + np.uint64(what)) & np.uint64(last))
    for _ in range(last):
        if marks.what[at] == what and marks.ends[at, 0] == high and marks.ends[at, 1] == low:
            return
        if marks.what[at] == 0:
            break
        at = (at + 1) & last
    marks.number[0] += 1
    if marks.number[0] <= last // 2:
        marks.what[at], marks.ends[at, 0], marks.ends[at, 1] = what, high, low


@inlined
def _marked(marks, what, high, low):  # type: ignore[no-untyped-def]
    """Whether an address or a network was marked."""
    last = marks.ends.shape[0] - 1
    at = np.int64((mixed(high ^ mixed(low)) + np.uint64(what)) & np.uint64(last))
    for _ in range(last):
        if marks.what[at] == 0:
            return False
        if marks.what[at] == what and marks.ends[at, 0] == high and marks.ends[at, 1] == low:
            return True
        at = (at + 1) & last
    return False


@inlined
def _matters(marks, high, low):  # type: ignore[no-untyped-def]
    """Whether an address or its network was marked."""
    if _marked(marks, 1, high, low):
        return True
    if _mapped(high, low):
        return _marked(marks, 2, high, low >> np.uint64(8) << np.uint64(8))
    return _marked(marks, 2, high, np.uint64(0))


@kernel
def choose(source, destination, marks, chosen):  # type: ignore[no-untyped-def]
    """Set ``chosen`` uint8 (n,) where an end of a flow, or its network, was marked."""
    for i in range(chosen.shape[0]):
        chosen[i] = _matters(marks, source[i, 0], source[i, 1]) or _matters(marks, destination[i, 0], destination[i, 1])


@inlined
def _reach(marks, what, c, i, way):  # type: ignore[no-untyped-def]
    """Mark what a kind looks at of the half's two ends."""
    from_source = (what == SENDER) == (way == 0)
    high = c.source[i, 0] if from_source else c.destination[i, 0]
    low = c.source[i, 1] if from_source else c.destination[i, 1]
    if what != NETWORK:
        _mark(marks, 1, high, low)
    elif _mapped(high, low):
        _mark(marks, 2, high, low >> np.uint64(8) << np.uint64(8))
    else:
        _mark(marks, 2, high, np.uint64(0))


@kernel
def count_halves(c, looks, counters, marks, found):  # type: ignore[no-untyped-def]
    """``found``, and bits of the further kinds of which some key has come to its least, so far as these flows bring it.

    ``counters`` uint64 (kinds, a power of two, 8 at least): 32 bits of a key, which are not 0, and its count; 0 where
    there is none. When more was to be marked than there is room for, kinds in ``found`` are not looked at any more.
    """
    for i in range(c.protocol.shape[0]):
        a = mixed(c.source[i, 0] ^ mixed(c.source[i, 1]))
        b = mixed(c.destination[i, 0] ^ mixed(c.destination[i, 1]))
        full = marks.number[0] > marks.what.shape[0] // 2
        for way in range(2):
            packets, octets, back, flags, ports, direction = _half(c, i, way)
            if packets <= 0:
                continue
            kinds = _kinds(looks, c.protocol[i], flags, 1 if back <= 0 else 0, ports, direction)
            if full:
                kinds &= ~found
            if kinds == 0:
                continue
            if way == 0:
                sender, receiver = a, (b, _network(c.destination[i, 0], c.destination[i, 1]))
            else:
                sender, receiver = b, (a, _network(c.source[i, 0], c.source[i, 1]))
            for kind in range(looks.key.shape[0]):
                if (kinds >> kind) & 1 == 0:
                    continue
                key = _key(looks, kind, c.protocol[i], sender, receiver, ports[0], c.start[i])
                amount = 1.0
                if looks.counted[kind] == PACKETS:
                    amount = float(packets) * float(c.interval[i])
                elif looks.counted[kind] == OCTETS:
                    amount = float(octets) * float(c.interval[i])
                elif looks.counted[kind] == RECEIVERS and not _first(counters, kind, mixed(key ^ receiver[0])):
                    continue
                if _counted(counters, kind, key, amount) >= looks.least[kind]:
                    found |= 1 << kind
                    _reach(marks, looks.marked[kind], c, i, way)
    return found
