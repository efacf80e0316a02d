"""LZO1X decompression, bounded on both sides (stream format: Linux kernel documentation, "LZO stream format")."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import kernel, part

CORRUPT = -1
"""Result for input that ends early, points before its start, or makes more than there is room for."""


@part
def _long(octets, p):  # type: ignore[no-untyped-def]
    """A length that goes on in further octets, zeros counting 255: (what is added, next place); -1 past the end."""
    more = np.int64(0)
    while p < len(octets) and octets[p] == 0:
        more += 255
        p += 1
    if p >= len(octets):
        return np.int64(-1), p
    return more + np.int64(octets[p]), p + 1


@part
def _literals(octets, p, out, made, count):  # type: ignore[no-untyped-def]
    """Copy ``count`` octets; whether that was possible."""
    if p + count > len(octets) or made + count > len(out):
        return False
    for k in range(count):
        out[made + k] = octets[p + k]
    return True


@part
def _match(octets, p, t, state):  # type: ignore[no-untyped-def]
    """A back reference whose first octet ``t`` stood before ``p``.

    Returns:
        (length, distance, literals that follow, next place); length 0 ends the stream, -1 is corrupt.

    """
    length = np.int64(2)
    wide = t < 64 and t >= 16
    if wide:
        mask = np.int64(31 if t >= 32 else 7)
        length = (t & mask) + 2
        if t & mask == 0:
            more, p = _long(octets, p)
            if more < 0:
                return np.int64(-1), np.int64(0), np.int64(0), p
            length = 2 + mask + more
    if p + (2 if wide else 1) > len(octets):
        return np.int64(-1), np.int64(0), np.int64(0), p
    if wide:
        tail = np.int64(octets[p]) | np.int64(octets[p + 1]) << 8
        if t >= 32:
            return length, (tail >> 2) + 1, tail & 3, p + 2
        distance = ((t & 8) << 11) + (tail >> 2)
        if distance == 0:
            return np.int64(0), np.int64(0), np.int64(0), p + 2
        return length, distance + 0x4000, tail & 3, p + 2
    tail = np.int64(octets[p])
    if t >= 64:
        return (t >> 5) + 1, ((t >> 2) & 7) + (tail << 3) + 1, t & 3, p + 1
    if state == 4:
        return np.int64(3), (t >> 2) + (tail << 2) + 0x801, t & 3, p + 1
    return np.int64(2), (t >> 2) + (tail << 2) + 1, t & 3, p + 1


@kernel
def decompress(octets, out):  # type: ignore[no-untyped-def]
    """Decompress ``octets`` (uint8) into ``out`` (uint8); gives the octets made, or CORRUPT."""
    p, made, state = np.int64(0), np.int64(0), np.int64(0)
    if len(octets) and octets[0] > 17:
        count = np.int64(octets[0]) - 17
        p = np.int64(1)
        if not _literals(octets, p, out, made, count):
            return CORRUPT
        p, made, state = p + count, made + count, min(count, np.int64(4))
    while p < len(octets):
        t = np.int64(octets[p])
        p += 1
        if t < 16 and state == 0:
            count = t + 3
            if t == 0:
                more, p = _long(octets, p)
                if more < 0:
                    return CORRUPT
                count = 18 + more
            if not _literals(octets, p, out, made, count):
                return CORRUPT
            p, made, state = p + count, made + count, np.int64(4)
            continue
        length, distance, follow, p = _match(octets, p, t, state)
        if length == 0:
            return made
        if length < 0 or distance > made or made + length > len(out):
            return CORRUPT
        for k in range(length):
            out[made + k] = out[made + k - distance]
        made += length
        if not _literals(octets, p, out, made, follow):
            return CORRUPT
        p, made, state = p + follow, made + follow, follow
    return CORRUPT
