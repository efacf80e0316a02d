"""Frames to packets: link layer, IP and transport headers of every frame of a batch, without an object in between."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.frames import BAD_TIME, NO_INTERFACE, NO_LENGTH
from netwatch.kernels.jit import inlined, kernel, part
from netwatch.kernels.link import (
    BAD_IP,
    CUT,
    IP,
    NO_DATA,
    NOT_IP,
    PROTECTED,
    TOO_DEEP,
    UNKNOWN_LINK,
    enter,
    unwrap,
)
from netwatch.kernels.load import be16, be32, be64
from netwatch.kernels.tunnel import TUNNELS, carried, may_carry

REASONS = {
    NO_INTERFACE: "interface not described",
    NO_LENGTH: "captured length beyond its block",
    BAD_TIME: "time before 1970 or beyond the year 2262",
    UNKNOWN_LINK: "link type not known",
    NOT_IP: "not IP",
    CUT: "captured too short for an IP header",
    BAD_IP: "IP header malformed",
    NO_DATA: "802.11 without data",
    PROTECTED: "802.11 encrypted",
    TOO_DEEP: "nested too deeply",
}
"""Why a frame was left out, by status; the text of UNKNOWN_LINK and NOT_IP is completed from the detail."""

DEPTH = 8
"""IP headers inside one another that are followed."""
EXTENSIONS = 24
"""IPv6 extension headers of one packet that are followed."""
MAPPED = np.uint64(0xFFFF_0000_0000)

(KEPT_WIRE, KEPT_IP, SNAPPED, OFFLOADED, OVERLONG, FRAGMENTS, BEHIND, EARLIEST, LATEST) = range(9)
(PAUSE, MIXED, TUNNELLED) = range(9, 12)
"""Places in ``counts``: wire octets and IP octets of the packets kept; of them cut by the capture, without a length of
their own (segmentation offload), with an IP length beyond the frame, fragments, with the IP header chain beyond the
capture; earliest and latest time of all frames, and the longest pause (ns) before one; frames of another link type
than their batch's first; from TUNNELLED on, one per code of tunnel.TUNNELS."""
COUNTS = TUNNELLED + len(TUNNELS)


@part
def _jumbo(octets, p, end):  # type: ignore[no-untyped-def]
    """The jumbo payload length (RFC 2675) among the options of the hop-by-hop header at ``p``, or 0."""
    q = p + 2
    stop = min(end, p + 8 + 8 * np.int64(octets[p + 1]))
    while q + 6 <= stop:
        if octets[q] == 0:
            q += 1
            continue
        if octets[q] == 0xC2 and octets[q + 1] == 4:
            return be32(octets, q + 2)
        q += 2 + np.int64(octets[q + 1])
    return 0


@part
def _extensions(octets, q, end, protocol):  # type: ignore[no-untyped-def]
    """Follow IPv6 extension headers (RFC 8200 section 4) and the authentication header (RFC 4302).

    Returns:
        (start of the upper layer, its protocol, fragment 0/1/2, identification of the fragment).

    """
    fragment = 0
    identification = 0
    for _ in range(EXTENSIONS):
        if q + 8 > end:
            break
        if protocol in (0, 43, 60, 135, 139, 140):
            length = 8 + 8 * np.int64(octets[q + 1])
        elif protocol == 44:
            length = np.int64(8)
            place = be16(octets, q + 2)
            identification = be32(octets, q + 4)
            fragment = 2 if place & 0xFFF8 else place & 1
        elif protocol == 51:
            length = 8 + 4 * np.int64(octets[q + 1])
        else:
            break
        protocol = np.int64(octets[q])
        q += length
        if fragment == 2:
            break
    return q, protocol, fragment, identification


@inlined
def _transport(octets, q, end, room, row):  # type: ignore[no-untyped-def]
    """Fill the transport fields: ``q`` is the IP payload, ``end`` that of its capture, ``room`` its length by IP.

    Returns:
        Start of the transport payload.

    """
    source, destination, flags, sequence, header = 0, 0, 0, 0, 0
    protocol = row.protocol
    have = end - q
    if row.fragment != 2 and have >= 4:
        if protocol == 6:
            source, destination, header = be16(octets, q), be16(octets, q + 2), 20
            if have >= 14:
                sequence = be32(octets, q + 4)
                word = be16(octets, q + 12)
                flags = word & 0xFFF
                header = max((word >> 12) * 4, 20)
        elif protocol in (17, 33, 132, 136):
            source, destination = be16(octets, q), be16(octets, q + 2)
            header = 12 if protocol == 132 else 8
            if protocol == 17 and have >= 6 and 8 <= be16(octets, q + 4) < room:
                room = be16(octets, q + 4)
        elif protocol in (1, 58):
            destination, header = be16(octets, q), 8
    row.source_port = source
    row.destination_port = destination
    row.tcp_flags = flags
    row.tcp_sequence = sequence
    length = max(room - header, 0)
    start = q + min(header, max(room, 0))
    row.payload_start = start
    row.payload_length = length
    row.payload_captured = min(max(end - start, 0), length)
    return start


@part
def _internet(octets, p, end, wire_end, row, counts):  # type: ignore[no-untyped-def]
    """Decode the IP packet at ``p`` into ``row``, which stays as it was if there is none.

    Returns:
        (status, start of its transport payload, end of its capture, end on the wire).

    """
    if p < 0 or p >= end:
        return CUT, p, end, wire_end
    version = octets[p] >> 4
    if version == 4:
        if p + 20 > end:
            return CUT, p, end, wire_end
        word = be32(octets, p)
        header = ((word >> 24) & 15) * 4
        total = word & 0xFFFF
        if total == 0 and wire_end - p > header:
            total = wire_end - p
            counts[OFFLOADED] += 1
        if header < 20 or total < header:
            return BAD_IP, p, end, wire_end
        middle = be32(octets, p + 4)
        lower = be32(octets, p + 8)
        place = middle & 0x3FFF
        protocol = (lower >> 16) & 0xFF
        q = p + header
        row.ip_length = total
        row.source_high = 0
        row.source_low = MAPPED | np.uint64(be32(octets, p + 12))
        row.destination_high = 0
        row.destination_low = MAPPED | np.uint64(be32(octets, p + 16))
        row.class_of_service = (word >> 16) & 0xFF
        row.hop_limit = lower >> 24
        fragment = 2 if place & 0x1FFF else 1 if place else 0
        identification = middle >> 16
        if protocol == 51 and fragment != 2:
            q, protocol, _, _ = _extensions(octets, q, min(end, p + total), protocol)
    elif version == 6:
        if p + 40 > end:
            return CUT, p, end, wire_end
        word = be64(octets, p)
        length = np.int64((word >> np.uint64(16)) & np.uint64(0xFFFF))
        protocol = np.int64((word >> np.uint64(8)) & np.uint64(0xFF))
        if length == 0 and protocol == 0 and p + 48 <= end:
            length = _jumbo(octets, p + 40, end)
        if length == 0 and protocol != 59 and wire_end - p > 46:  # more than padding of a small frame
            length = wire_end - p - 40
            counts[OFFLOADED] += 1
        total = min(length + 40, 0xFFFF_FFFF)
        row.ip_length = total
        row.source_high = be64(octets, p + 8)
        row.source_low = be64(octets, p + 16)
        row.destination_high = be64(octets, p + 24)
        row.destination_low = be64(octets, p + 32)
        row.class_of_service = np.int64(word >> np.uint64(52)) & 0xFF
        row.hop_limit = np.int64(word & np.uint64(0xFF))
        q, protocol, fragment, identification = _extensions(octets, p + 40, min(end, p + total), protocol)
    else:
        return BAD_IP, p, end, wire_end
    stop = p + total
    if stop > wire_end:
        counts[OVERLONG] += 1
    end, wire_end = min(end, stop), min(wire_end, stop)
    row.protocol = protocol
    row.fragment = fragment
    row.fragment_identification = identification
    if q > end:
        counts[BEHIND] += 1
    return 0, _transport(octets, q, end, stop - q, row), end, wire_end


@part
def _inner(octets, p, end, wire_end, row, counts):  # type: ignore[no-untyped-def]
    """Replace ``row`` by what its packet carries, layer by layer, as long as that can be decoded."""
    for _ in range(DEPTH):
        if row.fragment:  # the rest of what it carries is in other packets: none of them is unwrapped
            return
        ports = (np.int64(row.source_port) << 16) | np.int64(row.destination_port)
        tunnel, q, what, value, ident = carried(octets, p, end, np.int64(row.protocol), ports)
        if tunnel == 0:
            return
        q, status, value, vlan = unwrap(octets, q, end, what, value, np.int64(row.vlan))
        if status:
            return
        status, p, end, wire_end = _internet(octets, q, end, wire_end, row, counts)
        if status:
            return
        counts[TUNNELLED + tunnel] += 1
        row.vlan = vlan
        if row.tunnel == 0:
            row.tunnel = tunnel
            row.tunnel_identifier = ident


@part
def _may_export(octets, p, length):  # type: ignore[no-untyped-def]
    """Whether a UDP payload may be a NetFlow, IPFIX or sFlow message: cheap, and never wrong about a real one."""
    word = be32(octets, p)
    version, count = word >> 16, word & 0xFFFF
    if version == 0:
        return word == 5 and 1 <= be32(octets, p + 4) <= 2
    if version == 9:
        return length >= 20 and count > 0
    if version == 10:
        return 16 <= count <= length
    return version in (1, 5, 7) and 0 < count <= 64


@kernel
def decode(octets, frames, first_frame, rows, candidates, counts, inner):  # type: ignore[no-untyped-def]
    """Decode a batch of frames.

    Args:
        octets: uint8 (n,), read-only: what the frames lie in.
        frames: FRAME (k,); ``status`` and ``detail`` are set where a frame is left out.
        first_frame: number of the first frame in its input, from 1.
        rows: PACKET (at least k,), filled from 0.
        candidates: int64 (at least k,), filled with the rows that may hold a flow export message; of size 0: not asked.
        counts: int64 (COUNTS,), added to.
        inner: whether packets inside tunnels count, or their carriers.

    Returns:
        (rows filled, candidates filled).

    """
    kept = 0
    found = 0
    earliest, latest = counts[EARLIEST], counts[LATEST]
    for i in range(frames.size):
        frame = frames[i]
        if frame.time > latest:
            if latest >= earliest:
                counts[PAUSE] = max(counts[PAUSE], frame.time - latest)
            latest = frame.time
        earliest = min(earliest, frame.time)
        if frame.link != frames[0].link:
            counts[MIXED] += 1
        if frame.status:
            continue
        p, wire = frame.start, np.int64(frame.wire)
        end = p + np.int64(frame.captured)
        wire_end = p + wire
        status, detail, vlan = 0, 0, np.int64(0)
        plain = frame.link == 1 and p + 18 <= end
        if plain:  # the common case, without a call: Ethernet with at most one tag
            value = be16(octets, p + 12)
            q = p + 14
            if value == 0x8100:
                vlan = be16(octets, q) & 0xFFF
                value = be16(octets, q + 2)
                q += 4
            plain = value == 0x0800 or value == 0x86DD
        if plain:
            p = q
        else:
            vlan = np.int64(0)
            p, what, detail, status = enter(octets, p, end, np.int64(frame.link))
            if status == 0 and what != IP:
                p, status, detail, vlan = unwrap(octets, p, end, what, detail, vlan)
        row = rows[kept]
        header = p
        if status == 0:
            status, p, ip_end, ip_wire_end = _internet(octets, p, end, wire_end, row, counts)
        if status:
            frame.status = status
            frame.detail = detail
            continue
        row.time = frame.time
        row.frame = first_frame + i
        row.vlan = vlan
        row.tunnel = 0
        row.tunnel_identifier = 0
        row.carrier = 0
        if inner and may_carry(row.protocol, row.source_port, row.destination_port):
            _inner(octets, p, ip_end, ip_wire_end, row, counts)
            if row.tunnel and row.payload_start - header <= 0xFFFF:
                row.carrier = row.payload_start - header
        datagram = row.protocol == 17 and row.fragment == 0 and row.payload_captured >= 16
        if datagram and candidates.size and _may_export(octets, row.payload_start, row.payload_length):
            candidates[found] = kept
            found += 1
        counts[KEPT_WIRE] += wire
        counts[KEPT_IP] += row.ip_length
        if end < wire_end:
            counts[SNAPPED] += 1
        if row.fragment:
            counts[FRAGMENTS] += 1
        kept += 1
    counts[EARLIEST], counts[LATEST] = earliest, latest
    return kept, found
