"""Flow export messages to their headers and sets: NetFlow v1, v5, v7 (Cisco), v9 (RFC 3954), IPFIX (RFC 7011)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import checked_before, inlined, kernel, part
from netwatch.kernels.load import bare64, be16, be32
from netwatch.kernels.sflow import header_end, samples_end

MESSAGE = np.dtype(
    [
        ("export", "i8"),  # when it was exported by its own clock, ns since 1970 UTC
        ("stop", "i8"),  # octets from here on to its end are left out, for the reason in status
        ("time", "i8"),  # when it was seen, ns since 1970 UTC; 0 unknown
        ("boot", "i8"),  # when its exporter started, where options told (IPFIX), ns since 1970 UTC; 0 unknown
        ("frame", "i8"),  # number of the frame or message in its input
        ("exporter_high", "u8"),
        ("exporter_low", "u8"),
        ("hash", "u8"),  # of all its octets
        ("stream", "i4"),  # its exporter, version and observation domain: an index of Streams
        ("sequence", "u4"),
        ("uptime", "u4"),  # ms since the exporter started; 0 in IPFIX
        ("domain", "u4"),
        ("records", "u4"),  # header's count: v1 to v7 flow records, v9 records of all kinds, IPFIX 0
        ("interval", "u2"),  # sampling interval of the header (v5)
        ("version", "u1"),
        ("status", "u1"),
        ("unset", "u1"),  # its clock was never set: export is the time at which it was seen
    ],
    align=True,
)
SET = np.dtype(
    [
        ("start", "i8"),  # its content, without its header
        ("end", "i8"),
        ("row", "i8"),  # of its first record among those decoded
        ("count", "i8"),  # of its records
        ("message", "i4"),
        ("number", "i4"),  # Set ID; v1, v5, v7: the version, which is no Set ID of a data set
        ("layout", "i4"),
        ("sampling", "u4"),  # interval in force
    ],
    align=True,
)
OK, SHORT, NO_VERSION, BAD_SET, CUT, TRAILING, CROWD, DUPLICATE = range(8)
REASONS = {
    SHORT: "message shorter than its header",
    NO_VERSION: "version not known",
    BAD_SET: "set length impossible",
    CUT: "message cut short",
    TRAILING: "octets after the message",
    CROWD: "too many exporters",
    DUPLICATE: "message exported twice",
}
UNSET = np.int64(788_918_400) * 1_000_000_000
"""Before 1995 there was no NetFlow: an exporter's clock that says so was never set."""
SFLOW = 255
"""In place of the version: an sFlow version 5 datagram."""
STREAMS = 1 << 16
"""Exporters and observation domains that are told apart."""


class Streams(NamedTuple):
    """Hash table of streams. ``keys``: exporter's address halves, and version << 32 | observation domain."""

    slots: np.ndarray  # int32 (2 * STREAMS,), -1 free
    keys: np.ndarray  # uint64 (STREAMS, 3)
    used: np.ndarray  # int64 (1,)

    @classmethod
    def empty(cls) -> Streams:
        """No stream known."""
        return cls(np.full(2 * STREAMS, -1, np.int32), np.zeros((STREAMS, 3), np.uint64), np.zeros(1, np.int64))


@inlined
def _mixed(a, b):  # type: ignore[no-untyped-def]
    """One step of a 64-bit hash: xor, multiply, fold."""
    h = (a ^ b) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))


@checked_before
def _hash(octets, p, end):  # type: ignore[no-untyped-def]
    """Of ``[p, end)``; four lanes side by side, since each step waits for the one before."""
    if p < 0 or end < p or end > octets.size:
        raise IndexError("no such range")
    a = b = c = d = np.uint64(end - p)
    while p + 32 <= end:
        a, b = _mixed(a, bare64(octets, p)), _mixed(b, bare64(octets, p + 8))
        c, d = _mixed(c, bare64(octets, p + 16)), _mixed(d, bare64(octets, p + 24))
        p += 32
    h = _mixed(_mixed(_mixed(a, b), c), d)
    while p < end:
        h = _mixed(h, np.uint64(octets[p]))
        p += 1
    return h


@part
def _stream(streams, high, low, about):  # type: ignore[no-untyped-def]
    """Index of a stream, made where it is new; -1 where there are too many."""
    mask = np.uint64(len(streams.slots) - 1)
    slot = _mixed(_mixed(_mixed(np.uint64(0), high), low), about) & mask
    while streams.slots[slot] >= 0:
        index = streams.slots[slot]
        if streams.keys[index, 1] == low and streams.keys[index, 0] == high and streams.keys[index, 2] == about:
            return index
        slot = (slot + np.uint64(1)) & mask
    index = np.int32(streams.used[0])
    if index >= len(streams.keys):
        return np.int32(-1)
    streams.slots[slot] = index
    streams.keys[index, 0], streams.keys[index, 1], streams.keys[index, 2] = high, low, about
    streams.used[0] += 1
    return index


@kernel
def enrol(streams, high, low, about):  # type: ignore[no-untyped-def]
    """Index of the stream of exporter ``high``, ``low`` (uint64) and ``about`` (see Streams); -1 if too many."""
    return np.int64(_stream(streams, high, low, about))


@part
def _fixed(octets, p, message):  # type: ignore[no-untyped-def]
    """Header of v1, v5, v7 (at least 24 octets, v1: 16): fills the message, gives (header, record) sizes."""
    version = message.version
    message.records = be16(octets, p + 2)
    message.uptime = be32(octets, p + 4)
    message.export = be32(octets, p + 8) * 1_000_000_000 + min(be32(octets, p + 12), 999_999_999)
    if version == 1:
        return 16, 52
    message.sequence = be32(octets, p + 16)
    if version == 7:
        return 24, 52
    message.domain = be16(octets, p + 20)
    message.interval = be16(octets, p + 22) & 0x3FFF
    return 24, 48


@part
def _templated(octets, p, message):  # type: ignore[no-untyped-def]
    """Header of v9 (20 octets) and IPFIX (16): fills the message, gives the header's size."""
    if message.version == 9:
        message.records = be16(octets, p + 2)
        message.uptime = be32(octets, p + 4)
        message.export = be32(octets, p + 8) * 1_000_000_000
        message.sequence = be32(octets, p + 12)
        message.domain = be32(octets, p + 16)
        return 20
    message.export = be32(octets, p + 4) * 1_000_000_000
    message.sequence = be32(octets, p + 8)
    message.domain = be32(octets, p + 12)
    return 16


@part
def header_size(version):  # type: ignore[no-untyped-def]
    """Octets of a message's header; 0 where there is no such version."""
    if version == 1 or version == 10:
        return 16
    if version == 9:
        return 20
    return 24 if version == 5 or version == 7 else 0


@part
def zeros(octets, p, end):  # type: ignore[no-untyped-def]
    """Whether ``[p, end)`` is padding."""
    while p < end:
        if octets[p]:
            return False
        p += 1
    return True


@part
def _sets(octets, p, end, i, sets, found):  # type: ignore[no-untyped-def]
    """Find the sets in ``[p, end)``: (sets found so far, place where that ended, status)."""
    while p + 4 <= end:
        number, size = be16(octets, p), be16(octets, p + 2)
        if size < 4:
            return found, p, OK if number == 0 and zeros(octets, p, end) else BAD_SET
        if p + size > end:
            return found, p, CUT
        row = sets[found]
        row.start, row.end, row.message, row.number = p + 4, p + size, i, number
        found += 1
        p += size
    return found, p, OK if zeros(octets, p, end) else CUT


@kernel
def walk(octets, start, length, streams, messages, sets):  # type: ignore[no-untyped-def]
    """Read the headers of messages and find their sets.

    Args:
        octets: uint8, what the messages lie in.
        start: int64 (n,), where each lies.
        length: int64 (n,), its octets.
        streams: :class:`Streams`, added to.
        messages: array of MESSAGE (n,) with time, frame and exporter set; the rest is filled.
        sets: array of SET, one for every four octets of the messages; start, end, message and number of those found are
            filled; v1, v5, v7 count as one set.

    Returns:
        sets found.

    """
    found = 0
    for i in range(len(start)):
        p, end = start[i], start[i] + length[i]
        message = messages[i]
        message.stream = -1
        message.stop = p
        if length[i] < 4:
            message.status = SHORT
            continue
        version = be16(octets, p)
        body = header_end(octets, p, end) if version == 0 else np.int64(-1)
        size = 28 if body >= 0 else header_size(version)
        if size == 0 or length[i] < size:
            message.status = NO_VERSION if size == 0 else SHORT
            continue
        message.version = SFLOW if body >= 0 else version
        if body >= 0:
            message.domain = be32(octets, body - 16)
            message.sequence, message.uptime = be32(octets, body - 12), be32(octets, body - 8)
            message.export = message.time
        elif version >= 9:
            body = p + _templated(octets, p, message)
        else:
            header, record = _fixed(octets, p, message)
            body = p + header
        about = np.uint64(message.version) << np.uint64(32) | np.uint64(message.domain)
        message.stream = _stream(streams, message.exporter_high, message.exporter_low, about)
        if message.stream < 0:
            message.status = CROWD
            continue
        message.hash = _hash(octets, p, end)
        if message.export < UNSET < message.time:
            message.export = message.time  # a clock that was never set
            message.unset = True
        if message.version == SFLOW:
            # Samples that go beyond the datagram are counted when they are walked.
            after = samples_end(octets, p, end)
            message.stop = after if after >= 0 else end
            message.status = TRAILING if 0 <= after < end else OK
        elif version < 9:
            whole = min(np.int64(message.records), (end - body) // record)
            row = sets[found]
            row.start, row.end, row.message, row.number = body, body + whole * record, i, version
            found += 1
            message.stop = row.end
            message.status = CUT if whole < message.records else TRAILING if row.end < end else OK
        else:
            said = end if version == 9 else p + be16(octets, p + 2)
            found, message.stop, message.status = _sets(octets, body, min(end, said), i, sets, found)
            if message.status == OK and said != end:
                message.stop = min(max(said, body), end)
                message.status = CUT if said > end else TRAILING
    return found
