"""Data records of flow exports to columns: every record of every set of a batch in one pass.

A layout says where the fields of a template's records lie and what becomes of them. Records of fixed size
are decoded field by field over a set, so that the inner loops are tight; those with fields of variable
length one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel, part
from netwatch.kernels.load import be16, be32, be64
from netwatch.kernels.moments import (
    ADDRESS4,
    ADDRESS6,
    BOTH,
    DAY,
    FOUR,
    HAS_BOOT,
    HAS_ICMP,
    HAS_INITIAL,
    HAS_SPAN,
    HAS_UPTIME,
    ONE,
    SECONDS,
    SKIP,
    TWO,
    UPTIME,
    WIDE,
    booted,
    instant,
    settle,
    signed,
    spanned,
)
from netwatch.kernels.stride import (
    MAPPED,
    spread_address4,
    spread_address6,
    spread_eight,
    spread_four,
    spread_one,
    spread_two,
    spread_uptimes,
)

START, END, OCTETS, PACKETS, REVERSE_OCTETS, REVERSE_PACKETS, INITIATOR, RESPONDER, FRAME, BOOT, LASTING = range(11)
SOURCE, DESTINATION, NEXT_HOP, EXPORTER = range(4)
INGRESS, EGRESS, SOURCE_AS, DESTINATION_AS, NEXT_AS, SAMPLING, DOMAIN, INPUT, SAMPLER = range(9)
SOURCE_PORT, DESTINATION_PORT, FLAGS, REVERSE_FLAGS, VLAN, MINIMUM, MAXIMUM, ICMP, INITIAL, REVERSE_INITIAL = range(10)
PROTOCOL, END_REASON, CLASS, FRAGMENTS, DETAIL, ICMP_TYPE, ICMP_CODE = range(7)
"""Rows of the arrays of Columns. Not kept: BOOT (ns of the exporter's start), LASTING (ns), SAMPLER, ICMP*, and
INITIAL, flags of first packets, which become part of the flags."""

VARIABLE = 0xFFFF


class Layouts(NamedTuple):
    """Layouts by number; the fields of layout i are ``first[i]`` up to ``first[i + 1]``.

    ``size``: octets of a record, where fields vary the least. ``varies``: whether a field has a length of its own.
    ``has``: uint8 (layouts, 8): whether a record tells start, end, the exporter's start, a duration, ICMP type and
    code; the bit of Detail for both directions, if it has; whether its times are uptimes; whether it tells the
    flags of first packets apart.
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


class Columns(NamedTuple):
    """Where records go: one row of an array a column, one place in it a record."""

    wide: np.ndarray  # int64 (LASTING + 1, n)
    address: np.ndarray  # uint64 (EXPORTER + 1, n, 2)
    four: np.ndarray  # uint32 (SAMPLER + 1, n)
    two: np.ndarray  # uint16 (REVERSE_INITIAL + 1, n)
    one: np.ndarray  # uint8 (ICMP_CODE + 1, n)

    @classmethod
    def of(cls, n: int) -> Columns:
        """Zeros for ``n`` records."""
        return cls(*(np.zeros((rows, n, *shape), dtype) for rows, shape, dtype in _ARRAYS))

    @classmethod
    def partly(cls, n: int, zeroed: Iterable[tuple[str, int]], room: np.ndarray) -> Columns:
        """For ``n`` records in ``room``, zeros only in the rows named by array and number; others hold anything.

        ``room``: uint8, as many octets as :meth:`room_for` says.
        """
        arrays, at = [], 0
        for rows, shape, dtype in _ARRAYS:
            size = rows * n * dtype.itemsize * math.prod(shape)
            arrays.append(room[at : at + size].view(dtype).reshape(rows, n, *shape))
            at += size
        columns = cls(*arrays)
        for kind, row in zeroed:
            getattr(columns, kind)[row] = 0
        return columns

    @staticmethod
    def room_for(n: int) -> int:
        """Octets of the columns of ``n`` records."""
        return n * sum(rows * dtype.itemsize * math.prod(shape) for rows, shape, dtype in _ARRAYS)


_ARRAYS: tuple[tuple[int, tuple[int, ...], np.dtype], ...] = (
    (LASTING + 1, (), np.dtype(np.int64)),
    (EXPORTER + 1, (2,), np.dtype(np.uint64)),
    (SAMPLER + 1, (), np.dtype(np.uint32)),
    (REVERSE_INITIAL + 1, (), np.dtype(np.uint16)),
    (ICMP_CODE + 1, (), np.dtype(np.uint8)),
)
"""Of the arrays of Columns: rows, shape of a place, type; the widest first, so that each lies where its type may."""


@part
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


@part
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
            columns.wide[row, r] = instant(operation, value, length, export, uptime)


@part
def _stride(columns, operation, row, first, count, octets, p, size, length):  # type: ignore[no-untyped-def]
    """Decode one field of ``count`` records at once, if it is of a common kind; whether it was."""
    if operation == ADDRESS4:
        spread_address4(columns.address[row], first, octets, p, size, count, row != NEXT_HOP)
    elif operation == ADDRESS6:
        spread_address6(columns.address[row], first, octets, p, size, count)
    elif operation == WIDE and length == 8:
        spread_eight(columns.wide[row], first, octets, p, size, count)
    elif operation == WIDE and length == 4:
        spread_four(columns.wide[row], first, octets, p, size, count)
    elif operation == FOUR and length == 4:
        spread_four(columns.four[row], first, octets, p, size, count)
    elif operation == FOUR and length == 2:
        spread_two(columns.four[row], first, octets, p, size, count)
    elif operation == TWO and length == 2:
        spread_two(columns.two[row], first, octets, p, size, count)
    elif operation == TWO and length == 1:
        spread_one(columns.two[row], first, octets, p, size, count)
    elif operation == ONE and length == 1:
        spread_one(columns.one[row], first, octets, p, size, count)
    else:
        return False
    return True


@part
def _instants(columns, operation, row, first, count, octets, p, size, length, export, uptime):  # type: ignore[no-untyped-def]
    """Decode a point in time of ``count`` records."""
    if operation == UPTIME and length == 4:
        spread_uptimes(columns.wide[row], first, octets, p, size, count, export, uptime)
        return
    wide = columns.wide[row, first : first + count]
    for k in range(count):
        wide[k] = instant(operation, unsigned(octets, p + k * size, length), length, export, uptime)


@kernel
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


@part
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


@part
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


@part
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


@part
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


@part
def _icmp(columns, first, last):  # type: ignore[no-untyped-def]
    """Write ICMP type and code where the destination port goes, as NetFlow v5 does."""
    for k in range(first, last):
        if columns.two[DESTINATION_PORT, k] == 0 and columns.one[PROTOCOL, k] in (1, 58):
            told = np.uint16(columns.one[ICMP_TYPE, k]) << np.uint16(8) | np.uint16(columns.one[ICMP_CODE, k])
            columns.two[DESTINATION_PORT, k] = columns.two[ICMP, k] | told


@kernel
def decode(octets, sets, messages, layouts, columns, notes):  # type: ignore[no-untyped-def]
    """Decode the records of ``sets``, counted by :func:`measure`, into ``columns`` from row ``row - sets[0].row`` on.

    Args:
        octets: uint8, what the sets lie in.
        sets: array of SET.
        messages: array of MESSAGE.
        layouts: :class:`Layouts`.
        columns: :class:`Columns`, zeroed but for what every layout fills.
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
                booted(columns.wide, k, boot, export, notes)
        if has[HAS_SPAN]:
            for k in range(first, last):
                spanned(columns.wide, k, has, export)
        latest = max(export, np.int64(message.time)) + DAY
        settle(columns.wide[START, first:last], columns.wide[END, first:last], export, latest, notes)
        _fill(columns, message, first, last, group.sampling, has[BOTH])
        if has[HAS_ICMP]:
            _icmp(columns, first, last)
        if has[HAS_INITIAL]:
            for k in range(first, last):
                columns.two[FLAGS, k] |= columns.two[INITIAL, k]
                columns.two[REVERSE_FLAGS, k] |= columns.two[REVERSE_INITIAL, k]
