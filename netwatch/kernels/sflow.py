"""sFlow version 5 datagrams (sflow.org, "sFlow Version 5", 2004) to the sampled headers in them."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import kernel, part
from netwatch.kernels.load import be32, be64

SAMPLE = np.dtype(
    [
        ("next_hop_high", "u8"),
        ("next_hop_low", "u8"),
        ("message", "i4"),
        ("rate", "u4"),
        ("ingress", "u4"),
        ("egress", "u4"),
        ("source_as", "u4"),
        ("destination_as", "u4"),
        ("next_as", "u4"),
        ("vlan", "u2"),
    ],
    align=True,
)
"""What a flow sample tells of its packet beside the header."""
FLOW, COUNTERS, FLOW_EXPANDED, COUNTERS_EXPANDED = 1, 2, 3, 4
HEADER, SWITCH, ROUTER, GATEWAY = 1, 1001, 1002, 1003
ETHERNET, IPV4, IPV6 = 1, 11, 12
LINK_ETHERNET, LINK_RAW, LINK_NONE = 1, 101, 65_535
MAPPED = np.uint64(0xFFFF_0000_0000)
INTERFACE = 0x3FFF_FFFF
"""Index in an interface field; its two upper bits say what kind of number it is. All bits set: none."""
SAMPLES_SEEN, COUNTER_SAMPLES, OTHER_SAMPLES, NO_HEADER, BROKEN = range(5)
"""Places in the counts of :func:`walk_sflow`."""


@part
def header_end(octets, p, end):  # type: ignore[no-untyped-def]
    """Where the samples of the datagram at ``p`` begin; -1 where it is none."""
    if p + 28 > end or be32(octets, p) != 5:
        return np.int64(-1)
    kind = be32(octets, p + 4)
    body = p + 8 + (4 if kind == 1 else 16 if kind == 2 else 1 << 30) + 16
    return body if body <= end else np.int64(-1)


@part
def samples_end(octets, p, end):  # type: ignore[no-untyped-def]
    """Where the samples of the datagram at ``p`` end, as many as its header says; -1 where they go beyond ``end``."""
    body = header_end(octets, p, end)
    if body < 0:
        return np.int64(-1)
    p, count = body, be32(octets, body - 4)
    if count > (end - body) // 8:
        return np.int64(-1)
    p = body
    for _ in range(count):
        if p + 8 > end or be32(octets, p + 4) > end - p - 8:
            return np.int64(-1)
        p += 8 + be32(octets, p + 4)
    return p


@part
def _hop(octets, p, end, sample):  # type: ignore[no-untyped-def]
    """Read an address with its type before it; the place after it."""
    kind = be32(octets, p) if p + 4 <= end else np.int64(0)
    if kind == 1 and p + 8 <= end:
        sample.next_hop_high = 0
        sample.next_hop_low = MAPPED | np.uint64(be32(octets, p + 4))
        return p + 8
    if kind == 2 and p + 20 <= end:
        sample.next_hop_high, sample.next_hop_low = be64(octets, p + 4), be64(octets, p + 12)
        return p + 20
    return p + 4


@part
def _gateway(octets, p, end, sample):  # type: ignore[no-untyped-def]
    """Read an extended gateway record: the source's AS, and the AS path to the destination."""
    p = _hop(octets, p, end, sample)
    if p + 16 > end:
        return
    sample.source_as = be32(octets, p + 4)
    segments, p = be32(octets, p + 12), p + 16
    first = True
    while segments > 0 and p + 8 <= end:
        count = be32(octets, p + 4)
        if count > (end - p - 8) // 4:
            return
        if count and first:
            sample.next_as = be32(octets, p + 8)
            first = False
        if count:
            sample.destination_as = be32(octets, p + 4 + 4 * count)
        p += 8 + 4 * count
        segments -= 1


@part
def _header(octets, p, end, frame):  # type: ignore[no-untyped-def]
    """Read a raw packet header record into ``frame``; whether it is sound."""
    if p + 16 > end:
        return False
    protocol, wire, captured = be32(octets, p), be32(octets, p + 4), be32(octets, p + 12)
    if captured > end - p - 16:
        return False
    frame.start, frame.captured, frame.wire = p + 16, captured, max(wire, captured)
    frame.link = LINK_ETHERNET if protocol == ETHERNET else LINK_RAW if protocol in (IPV4, IPV6) else LINK_NONE
    return True


@part
def _flow(octets, p, end, expanded, frame, sample):  # type: ignore[no-untyped-def]
    """Read a flow sample; whether it has a header."""
    sample.next_hop_high, sample.next_hop_low = np.uint64(0), np.uint64(0)
    sample.source_as, sample.destination_as, sample.next_as, sample.vlan = 0, 0, 0, 0
    q = p + (44 if expanded else 32)
    if q > end:
        return False
    sample.rate = max(be32(octets, p + (12 if expanded else 8)), 1)
    ingress = be32(octets, p + 28) if expanded else be32(octets, p + 20) & INTERFACE
    egress = be32(octets, p + 36) if expanded else be32(octets, p + 24) & INTERFACE
    sample.ingress = 0 if ingress == INTERFACE else ingress
    sample.egress = 0 if egress == INTERFACE else egress
    found = False
    for _ in range(be32(octets, q - 4)):
        if q + 8 > end:
            break
        kind, size = be32(octets, q), be32(octets, q + 4)
        q += 8
        if size > end - q:
            break
        if kind == HEADER and not found:
            found = _header(octets, q, q + size, frame)
        elif kind == SWITCH and size >= 8:
            sample.vlan = be32(octets, q) & 0xFFF
        elif kind == ROUTER:
            _hop(octets, q, q + size, sample)
        elif kind == GATEWAY:
            _gateway(octets, q, q + size, sample)
        q += size
    return found


@kernel
def walk_sflow(octets, start, length, messages, frames, samples, counts):  # type: ignore[no-untyped-def]
    """Find the sampled headers of datagrams.

    Args:
        octets: uint8.
        start: int64 (n,), where each datagram lies.
        length: int64 (n,), its octets.
        messages: array of MESSAGE (n,).
        frames: array of FRAME, zeroed, one for every 40 octets of the datagrams, filled.
        samples: array of SAMPLE, likewise.
        counts: int64 (BROKEN + 1,), added to.

    Returns:
        frames filled.

    """
    found = 0
    for i in range(len(start)):
        end = start[i] + length[i]
        p = header_end(octets, start[i], end)
        if p < 0:
            counts[BROKEN] += 1
            continue
        for _ in range(be32(octets, p - 4)):
            if p + 8 > end or be32(octets, p + 4) > end - p - 8:
                counts[BROKEN] += 1
                break
            kind, size = be32(octets, p), be32(octets, p + 4)
            p += 8
            if kind in (FLOW, FLOW_EXPANDED):
                counts[SAMPLES_SEEN] += 1
                if found < len(frames) and _flow(
                    octets, p, p + size, kind == FLOW_EXPANDED, frames[found], samples[found]
                ):
                    frames[found].time = messages[i].time
                    samples[found].message = i
                    found += 1
                else:
                    counts[NO_HEADER] += 1
            elif kind in (COUNTERS, COUNTERS_EXPANDED):
                counts[COUNTER_SAMPLES] += 1
            else:
                counts[OTHER_SAMPLES] += 1
            p += size
    return found
