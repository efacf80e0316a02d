"""Data records of flow exports to columns: every record of every set of a batch in one pass.

A layout says where the fields of a template's records lie and what becomes of them. Records of fixed size
are decoded field by field over a set, so that the inner loops are tight; those with fields of variable
length one after the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from netwatch.kernels.load import be16, be32, be64

START, END, OCTETS, PACKETS, REVERSE_OCTETS, REVERSE_PACKETS, INITIATOR, RESPONDER, FRAME, BOOT, LASTING = range(11)
SOURCE, DESTINATION, NEXT_HOP, EXPORTER = range(4)
INGRESS, EGRESS, SOURCE_AS, DESTINATION_AS, NEXT_AS, SAMPLING, DOMAIN, INPUT, SAMPLER = range(9)
SOURCE_PORT, DESTINATION_PORT, FLAGS, REVERSE_FLAGS, VLAN, MINIMUM, MAXIMUM, ICMP = range(8)
PROTOCOL, END_REASON, CLASS, FRAGMENTS, DETAIL, ICMP_TYPE, ICMP_CODE = range(7)
"""Rows of the arrays of Columns. Not kept: BOOT (ns of the exporter's start), LASTING (ns), SAMPLER, ICMP*."""

WIDE, FOUR, TWO, ONE, ADDRESS4, ADDRESS6, SECONDS, MILLISECONDS, NTP_MICRO, NTP_NANO, UPTIME, BEFORE = range(12)
MICRO_SPAN, MILLI_SPAN, SKIP = range(12, 15)
"""What becomes of a field: an unsigned number of so many octets, an address, a point in time (UPTIME: ms since the
exporter started; BEFORE: µs before the export; NTP_*: RFC 7011 sections 6.1.9 and 6.1.10), a span of time, nothing."""

MAPPED = np.uint64(0xFFFF_0000_0000)
WIDEST = np.int64(0x7FFF_FFFF_FFFF_FFFF)
SECOND = np.int64(1_000_000_000)
NTP_EPOCH = np.int64(2_208_988_800)
"""Seconds from 1900 to 1970."""
LATEST = np.int64(9_223_372_036) * SECOND
"""The year 2262: the last second that fits."""
DAY = 86_400 * SECOND
LONGEST = 366 * DAY
"""A flow that lasts longer, or ended so long before its export, has wrong times."""
VARIABLE = 0xFFFF

NO_TIME, REVERSED, FUTURE, PAST, NO_BOOT = range(5)
TIME_NOTES = {
    NO_TIME: "record without times (time of export used)",
    REVERSED: "record that starts after its end (its end used for both)",
    FUTURE: "record over a day later than its export (time of export used)",
    PAST: "record over a year before its export (its own times used)",
    NO_BOOT: "record with uptimes of an exporter that does not tell its start (time of export used as its end)",
}


class Layouts(NamedTuple):
    """Layouts by number; the fields of layout i are ``first[i]`` up to ``first[i + 1]``.

    ``size``: octets of a record, where fields vary the least. ``varies``: whether a field has a length of its own.
    ``has``: uint8 (layouts, 7): whether a record tells start, end, the exporter's start, a duration, ICMP type and
    code; the bit of Detail for both directions, if it has; whether its times are uptimes.
    ``operation``, ``row``, ``offset``, ``length``: of each field; ``offset`` only where no field varies.
    """

    first: np.ndarray
    size: np.ndarray
    varies: np.ndarray
    has: np.ndarray
    operation: np.ndarray
    row: np.ndarray
    offset: np.ndarray
    length: np.ndarray


HAS_START, HAS_END, HAS_BOOT, HAS_SPAN, HAS_ICMP, BOTH, HAS_UPTIME = range(7)


class Columns(NamedTuple):
    """Where records go: one row of an array a column, one place in it a record."""

    wide: np.ndarray  # int64 (LASTING + 1, n)
    address: np.ndarray  # uint64 (EXPORTER + 1, n, 2)
    four: np.ndarray  # uint32 (SAMPLER + 1, n)
    two: np.ndarray  # uint16 (ICMP + 1, n)
    one: np.ndarray  # uint8 (ICMP_CODE + 1, n)

    @classmethod
    def of(cls, n: int) -> Columns:
        """Zeros for ``n`` records."""
        return cls(
            np.zeros((LASTING + 1, n), np.int64),
            np.zeros((EXPORTER + 1, n, 2), np.uint64),
            np.zeros((SAMPLER + 1, n), np.uint32),
            np.zeros((ICMP + 1, n), np.uint16),
            np.zeros((ICMP_CODE + 1, n), np.uint8),
        )


@njit(cache=True, nogil=True, boundscheck=True)
def unsigned(octets, p, length):  # type: ignore[no-untyped-def]
    """Unsigned number in network order of one to eight octets, as uint64."""
    if length == 4:
        return np.uint64(be32(octets, p))
    if length == 2:
        return np.uint64(be16(octets, p))
    if length == 1:
        return np.uint64(octets[p])
    if length == 8:
        return be64(octets, p)
    v = np.uint64(0)
    for k in range(length):
        v = v << np.uint64(8) | np.uint64(octets[p + k])
    return v


@njit(cache=True, nogil=True, boundscheck=True)
def signed(value):  # type: ignore[no-untyped-def]
    """A uint64 as int64, saturated."""
    return np.int64(min(value, np.uint64(WIDEST)))


@njit(cache=True, nogil=True, boundscheck=True)
def _instant(operation, value, length, export, uptime):  # type: ignore[no-untyped-def]
    """Ns since 1970 that a time or span field tells, 0 where it tells none."""
    number = signed(value)
    if operation in (NTP_MICRO, NTP_NANO):
        seconds = np.int64(value >> np.uint64(32))
        seconds += np.int64(1 << 32) if seconds < np.int64(1 << 31) else np.int64(0)
        fraction = np.int64(((value & np.uint64(0xFFFFFFFF)) * np.uint64(SECOND)) >> np.uint64(32))
        instant = (seconds - NTP_EPOCH) * SECOND + fraction
        if instant <= export + DAY or value == 0:
            return instant if value else np.int64(0)
        # Some exporters count µs or ns from 1970 instead; as NTP such numbers are of 2036 and later.
        return number * 1_000 if operation == NTP_MICRO and number < LATEST // 1_000 else number
    if operation == SECONDS:
        return number * SECOND if number < LATEST // SECOND else LATEST
    if operation in (MILLISECONDS, MILLI_SPAN):
        return number * 1_000_000 if number < LATEST // 1_000_000 else LATEST
    if operation == MICRO_SPAN:
        return number * 1_000 if number < LATEST // 1_000 else LATEST
    if operation == BEFORE:
        return export - (number * 1_000 if number < export // 1_000 else export)
    # UPTIME counts in 32 bits and starts again every 49.7 days: the age against the header's own tells.
    age = (np.int64(uptime) - number) & 0xFFFFFFFF
    age -= np.int64(1 << 32) if age >= np.int64(1 << 31) else np.int64(0)
    return export - age * 1_000_000


@njit(cache=True, nogil=True, boundscheck=True)
def _store(columns, operation, row, r, octets, p, length, export, uptime):  # type: ignore[no-untyped-def]
    """Decode one field of record ``r``."""
    if operation == ADDRESS4:
        address = np.uint64(be32(octets, p))
        if address or (row != NEXT_HOP and columns.address[row, r, 1] == 0):
            columns.address[row, r, 0] = np.uint64(0)
            columns.address[row, r, 1] = MAPPED | address
    elif operation == ADDRESS6:
        high, low = be64(octets, p), be64(octets, p + 8)
        if high or low:
            columns.address[row, r, 0], columns.address[row, r, 1] = high, low
    else:
        value = unsigned(octets, p, length)
        if operation == WIDE:
            columns.wide[row, r] = signed(value)
        elif operation == FOUR:
            columns.four[row, r] = np.uint32(min(value, np.uint64(0xFFFFFFFF)))
        elif operation == TWO:
            columns.two[row, r] = np.uint16(min(value, np.uint64(0xFFFF)))
        elif operation == ONE:
            columns.one[row, r] = np.uint8(min(value, np.uint64(0xFF)))
        else:
            columns.wide[row, r] = _instant(operation, value, length, export, uptime)


@njit(cache=True, nogil=True, boundscheck=True)
def _stride(columns, operation, row, first, count, octets, p, size, length):  # type: ignore[no-untyped-def]
    """Decode one field of ``count`` records at once, if it is of a common kind; whether it was."""
    if operation == ADDRESS4:
        addresses = columns.address[row, first : first + count]
        for k in range(count):
            address = np.uint64(be32(octets, p + k * size))
            if address or (row != NEXT_HOP and addresses[k, 1] == 0):
                addresses[k, 0] = np.uint64(0)
                addresses[k, 1] = MAPPED | address
    elif operation == WIDE and (length == 4 or length == 8):
        wide = columns.wide[row, first : first + count]
        for k in range(count):
            wide[k] = be32(octets, p + k * size) if length == 4 else signed(be64(octets, p + k * size))
    elif operation == FOUR and (length == 4 or length == 2):
        four = columns.four[row, first : first + count]
        for k in range(count):
            four[k] = np.uint32(be32(octets, p + k * size) if length == 4 else be16(octets, p + k * size))
    elif operation == TWO and (length == 2 or length == 1):
        two = columns.two[row, first : first + count]
        for k in range(count):
            two[k] = np.uint16(be16(octets, p + k * size) if length == 2 else np.int64(octets[p + k * size]))
    elif operation == ONE and length == 1:
        one = columns.one[row, first : first + count]
        for k in range(count):
            one[k] = octets[p + k * size]
    else:
        return False
    return True


@njit(cache=True, nogil=True, boundscheck=True)
def _instants(columns, operation, row, first, count, octets, p, size, length, export, uptime):  # type: ignore[no-untyped-def]
    """Decode a point in time of ``count`` records."""
    wide = columns.wide[row, first : first + count]
    for k in range(count):
        wide[k] = _instant(operation, unsigned(octets, p + k * size, length), length, export, uptime)


@njit(cache=True, nogil=True, boundscheck=True)
def measure(octets, sets, layouts):  # type: ignore[no-untyped-def]
    """Count the records of every set that has a layout.

    Fills ``count``, and ``row`` as if all records went to one batch; a record that goes beyond its set ends the set
    there: ``end`` is moved to where that record starts.

    Returns:
        (records in all, octets cut off so).

    """
    total = 0
    cut = 0
    for s in range(len(sets)):
        group = sets[s]
        group.row = total
        group.count = 0
        if group.layout < 0:
            continue
        size = np.int64(layouts.size[group.layout])
        if not layouts.varies[group.layout]:
            group.count = (group.end - group.start) // size
        else:
            p = group.start
            while p + size <= group.end:
                q = p
                for f in range(layouts.first[group.layout], layouts.first[group.layout + 1]):
                    length = np.int64(layouts.length[f])
                    if length == VARIABLE:
                        q, length = varying(octets, q, group.end)
                    q += length
                    if q > group.end:
                        break
                if q > group.end:
                    cut += group.end - p
                    group.end = p
                    break
                group.count += 1
                p = q
        total += group.count
    return total, cut


@njit(cache=True, nogil=True, boundscheck=True)
def varying(octets, p, end):  # type: ignore[no-untyped-def]
    """Place and length of the content of a field of variable length (RFC 7011 section 7); beyond ``end`` if cut."""
    if p + 1 > end:
        return end, np.int64(1)
    length = np.int64(octets[p])
    if length < 255:
        return p + 1, length
    if p + 3 > end:
        return end, np.int64(1)
    return p + 3, be16(octets, p + 1)


@njit(cache=True, nogil=True, boundscheck=True)
def _fixed_set(octets, group, layouts, columns, r, export, uptime):  # type: ignore[no-untyped-def]
    size = np.int64(layouts.size[group.layout])
    for f in range(layouts.first[group.layout], layouts.first[group.layout + 1]):
        operation, row, length = layouts.operation[f], layouts.row[f], np.int64(layouts.length[f])
        if operation == SKIP:
            continue
        p = group.start + layouts.offset[f]
        if _stride(columns, operation, row, r, group.count, octets, p, size, length):
            continue
        if operation >= SECONDS:
            _instants(columns, operation, row, r, group.count, octets, p, size, length, export, uptime)
            continue
        for k in range(group.count):
            _store(columns, operation, row, r + k, octets, p + k * size, length, export, uptime)


@njit(cache=True, nogil=True, boundscheck=True)
def _varying_set(octets, group, layouts, columns, r, export, uptime):  # type: ignore[no-untyped-def]
    p = group.start
    for k in range(group.count):
        for f in range(layouts.first[group.layout], layouts.first[group.layout + 1]):
            length = np.int64(layouts.length[f])
            if length == VARIABLE:
                p, length = varying(octets, p, group.end)
            operation = layouts.operation[f]
            # A field of variable length may still hold a number or an address: its length decides.
            fits = 0 < length <= 8
            if operation in (ADDRESS4, ADDRESS6):
                fits = length == (4 if operation == ADDRESS4 else 16)
            if operation != SKIP and fits:
                _store(columns, operation, layouts.row[f], r + k, octets, p, length, export, uptime)
            p += length


@njit(cache=True, nogil=True, boundscheck=True)
def _spanned(wide, r, has, export):  # type: ignore[no-untyped-def]
    """Complete the times of record ``r`` by its duration."""
    span = wide[LASTING, r]
    if has[HAS_START] and not has[HAS_END]:
        wide[END, r] = wide[START, r] + min(span, LATEST - max(wide[START, r], 0))
    elif not has[HAS_START]:
        end = wide[END, r] if has[HAS_END] else export
        wide[START, r], wide[END, r] = end - min(span, end), end


@njit(cache=True, nogil=True, boundscheck=True)
def _booted(wide, r, boot, export, notes):  # type: ignore[no-untyped-def]
    """Times by the exporter's start ``boot``, in ns: they were decoded as if its uptime at the export were 0."""
    if boot <= 0:
        span = wide[END, r] - wide[START, r]
        wide[START, r], wide[END, r] = export - (span if 0 < span < min(LONGEST, export) else 0), export
        notes[NO_BOOT] += 1
        return
    for row in (START, END):
        passed = (wide[row, r] - export) // 1_000_000
        age = ((export - boot) // 1_000_000 - passed) & 0xFFFFFFFF
        age -= np.int64(1 << 32) if age >= np.int64(1 << 31) else np.int64(0)
        wide[row, r] = export - age * 1_000_000


@njit(cache=True, nogil=True, boundscheck=True)
def _settle(starts, ends, export, latest, notes):  # type: ignore[no-untyped-def]
    """Make the times of records usable, and count what was wrong with them."""
    for k in range(len(starts)):
        start, end = starts[k], ends[k]
        # Nearly all records pass this one test.
        if 0 < start <= end <= latest and end >= export - LONGEST:
            continue
        if start <= 0 and end <= 0:
            notes[NO_TIME] += 1
            start, end = export, export
        elif end <= 0:
            end = start
        elif start <= 0:
            start = end
        if end > latest or start > latest:
            notes[FUTURE] += 1
            start, end = export, export
        elif start > end:
            notes[REVERSED] += 1
            start = end
        if end < export - LONGEST:
            notes[PAST] += 1
        starts[k], ends[k] = start, end


@njit(cache=True, nogil=True, boundscheck=True)
def _fill(columns, message, first, last, sampling, both):  # type: ignore[no-untyped-def]
    """Write what the records of a set have in common."""
    exporter = columns.address[EXPORTER, first:last]
    exporter[:, 0] = message.exporter_high
    exporter[:, 1] = message.exporter_low
    columns.wide[FRAME, first:last] = message.frame
    columns.four[DOMAIN, first:last] = message.domain
    columns.one[DETAIL, first:last] = both
    told = columns.four[SAMPLING, first:last]
    for k in range(last - first):
        if told[k] == 0:
            told[k] = sampling


@njit(cache=True, nogil=True, boundscheck=True)
def _icmp(columns, first, last):  # type: ignore[no-untyped-def]
    """Write ICMP type and code where the destination port goes, as NetFlow v5 does."""
    for k in range(first, last):
        if columns.two[DESTINATION_PORT, k] == 0 and columns.one[PROTOCOL, k] in (1, 58):
            told = np.uint16(columns.one[ICMP_TYPE, k]) << np.uint16(8) | np.uint16(columns.one[ICMP_CODE, k])
            columns.two[DESTINATION_PORT, k] = columns.two[ICMP, k] | told


@njit(cache=True, nogil=True, boundscheck=True)
def decode(octets, sets, messages, layouts, columns, notes):  # type: ignore[no-untyped-def]
    """Decode the records of ``sets``, counted by :func:`measure`, into ``columns`` from row ``row - sets[0].row`` on.

    Args:
        octets: uint8, what the sets lie in.
        sets: array of SET.
        messages: array of MESSAGE.
        layouts: :class:`Layouts`.
        columns: :class:`Columns`, zeroed.
        notes: int64 (len(TIME_NOTES),), added to.

    """
    base = sets[0].row if len(sets) else 0
    for s in range(len(sets)):
        group = sets[s]
        if group.layout < 0 or group.count == 0:
            continue
        message = messages[group.message]
        first = group.row - base
        last = first + group.count
        has = layouts.has[group.layout]
        export, uptime = np.int64(message.export), np.int64(message.uptime)
        if layouts.varies[group.layout]:
            _varying_set(octets, group, layouts, columns, first, export, uptime)
        else:
            _fixed_set(octets, group, layouts, columns, first, export, uptime)
        if has[HAS_UPTIME] and (has[HAS_BOOT] or message.version == 10):
            for k in range(first, last):
                boot = columns.wide[BOOT, k] if has[HAS_BOOT] else np.int64(message.boot)
                _booted(columns.wide, k, boot, export, notes)
        if has[HAS_SPAN]:
            for k in range(first, last):
                _spanned(columns.wide, k, has, export)
        latest = max(export, np.int64(message.time)) + DAY
        _settle(columns.wide[START, first:last], columns.wide[END, first:last], export, latest, notes)
        _fill(columns, message, first, last, group.sampling, has[BOTH])
        if has[HAS_ICMP]:
            _icmp(columns, first, last)
