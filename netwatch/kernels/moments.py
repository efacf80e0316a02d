"""Points in time of Flow Records: what their fields mean, and what is made of those that cannot be."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import part

START, END, LASTING = 0, 1, 10
"""Rows of times in records.Columns.wide."""
WIDE, FOUR, TWO, ONE, ADDRESS4, ADDRESS6, SECONDS, MILLISECONDS, NTP_MICRO, NTP_NANO, UPTIME, BEFORE = range(12)
MICRO_SPAN, MILLI_SPAN, SKIP = range(12, 15)
"""What becomes of a field: an unsigned number of so many octets, an address, a point in time (UPTIME: ms since the
exporter started; BEFORE: µs before the export; NTP_*: RFC 7011 sections 6.1.9 and 6.1.10), a span of time, nothing."""

WIDEST = np.int64(0x7FFF_FFFF_FFFF_FFFF)
SECOND = np.int64(1_000_000_000)
NTP_EPOCH = np.int64(2_208_988_800)
"""Seconds from 1900 to 1970."""
LATEST = np.int64(9_223_372_036) * SECOND
"""The year 2262: the last second that fits."""
DAY = 86_400 * SECOND
LONGEST = 366 * DAY
"""A flow that lasts longer, or ended so long before its export, has wrong times."""
HAS_START, HAS_END, HAS_BOOT, HAS_SPAN, HAS_ICMP, BOTH, HAS_UPTIME, HAS_INITIAL = range(8)
"""Places in Layouts.has."""

NO_TIME, REVERSED, FUTURE, PAST, NO_BOOT = range(5)
TIME_NOTES = {
    NO_TIME: "record without times (time of export used)",
    REVERSED: "record that starts after its end (its end used for both)",
    FUTURE: "record over a day later than its export (time of export used)",
    PAST: "record over a year before its export (its own times used)",
    NO_BOOT: "record with uptimes of an exporter that does not tell its start (time of export used as its end)",
}


@part
def signed(value):  # type: ignore[no-untyped-def]
    """A uint64 as int64, saturated."""
    return np.int64(min(value, np.uint64(WIDEST)))


@part
def instant(operation, value, length, export, uptime):  # type: ignore[no-untyped-def]
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


@part
def spanned(wide, r, has, export):  # type: ignore[no-untyped-def]
    """Complete the times of record ``r`` by its duration."""
    span = wide[LASTING, r]
    if has[HAS_START] and not has[HAS_END]:
        wide[END, r] = wide[START, r] + min(span, LATEST - max(wide[START, r], 0))
    elif not has[HAS_START]:
        end = wide[END, r] if has[HAS_END] else export
        wide[START, r], wide[END, r] = end - min(span, end), end


@part
def booted(wide, r, boot, export, notes):  # type: ignore[no-untyped-def]
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


@part
def settle(starts, ends, export, latest, notes):  # type: ignore[no-untyped-def]
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
