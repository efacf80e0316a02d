"""Records of nfdump's files to columns: layout 1 (nfdump 1.6, extension maps) and layout 2 (1.7, elements).

Known from nfdump's published headers (nffile.h, nfxV3.h) and its files.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels import moments as m
from netwatch.kernels import records as r
from netwatch.kernels.jit import kernel, part
from netwatch.kernels.load import either16, either32, either64
from netwatch.kernels.nfrun import HEADER, alike, decode_run, elements
from netwatch.kernels.stride import MAPPED

COMMON_OLD, MAP, EXPORTER, EXPORTER_STATISTICS, SAMPLER_OLD, COMMON, RECORD, SAMPLER = 1, 2, 7, 8, 9, 10, 11, 15
"""Types of records."""
SAMPLED = 2, 128
"""Bits of the flags of a record (layout 2, layout 1): its counters were multiplied by the sampling interval."""
MAPS = 1 << 16
EXTENSIONS = 64
SIZES = np.zeros(EXTENSIONS, np.int64)
"""Octets of the extensions of layout 1, by number; 0 unknown."""
_SIZES = (
    "4:4 5:8 6:4 7:8 8:4 9:4 10:16 11:4 12:16 13:4 14:4 15:8 16:4 17:8 18:4 19:8 20:16 21:16 22:40 23:4 24:16 25:4"
    " 26:8 27:8 37:20 38:4 39:8 40:32 41:24 42:24 43:72 45:24 46:12 47:8 48:8"
)
for _pair in _SIZES.split():
    SIZES[int(_pair.split(":")[0])] = int(_pair.split(":")[1])

MULTIPLIED, EGRESS_ONLY, NO_MAP, BAD_ELEMENT, EVENTS = range(5)
NOTES = {
    MULTIPLIED: "record whose counters nfdump multiplied by the sampling interval",
    EGRESS_ONLY: "record with egress counters only (these used)",
    NO_MAP: "record without its extension map (extensions not read)",
    BAD_ELEMENT: "record with an element that goes beyond it (rest not read)",
    EVENTS: "record of an event",
}


class Known(NamedTuple):
    """What earlier records told. ``exporter`` and ``domain`` by exporter number, ``maps`` extensions by map number."""

    exporter: np.ndarray  # uint64 (65536, 2)
    domain: np.ndarray  # uint32 (65536,)
    maps: np.ndarray  # uint8 (65536, EXTENSIONS), ended by 0
    mapped: np.ndarray  # bool (65536,)

    @classmethod
    def nothing(cls) -> Known:
        """No record read yet."""
        return cls(
            np.zeros((MAPS, 2), np.uint64),
            np.zeros(MAPS, np.uint32),
            np.zeros((MAPS, EXTENSIONS), np.uint8),
            np.zeros(MAPS, np.bool_),
        )


@kernel
def survey(octets, start, big, runs, told):  # type: ignore[no-untyped-def]
    """Walk the records of a block from ``start`` on, and find the runs of those alike.

    Args:
        octets: uint8, the block's records.
        start: where the first begins.
        big: whether numbers are most significant octet first.
        runs: int64 (n, 4), filled: start, size of a record, number of records, type.
        told: int64 (2,), filled: kinds of elements (layout 2) that some flow record has, and that all have; 0 and 0
            where one is of layout 1.

    Returns:
        (records, flow records, runs, place behind the last, which is before the end where a record is broken or there
        was no room for another run).

    """
    p, seen, flows, found = np.int64(start), np.int64(0), np.int64(0), np.int64(0)
    some, every = np.int64(0), np.int64(-1)
    old = False
    while p + 4 <= len(octets):
        kind, size = either16(octets, p, big), either16(octets, p + 2, big)
        if size < 4 or p + size > len(octets):
            break
        if (
            found
            and kind == RECORD
            and runs[found - 1, 3] == RECORD
            and alike(octets, runs[found - 1, 0], p, size, big)
        ):
            runs[found - 1, 2] += 1
        elif found == len(runs):
            break
        else:
            runs[found, 0], runs[found, 1], runs[found, 2], runs[found, 3] = p, size, 1, kind
            found += 1
            old = old or kind in (COMMON, COMMON_OLD)
            if kind == RECORD:
                has = elements(octets, p, size, big)
                some, every = some | has, every & has
        seen += 1
        flows += kind in (RECORD, COMMON, COMMON_OLD)
        p += size
    told[0], told[1] = (0, 0) if old else (some, every)
    return seen, flows, found, p


@part
def _address(columns, row, k, octets, p, big, six):  # type: ignore[no-untyped-def]
    if six:
        columns.address[row, k, 0] = either64(octets, p, big)
        columns.address[row, k, 1] = either64(octets, p + 8, big)
    else:
        columns.address[row, k, 0] = np.uint64(0)
        address = np.uint64(either32(octets, p, big))
        columns.address[row, k, 1] = MAPPED | address if address or row != r.NEXT_HOP else np.uint64(0)


@part
def _out(columns, k, packets, counted, both, notes):  # type: ignore[no-untyped-def]
    """Counters of the other direction, which nfdump keeps in one place with those of the same packets at egress."""
    if both:
        columns.wide[r.REVERSE_PACKETS, k] = m.signed(packets)
        columns.wide[r.REVERSE_OCTETS, k] = m.signed(counted)
        columns.one[r.DETAIL, k] = both
    elif columns.wide[r.PACKETS, k] == 0 and columns.wide[r.OCTETS, k] == 0:
        columns.wide[r.PACKETS, k] = m.signed(packets)
        columns.wide[r.OCTETS, k] = m.signed(counted)
        notes[EGRESS_ONLY] += 1


@part
def _run(octets, run, big, biflow, known, columns, k, notes):  # type: ignore[no-untyped-def]
    """Read the records of a run of layout 2 into the rows from ``k`` on."""
    p, size, count = run[0], run[1], run[2]
    out, both, event, broken = decode_run(octets, p, size, count, big, columns, k)
    notes[BAD_ELEMENT] += broken
    for i in range(count):
        q = p + i * size
        row = k + i
        number = either16(octets, q + 8, big)
        columns.four[r.DOMAIN, row] = known.domain[number]
        if columns.address[r.EXPORTER, row, 1] == 0:
            columns.address[r.EXPORTER, row, 0] = known.exporter[number, 0]
            columns.address[r.EXPORTER, row, 1] = known.exporter[number, 1]
        notes[MULTIPLIED] += octets[q + 10] & SAMPLED[0] != 0
    if event >= 0:
        notes[EVENTS] += count
        for i in range(count):
            if columns.wide[r.START, k + i] == 0:
                told = min(m.signed(either64(octets, event + i * size, big)), m.LATEST // 1_000_000)
                columns.wide[r.START, k + i] = told * 1_000_000
    if out >= 0:
        for i in range(count):
            two = both >= 0 and octets[both + i * size] != 0
            two = two or columns.two[r.REVERSE_FLAGS, k + i] != 0
            q = out + i * size
            _out(
                columns, k + i, either64(octets, q + 8, big), either64(octets, q + 16, big), biflow if two else 0, notes
            )


@part
def _common(octets, p, end, old, big, columns, k):  # type: ignore[no-untyped-def]
    """Read the common part of a layout 1 record into row ``k``; where its extensions begin, -1 if it is too short."""
    flags = np.int64(octets[p + 4]) if old else either16(octets, p + 4, big)
    six, wide_packets, wide_octets = flags & 1, flags & 2, flags & 4
    q = p + (28 if old else 32)
    if q + (32 if six else 8) + (8 if wide_packets else 4) + (8 if wide_octets else 4) > end:
        return np.int64(-1)
    first, last = either32(octets, p + 12, big), either32(octets, p + 16, big)
    columns.wide[r.START, k] = first * m.SECOND + either16(octets, p + 8, big) * 1_000_000
    columns.wide[r.END, k] = last * m.SECOND + either16(octets, p + 10, big) * 1_000_000
    columns.two[r.FLAGS, k] = octets[p + 21]
    columns.one[r.PROTOCOL, k] = octets[p + 22]
    columns.one[r.CLASS, k] = octets[p + 23]
    columns.two[r.SOURCE_PORT, k] = either16(octets, p + 24, big)
    columns.two[r.DESTINATION_PORT, k] = either16(octets, p + 26, big)
    size = 16 if six else 4
    _address(columns, r.SOURCE, k, octets, q, big, six != 0)
    _address(columns, r.DESTINATION, k, octets, q + size, big, six != 0)
    q += 2 * size
    columns.wide[r.PACKETS, k] = m.signed(either64(octets, q, big)) if wide_packets else either32(octets, q, big)
    q += 8 if wide_packets else 4
    columns.wide[r.OCTETS, k] = m.signed(either64(octets, q, big)) if wide_octets else either32(octets, q, big)
    return q + (8 if wide_octets else 4)


@part
def _extensions(octets, q, end, chain, big, columns, k, notes):  # type: ignore[no-untyped-def]
    """Read the extensions of a layout 1 record into row ``k``, in the order ``chain`` of its map."""
    packets, counted = np.uint64(0), np.uint64(0)
    for number in chain:
        size = SIZES[number] if number < EXTENSIONS else 0
        if size == 0 or q + size > end:
            if number:
                notes[BAD_ELEMENT] += 1
            break
        if number == 4 or number == 6:
            a, b = either16(octets, q, big), either16(octets, q + 2, big)
        elif size >= 8:
            a, b = either32(octets, q, big), either32(octets, q + 4, big)
        else:
            a, b = either32(octets, q, big), np.int64(0)
        if number == 4 or number == 5:
            columns.four[r.INGRESS, k], columns.four[r.EGRESS, k] = a, b
        elif number == 6 or number == 7:
            columns.four[r.SOURCE_AS, k], columns.four[r.DESTINATION_AS, k] = a, b
        elif (number == 9 or number == 11) and columns.address[r.NEXT_HOP, k, 1] == 0:
            _address(columns, r.NEXT_HOP, k, octets, q, big, False)
        elif (number == 10 or number == 12) and columns.address[r.NEXT_HOP, k, 1] == 0:
            _address(columns, r.NEXT_HOP, k, octets, q, big, True)
        elif number == 13:
            columns.two[r.VLAN, k] = either16(octets, q, big) & 0xFFF
        elif number == 14 or number == 15:
            packets = either64(octets, q, big) if size == 8 else np.uint64(a)
        elif number == 16 or number == 17:
            counted = either64(octets, q, big) if size == 8 else np.uint64(a)
        elif number == 23 or number == 24:
            _address(columns, r.EXPORTER, k, octets, q, big, number == 24)
        elif number == 25:
            columns.four[r.DOMAIN, k] = np.int64(octets[q + 2]) << 8 | np.int64(octets[q + 3])
        elif number == 26:
            columns.four[r.NEXT_AS, k] = a
        elif number == 37:
            notes[EVENTS] += 1
        q += size
    if packets or counted:
        _out(columns, k, packets, counted, 0, notes)


@part
def _old(octets, p, end, old, big, known, columns, k, notes):  # type: ignore[no-untyped-def]
    """Read a record of layout 1 into row ``k``."""
    number = np.int64(octets[p + 5]) if old else either16(octets, p + 28, big)
    flags = np.int64(octets[p + 4]) if old else either16(octets, p + 4, big)
    columns.four[r.DOMAIN, k] = known.domain[number]
    q = _common(octets, p, end, old, big, columns, k)
    which = either16(octets, p + 6, big)
    if q >= 0 and known.mapped[which]:
        _extensions(octets, q, end, known.maps[which], big, columns, k, notes)
    elif q >= 0:
        notes[NO_MAP] += 1
    notes[MULTIPLIED] += flags & SAMPLED[1] != 0
    if columns.address[r.EXPORTER, k, 1] == 0:
        columns.address[r.EXPORTER, k, 0] = known.exporter[number, 0]
        columns.address[r.EXPORTER, k, 1] = known.exporter[number, 1]


@part
def _remember(octets, p, size, kind, big, known):  # type: ignore[no-untyped-def]
    """Keep what an extension map or exporter record tells."""
    if kind == MAP and size >= 8:
        number = either16(octets, p + 4, big)
        known.mapped[number] = True
        known.maps[number] = 0
        for k in range(min((size - 8) // 2, EXTENSIONS - 1)):
            extension = either16(octets, p + 8 + 2 * k, big)
            if extension == 0:
                break
            known.maps[number, k] = extension if 0 < extension < EXTENSIONS else EXTENSIONS
    elif kind == EXPORTER and size >= 32:
        number = either16(octets, p + 26, big)
        high, low = either64(octets, p + 8, big), either64(octets, p + 16, big)
        if either16(octets, p + 24, big) == 2:
            high, low = np.uint64(0), MAPPED | (low & np.uint64(0xFFFFFFFF))
        known.exporter[number, 0], known.exporter[number, 1] = high, low
        known.domain[number] = either32(octets, p + 28, big)


@kernel
def decode(octets, runs, big, biflow, known, columns, notes):  # type: ignore[no-untyped-def]
    """Decode the records of a block that :func:`survey` found.

    Args:
        octets: uint8, the block's records.
        runs: int64 (n, 4), as survey filled them.
        big: whether numbers are most significant octet first.
        biflow: the bit of Detail for records of both directions.
        known: :class:`Known`, added to.
        columns: kernels.records.Columns for as many records as survey found, zeroed but for what all of them fill.
        notes: int64 (len(NOTES),), added to.

    Returns:
        rows filled.

    """
    k = np.int64(0)
    for i in range(len(runs)):
        run = runs[i]
        p, size, kind = run[0], run[1], run[3]
        if kind == RECORD and size >= HEADER:
            _run(octets, run, big, biflow, known, columns, k, notes)
        elif (kind == COMMON and size >= 32) or (kind == COMMON_OLD and size >= 28):
            _old(octets, p, p + size, kind == COMMON_OLD, big, known, columns, k, notes)
        elif kind != RECORD and kind != COMMON and kind != COMMON_OLD:
            _remember(octets, p, size, kind, big, known)
            continue
        k += run[2]
    return k
