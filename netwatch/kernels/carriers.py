"""The outermost IP headers of tunnelled packets: each pair of addresses with its tunnel is numbered once an input."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel, part
from netwatch.kernels.load import be32, be64
from netwatch.kernels.stride import MAPPED

CARRIER = np.dtype(
    [
        ("source_high", "u8"),
        ("source_low", "u8"),
        ("destination_high", "u8"),
        ("destination_low", "u8"),
        ("identifier", "u4"),  # VNI, TEID, GRE key, ERSPAN session
        ("tunnel", "u1"),  # kernels.tunnel.TUNNELS
    ],
    align=True,
)
MOST = 65_535
"""Carriers of an input that are told apart; one less than a power of two."""


class Carriers(NamedTuple):
    """Hash table of carriers. ``rows``: CARRIER (MOST + 1,), number 0 none. ``used``: of rows, and refused for room."""

    slots: np.ndarray  # int32 (4 * (MOST + 1),), 0 free
    rows: np.ndarray
    used: np.ndarray  # int64 (2,)

    @classmethod
    def empty(cls) -> Carriers:
        """None known."""
        return cls(np.zeros(4 * (MOST + 1), np.int32), np.zeros(MOST + 1, CARRIER), np.zeros(2, np.int64))


@part
def _number(carriers, wanted):  # type: ignore[no-untyped-def]
    """Number of the carrier ``wanted``, a tuple in the order of CARRIER; 0 where there is no more room."""
    hash = np.uint64(0)
    for k in range(4):
        hash = (hash ^ wanted[k]) * np.uint64(0x9E3779B97F4A7C15)
        hash ^= hash >> np.uint64(29)
    hash = (hash ^ (np.uint64(wanted[4]) << np.uint64(8)) ^ np.uint64(wanted[5])) * np.uint64(0x9E3779B97F4A7C15)
    mask = np.uint64(carriers.slots.size - 1)
    slot = (hash ^ (hash >> np.uint64(31))) & mask
    while carriers.slots[slot]:
        row = carriers.rows[carriers.slots[slot]]
        if (
            row.source_low == wanted[1]
            and row.destination_low == wanted[3]
            and row.identifier == wanted[4]
            and row.tunnel == wanted[5]
            and row.source_high == wanted[0]
            and row.destination_high == wanted[2]
        ):
            return carriers.slots[slot]
        slot = (slot + np.uint64(1)) & mask
    if carriers.used[0] + 1 >= carriers.rows.size:
        carriers.used[1] += 1
        return np.int32(0)
    carriers.used[0] += 1
    number = np.int32(carriers.used[0])
    carriers.slots[slot] = number
    row = carriers.rows[number]
    row.source_high, row.source_low = wanted[0], wanted[1]
    row.destination_high, row.destination_low = wanted[2], wanted[3]
    row.identifier, row.tunnel = wanted[4], wanted[5]
    return number


@kernel
def number_carriers(octets, packets, carriers):  # type: ignore[no-untyped-def]
    """Put the number of its carrier into each tunnelled packet.

    Args:
        octets: uint8, what the packets lie in.
        packets: PACKET (n,), as decode leaves them: ``carrier`` is how far its outermost IP header lies before its
            payload.
        carriers: :class:`Carriers`, added to.

    """
    for i in range(packets.size):
        packet = packets[i]
        if packet.tunnel == 0 or packet.carrier == 0:
            packet.carrier = 0
            continue
        p = packet.payload_start - np.int64(packet.carrier)
        ident, tunnel = np.uint64(packet.tunnel_identifier), np.uint64(packet.tunnel)
        if octets[p] >> 4 == 4:
            source, destination = MAPPED | np.uint64(be32(octets, p + 12)), MAPPED | np.uint64(be32(octets, p + 16))
            wanted = (np.uint64(0), source, np.uint64(0), destination, ident, tunnel)
        else:
            source, destination = be64(octets, p + 16), be64(octets, p + 32)
            wanted = (be64(octets, p + 8), source, be64(octets, p + 24), destination, ident, tunnel)
        packet.carrier = _number(carriers, wanted)
