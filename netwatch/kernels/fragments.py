"""Ports of fragmented datagrams: later fragments carry none, so those of the first are remembered for a while."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import part

DATAGRAM = np.dtype(
    [
        ("source_high", "u8"),
        ("source_low", "u8"),
        ("destination_high", "u8"),
        ("destination_low", "u8"),
        ("time", "i8"),
        ("identification", "u4"),
        ("source_port", "u2"),
        ("destination_port", "u2"),
        ("protocol", "u1"),
        ("used", "u1"),
    ],
    align=True,
)
WAYS = 4
LIFETIME = 30_000_000_000
"""ns that a datagram's ports are remembered: Linux's ipfrag_time, and within RFC 8200 section 4.5's 60 s."""


class Fragments(NamedTuple):
    """``datagrams`` DATAGRAM (2^k,): four places for each hash, the oldest given up first."""

    datagrams: np.ndarray


@part
def same(datagram, packet):  # type: ignore[no-untyped-def]
    """Whether a remembered datagram is the packet's."""
    return (
        datagram.used
        and datagram.identification == packet.fragment_identification
        and datagram.source_low == packet.source_low
        and datagram.destination_low == packet.destination_low
        and datagram.source_high == packet.source_high
        and datagram.destination_high == packet.destination_high
        and datagram.protocol == packet.protocol
    )


@part
def remember(fragments, hash, packet, source_port, destination_port):  # type: ignore[no-untyped-def]
    """Keep the ports of a first fragment; True where a datagram still alive had to make room."""
    datagrams = fragments.datagrams
    at = np.int64(hash & np.uint64(datagrams.size // WAYS - 1)) * WAYS
    place = np.int64(at)
    for way in range(at, at + WAYS):
        if same(datagrams[way], packet) or not datagrams[way].used:
            place = np.int64(way)
            break
        if datagrams[way].time < datagrams[place].time:
            place = np.int64(way)
    datagram = datagrams[place]
    displaced = datagram.used and not same(datagram, packet) and packet.time - datagram.time < LIFETIME
    datagram.source_high = packet.source_high
    datagram.source_low = packet.source_low
    datagram.destination_high = packet.destination_high
    datagram.destination_low = packet.destination_low
    datagram.time = packet.time
    datagram.identification = packet.fragment_identification
    datagram.source_port = source_port
    datagram.destination_port = destination_port
    datagram.protocol = packet.protocol
    datagram.used = 1
    return displaced


@part
def recall(fragments, hash, packet):  # type: ignore[no-untyped-def]
    """Index of the datagram that a later fragment belongs to, or -1."""
    datagrams = fragments.datagrams
    at = np.int64(hash & np.uint64(datagrams.size // WAYS - 1)) * WAYS
    for way in range(at, at + WAYS):
        if same(datagrams[way], packet) and abs(packet.time - datagrams[way].time) <= LIFETIME:
            return way
    return np.int64(-1)
