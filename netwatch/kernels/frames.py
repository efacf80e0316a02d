"""Walking the records of captures: where each frame lies, when it was seen, how long it was."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import kernel, part
from netwatch.kernels.load import be32, be64, le16, le32, le64

FRAME = np.dtype(
    [
        ("start", "i8"),  # of the frame in the octets walked
        ("time", "i8"),  # ns since 1970 UTC
        ("captured", "u4"),
        ("wire", "u4"),  # length on the wire
        ("detail", "u4"),  # of the status: EtherType or link type
        ("link", "u2"),  # LINKTYPE of tcpdump.org
        ("status", "u1"),  # 0, else why it was left out: see decode.REASONS
    ],
    align=True,
)
"""One frame of a capture, before and after decoding: 32 octets."""

RECORD_LIMIT = 1 << 24
"""Octets of one record; a larger length is held for corrupt (libpcap itself stops at 262,144)."""

FULL, SHORT, CORRUPT, BLOCK, JOINED = range(5)
"""How a walk ended: no room for more frames; octets end within a record; length impossible; a block for the caller;
the header of another capture of the kind."""

NO_INTERFACE, NO_LENGTH, BAD_TIME = 1, 2, 3
"""Statuses that a walk sets itself; the first three of decode.REASONS."""
LAST_SECOND = 9_223_372_035
"""Seconds since 1970 up to which int64 nanoseconds reach."""


@part
def _le32_or_be32(octets, i, swapped):  # type: ignore[no-untyped-def]
    return be32(octets, i) if swapped else le32(octets, i)


@kernel
def walk_pcap(octets, position, frames, layout):  # type: ignore[no-untyped-def]
    """Walk pcap records from ``position``.

    Args:
        octets: uint8 (n,), read-only.
        position: of the first record's header.
        frames: FRAME (m,), filled from 0.
        layout: int64 (6,): big-endian?, ns of one unit of the fraction, octets of the record header, LINKTYPE,
            1 where the two lengths may be exchanged (files before version 2.4), 2 where they are; the file's magic.

    Returns:
        (frames filled, position of the first record not taken, how it ended).

    """
    swapped, unit, header, link, exchanged = layout[0] != 0, layout[1], layout[2], layout[3], layout[4]
    size = octets.size
    n = 0
    while n < frames.size:
        if position + header > size:
            return n, position, SHORT
        captured = _le32_or_be32(octets, position + 8, swapped)
        wire = _le32_or_be32(octets, position + 12, swapped)
        if captured == 0 and wire == 0 and _le32_or_be32(octets, position, swapped) == layout[5]:
            return n, position, JOINED
        if exchanged == 2 or (exchanged == 1 and captured > wire):
            captured, wire = wire, captured
        if captured > RECORD_LIMIT:
            return n, position, CORRUPT
        if position + header + captured > size:
            return n, position, SHORT
        frame = frames[n]
        frame.start = position + header
        frame.time = (
            _le32_or_be32(octets, position, swapped) * 1_000_000_000
            + _le32_or_be32(octets, position + 4, swapped) * unit
        )
        frame.captured = captured
        frame.wire = max(wire, captured)
        frame.detail = 0
        frame.link = link
        frame.status = 0
        n += 1
        position += header + captured
    return n, position, FULL


@part
def _pcapng_time(ticks, interface):  # type: ignore[no-untyped-def]
    """Nanoseconds of a time stamp, -1 where int64 cannot hold them."""
    rate, binary, offset = interface[1], interface[2], interface[3]
    if binary > 0:
        seconds = np.int64(ticks >> np.uint64(binary))
        rest = ticks & ((np.uint64(1) << np.uint64(binary)) - np.uint64(1))
        if binary > 33:
            rest >>= np.uint64(binary - 33)
            binary = 33
        nanoseconds = np.int64((rest * np.uint64(1_000_000_000)) >> np.uint64(binary))
    else:
        seconds = np.int64(ticks // np.uint64(rate))
        rest = ticks % np.uint64(rate)
        if rate > 1_000_000_000:
            nanoseconds = np.int64(rest // np.uint64(rate // 1_000_000_000))
        else:
            nanoseconds = np.int64(rest) * (1_000_000_000 // rate)
    if seconds < 0 or abs(offset) > LAST_SECOND or not 0 <= seconds + offset <= LAST_SECOND:
        return np.int64(-1)
    return (seconds + offset) * 1_000_000_000 + nanoseconds


@part
def _epb_drops(octets, position, end, swapped):  # type: ignore[no-untyped-def]
    """epb_dropcount (option 4) among the options of a block, or 0."""
    while position + 4 <= end:
        word = _le32_or_be32(octets, position, swapped)
        code, length = (word >> 16, word & 0xFFFF) if swapped else (word & 0xFFFF, word >> 16)
        if code == 0:
            return 0
        if code == 4 and length == 8 and position + 12 <= end:
            drops = be64(octets, position + 4) if swapped else le64(octets, position + 4)
            return np.int64(drops & np.uint64(0x7FFF_FFFF_FFFF_FFFF))
        position += 4 + (length + 3) // 4 * 4
    return 0


@kernel
def walk_pcapng(octets, position, frames, swapped, interfaces, carried):  # type: ignore[no-untyped-def]
    """Walk pcapng blocks (draft-ietf-opsawg-pcapng): takes packet blocks, skips what the caller need not see.

    Args:
        octets: uint8 (n,), read-only.
        position: of the first block.
        frames: FRAME (m,), filled from 0.
        swapped: whether the section is big-endian.
        interfaces: int64 (k, 5): LINKTYPE, ticks per second (or 0), power of two of ticks per second (or 0), offset in
            seconds, snaplen (0 none).
        carried: int64 (3,): time of the last packet (for Simple Packet Blocks, which have none), packets known to be
            lost, Simple Packet Blocks taken; updated.

    Returns:
        (frames filled, position of the first block not taken, how it ended); BLOCK at a Section Header, Interface
        Description or Interface Statistics Block.

    """
    size = octets.size
    n = 0
    while n < frames.size:
        if position + 12 > size:
            return n, position, SHORT
        kind = _le32_or_be32(octets, position, swapped)
        if kind in (0x0A0D0D0A, 1, 5):
            return n, position, BLOCK
        length = _le32_or_be32(octets, position + 4, swapped)
        if length < 12 or length % 4 or length > RECORD_LIMIT:
            return n, position, CORRUPT
        end = position + length
        if end > size:
            return n, position, SHORT
        if _le32_or_be32(octets, end - 4, swapped) != length:
            return n, position, CORRUPT
        fixed = 28 if kind in (2, 6) else 12
        if kind in (2, 3, 6):
            if length < fixed + 4:
                return n, position, CORRUPT
            frame = frames[n]
            frame.start = position + fixed
            frame.detail = 0
            frame.status = 0
            frame.link = 0
            room = length - fixed - 4
            ident = 0
            if kind == 3:
                wire = _le32_or_be32(octets, position + 8, swapped)
                captured = min(wire, room)
                if interfaces.shape[0] and interfaces[0, 4]:
                    captured = min(captured, interfaces[0, 4])
                carried[2] += 1
            else:
                ident = _le32_or_be32(octets, position + 8, swapped)
                captured = _le32_or_be32(octets, position + 20, swapped)
                wire = _le32_or_be32(octets, position + 24, swapped)
                if kind == 2:
                    drops = ident & 0xFFFF if swapped else ident >> 16
                    ident = ident >> 16 if swapped else ident & 0xFFFF
                    carried[1] += drops if drops != 0xFFFF else 0
                elif room > captured + 3:
                    carried[1] += _epb_drops(octets, position + fixed + (captured + 3) // 4 * 4, end - 4, swapped)
            if captured > room:
                captured = room
                frame.status = NO_LENGTH
            if ident >= interfaces.shape[0]:
                frame.status = NO_INTERFACE
            else:
                interface = interfaces[ident]
                frame.link = interface[0]
                if kind != 3:
                    ticks = np.uint64(
                        (_le32_or_be32(octets, position + 12, swapped) << 32)
                        | _le32_or_be32(octets, position + 16, swapped)
                    )
                    time = _pcapng_time(ticks, interface)
                    if time < 0:
                        frame.status = BAD_TIME
                    else:
                        carried[0] = time
            frame.time = carried[0]
            frame.captured = captured
            frame.wire = max(wire, captured)
            n += 1
        position = end
    return n, position, FULL


@kernel
def walk_snoop(octets, position, frames, link):  # type: ignore[no-untyped-def]
    """Walk snoop records (RFC 1761) from ``position``; as :func:`walk_pcap`, and the packets lost by drop counters."""
    size = octets.size
    n = 0
    drops = 0
    while n < frames.size:
        if position + 24 > size:
            return n, position, SHORT, drops
        captured = be32(octets, position + 4)
        record = be32(octets, position + 8)
        if record < 24 + captured or record > RECORD_LIMIT:
            return n, position, CORRUPT, drops
        if position + record > size:
            return n, position, SHORT, drops
        frame = frames[n]
        frame.start = position + 24
        frame.time = be32(octets, position + 16) * 1_000_000_000 + be32(octets, position + 20) * 1000
        frame.captured = captured
        frame.wire = max(be32(octets, position), captured)
        frame.detail = 0
        frame.link = link
        frame.status = 0
        drops = be32(octets, position + 12)
        n += 1
        position += record
    return n, position, FULL, drops


@kernel
def walk_erf(octets, position, frames, links):  # type: ignore[no-untyped-def]
    """Walk ERF records (Endace ERF specification) from ``position``; as :func:`walk_snoop`.

    ``links``: int64 (128,), the LINKTYPE of each ERF type, 65535 unknown, -1 where the record holds no frame.
    """
    size = octets.size
    n = 0
    lost = 0
    while n < frames.size:
        if position + 16 > size:
            return n, position, SHORT, lost
        kind = np.int64(octets[position + 8])
        record = (np.int64(octets[position + 10]) << 8) | octets[position + 11]
        if record < 16:
            return n, position, CORRUPT, lost
        if position + record > size:
            return n, position, SHORT, lost
        start, end = position + 16, position + record
        more = kind >= 128
        while more:  # extension headers: 8 octets each, the top bit says that another follows
            if start + 8 > end:
                return n, position, CORRUPT, lost
            more = octets[start] >= 128
            start += 8
        link = links[kind & 127]
        lost += (np.int64(octets[position + 12]) << 8) | octets[position + 13]
        position = end
        if link == -1:
            continue
        if link == 1:
            start += 2  # offset and padding before an Ethernet frame
        wire = (np.int64(octets[end - record + 14]) << 8) | octets[end - record + 15]
        time = le64(octets, end - record)
        frame = frames[n]
        frame.start = min(start, end)
        fraction = (time & np.uint64(0xFFFF_FFFF)) * np.uint64(1_000_000_000)
        frame.time = np.int64(time >> np.uint64(32)) * 1_000_000_000 + np.int64(fraction >> np.uint64(32))
        frame.captured = min(end - frame.start, wire)
        frame.wire = wire
        frame.detail = 0
        frame.link = link
        frame.status = 0
        n += 1
    return n, position, FULL, lost


__all__ = ["FRAME", "le16", "walk_erf", "walk_pcap", "walk_pcapng", "walk_snoop"]
