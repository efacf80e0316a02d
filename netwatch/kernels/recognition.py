"""Whether octets are flow export messages, and where messages that lie back to back begin."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import kernel, part
from netwatch.kernels.load import be16, be32
from netwatch.kernels.messages import header_size, zeros
from netwatch.kernels.sflow import samples_end

LONGEST = 65_535
"""Octets of a message."""
CHAIN = 64
"""Sets of one message that are looked at to recognise it."""


@part
def _chained(octets, p, end, template):  # type: ignore[no-untyped-def]
    """Whether sets with plausible numbers (``template`` and the next, or 256 and above) fill ``[p, end)``."""
    for _ in range(CHAIN):
        if p + 4 > end:
            return p > end - 4 and zeros(octets, p, end)
        number, size = be16(octets, p), be16(octets, p + 2)
        if number == 0 and size == 0:
            return zeros(octets, p, end)
        if size < 4 or p + size > end or not (number >= 256 or number == template or number == template + 1):
            return False
        p += size
    return True


@part
def is_message(octets, p, length):  # type: ignore[no-untyped-def]
    """Whether the octets at ``p`` are one flow export message: its version, and every length in it consistent."""
    if length < 20:
        return False
    version = be16(octets, p)
    count = be16(octets, p + 2)
    if version == 0:
        return samples_end(octets, p, p + length) >= 0
    if version == 1:
        return 0 < count <= 64 and length == 16 + 52 * count and be32(octets, p + 12) < 1_000_000_000
    if version == 5:
        return 0 < count <= 64 and length == 24 + 48 * count and be32(octets, p + 12) < 1_000_000_000
    if version == 7:
        return 0 < count <= 64 and length == 24 + 52 * count and be32(octets, p + 12) < 1_000_000_000
    if version == 9:
        return length >= 24 and be32(octets, p + 8) != 0 and _chained(octets, p + 20, p + length, 0)
    return version == 10 and count == length and _chained(octets, p + 16, p + length, 2)


@kernel
def are_messages(octets, start, length, found):  # type: ignore[no-untyped-def]
    """Fill ``found``, boolean (n,): :func:`is_message` for each place."""
    for i in range(len(start)):
        found[i] = is_message(octets, start[i], length[i])


@part
def _next_header(octets, p, end):  # type: ignore[no-untyped-def]
    """Where the v9 message at ``p`` ends: its header has no length, but no set has the number of a version.

    Returns:
        the place of the next header or ``end``; -1 where the sets do not follow each other.

    """
    p += 20
    while p + 4 <= end:
        number, size = be16(octets, p), be16(octets, p + 2)
        if number == 5 or number == 7 or number == 9 or number == 10:
            return p
        if size < 4 and (number or size):
            return -1
        p += max(size, 4)  # some exporters fill up with zeros
    return end


@kernel
def split(octets, position, last, start, length):  # type: ignore[no-untyped-def]
    """Find messages that lie back to back.

    Args:
        octets: uint8.
        position: where the first begins.
        last: whether nothing follows these octets.
        start: int64 (n,), filled: where each lies.
        length: int64 (n,), filled: its octets.

    Returns:
        (messages found, place after the last of them, whether what is there is no message).

    """
    end = len(octets)
    found = 0
    while found < len(start) and position + 16 <= end:
        version, count = be16(octets, position), be16(octets, position + 2)
        header = header_size(version)
        if header == 0:
            return found, position, True
        if version == 10:
            size = count
        elif version == 9:
            after = _next_header(octets, position, end)
            size = after - position if after >= 0 else np.int64(-1)
            # The octets after it show where it ends, if there are any.
            if after >= end and not last and size <= LONGEST:
                return found, position, False
        else:
            size = header + count * (48 if version == 5 else 52)
        if size < header or size > LONGEST:
            return found, position, True
        if position + size > end:
            return found, position, False
        start[found], length[found] = position, size
        found += 1
        position += size
    return found, position, False
