"""Flow records of strangers: what a flooded address is sent by sources that are hardly ever seen, counted at once.

A spoofed flood has as many sources as packets. Kept by source they would fill any memory and every table; here each is
added to its target's counters when it passes, and only a counting filter remembers the source (Fan et al., Summary
Cache, 2000). All memory is fixed beforehand; a target for which there is no room is left to be counted otherwise, and
so is a source that falls together with others: one in 30 of five million.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.flowtable import mixed
from netwatch.kernels.jit import inlined, kernel

KNOWN = 3
"""Flows of one source from which it is no stranger."""
FLOODED = 1_000
"""Flows of strangers to one address from which it is taken to be flooded."""
LASTING = 3
"""Packets of a stranger's flow, at most, in either direction."""
SOURCES, ADDRESSES, TARGETS, WORDS = 1 << 24, 1 << 16, 1 << 12, 16
"""Counters of sources and of addresses sent to; targets by manner and window; words whose bits count distinct ports."""
_CONTROL, _SYN, _ACK, _RST, _FIN, _PSH = 23, 2, 16, 4, 1, 8
_ODD = np.uint64(0x9E3779B97F4A7C15)

NUMBERS = (
    "vector", "protocol", "window", "service", "packets", "octets", "back", "flows", "inbound", "outbound", "scoped",
    "since", "until", "interval", "input", "first_frame",
)  # fmt: skip
"""Columns of ``Table.numbers``."""
_VECTOR, _PROTOCOL, _WINDOW, _SERVICE, _PACKETS, _OCTETS, _BACK, _FLOWS = range(8)
_INBOUND, _OUTBOUND, _SCOPED, _SINCE, _UNTIL, _INTERVAL, _INPUT, _FRAME = range(8, 16)


class Table(NamedTuple):
    """What addresses were sent by strangers, a row for each address, manner and window; unused where flows are 0.

    ``ends`` uint64 (TARGETS, 4): receiver and the first sender; ``numbers`` int64 (TARGETS, 16), see NUMBERS;
    ``ports`` uint64 (TARGETS, 2 * WORDS): bits of the ports sent to, then of those sent from.
    """

    ends: np.ndarray
    numbers: np.ndarray
    ports: np.ndarray


class Columns(NamedTuple):
    """Columns of a batch that are looked at."""

    source: np.ndarray
    destination: np.ndarray
    source_port: np.ndarray
    destination_port: np.ndarray
    protocol: np.ndarray
    packets: np.ndarray
    octets: np.ndarray
    back: np.ndarray
    flags: np.ndarray
    back_flags: np.ndarray
    fragments: np.ndarray
    start: np.ndarray
    end: np.ndarray
    interval: np.ndarray
    direction: np.ndarray
    input: np.ndarray
    first_frame: np.ndarray


class Codes(NamedTuple):
    """Codes of the manners of packets, and what the columns mean: the width of a window, and directions."""

    syn: int
    synack: int
    rst: int
    ack: int
    fin: int
    udp: int
    quic: int
    window: int
    inbound: int
    outbound: int


@inlined
def _manner(c, i, codes):  # type: ignore[no-untyped-def]
    """The code of the flow's packets, -1 where strangers' flows of this kind are not counted here."""
    if c.fragments[i]:
        return -1
    if c.protocol[i] == 17:
        if c.back[i] or c.source_port[i] < 1024:
            return -1
        return codes.quic if c.destination_port[i] == 443 else codes.udp
    if c.protocol[i] != 6:
        return -1
    control = c.flags[i] & _CONTROL
    if control in (_SYN, _SYN | _RST):
        return codes.syn
    if c.flags[i] & (_CONTROL | _PSH) == _SYN | _ACK:
        return codes.synack
    if control in (_RST, _RST | _ACK):
        return codes.rst
    if c.flags[i] & (_CONTROL | _PSH) == _ACK:
        return codes.ack
    if control in (_FIN, _FIN | _ACK):
        return codes.fin
    return -1


@inlined
def _found(table, c, i, vector, window):  # type: ignore[no-untyped-def]
    """The row of a target, made if need be; -1 where its neighbourhood is full."""
    hash_ = mixed(mixed(c.destination[i, 0] ^ mixed(c.destination[i, 1])) ^ np.uint64(window * 32 + vector))
    first = np.int64(hash_ & np.uint64(TARGETS - 1))
    for step in range(16):
        at = (first + step) & (TARGETS - 1)
        if table.numbers[at, _FLOWS] == 0:
            for half in range(2):
                table.ends[at, half], table.ends[at, half + 2] = c.destination[i, half], c.source[i, half]
            table.numbers[at, _VECTOR], table.numbers[at, _WINDOW] = vector, window
            table.numbers[at, _PROTOCOL], table.numbers[at, _SERVICE] = c.protocol[i], c.destination_port[i]
            table.numbers[at, _SINCE], table.numbers[at, _UNTIL] = c.start[i], c.end[i]
            table.numbers[at, _INPUT], table.numbers[at, _FRAME] = c.input[i], c.first_frame[i]
            return at
        same = table.ends[at, 0] == c.destination[i, 0] and table.ends[at, 1] == c.destination[i, 1]
        if same and table.numbers[at, _WINDOW] == window and table.numbers[at, _VECTOR] == vector:
            return at
    return -1


@inlined
def _mark(words, at, first, port):  # type: ignore[no-untyped-def]
    """Set the bit of a port in the words from ``first`` on (linear counting, Whang et al. 1990)."""
    bit = mixed(np.uint64(port) + _ODD)
    words[at, first + np.int64((bit >> np.uint64(6)) & np.uint64(WORDS - 1))] |= np.uint64(1) << (bit & np.uint64(63))


@inlined
def _add(table, c, i, at, vector, codes):  # type: ignore[no-untyped-def]
    """Add a flow to its target's row."""
    row, interval = table.numbers, np.int64(c.interval[i])
    row[at, _FLOWS] += 1
    row[at, _PACKETS] += c.packets[i] * interval
    row[at, _OCTETS] += c.octets[i] * interval
    if vector != codes.ack or not c.back_flags[i] & _RST:  # a reset says that there is no such connection
        row[at, _BACK] += c.back[i] * interval
    row[at, _INBOUND] += c.direction[i] == codes.inbound
    row[at, _OUTBOUND] += c.direction[i] == codes.outbound
    row[at, _SCOPED] += c.direction[i] != 0
    row[at, _UNTIL] = max(row[at, _UNTIL], c.end[i])
    row[at, _INTERVAL] = max(row[at, _INTERVAL], interval)
    if c.start[i] < row[at, _SINCE]:
        row[at, _SINCE], row[at, _INPUT], row[at, _FRAME] = c.start[i], np.int64(c.input[i]), c.first_frame[i]
    _mark(table.ports, at, 0, c.destination_port[i])
    _mark(table.ports, at, WORDS, c.source_port[i])


@kernel
def count_strangers(c, sources, addresses, table, codes, passing):  # type: ignore[no-untyped-def]
    """Flows of strangers to flooded addresses are added to ``table`` and marked in ``passing`` uint8 (n,).

    ``sources`` uint8 (SOURCES,), ``addresses`` uint32 (ADDRESSES,): flows of each source, up to KNOWN, and of strangers
    to each address, by hash.
    Flows are taken in order, so that the cut into batches changes nothing.
    """
    for i in range(c.packets.shape[0]):
        passing[i] = 0
        if c.packets[i] == 0:
            continue
        source = np.int64(mixed(c.source[i, 0] ^ mixed(c.source[i, 1])) & np.uint64(SOURCES - 1))
        if sources[source] >= KNOWN - 1:
            continue
        sources[source] += 1
        if c.packets[i] > LASTING or c.back[i] > LASTING:
            continue
        vector = _manner(c, i, codes)
        if vector < 0:
            continue
        address = np.int64(mixed(c.destination[i, 0] ^ mixed(c.destination[i, 1])) & np.uint64(ADDRESSES - 1))
        addresses[address] += 1
        if addresses[address] <= FLOODED:
            continue
        at = _found(table, c, i, vector, c.start[i] // codes.window)
        if at < 0:
            continue
        _add(table, c, i, at, vector, codes)
        passing[i] = 1
