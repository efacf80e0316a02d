"""Address → value by sorted, disjoint segments that cover each family's whole address space.

Overlapping ranges are flattened once (:func:`flatten`: the most specific wins), so that a look-up is one search for the
last segment that does not begin after the address. IPv4 goes through a first-level index over the leading 16 bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel, part

MAPPED_LOW = np.uint64(0xFFFF << 32)
_MAPPED_TOP = np.uint64(0xFFFF)
_MASK32 = np.uint64(0xFFFF_FFFF)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_32 = np.uint64(32)
_48 = np.uint64(48)


class Index(NamedTuple):
    """Segments of both families; value 0 means none.

    ``v4_first`` uint32 (k,): first address of each segment, the first one 0; ``v4_value`` uint32 (k,).
    ``v4_bucket`` int64 (65537,): the segment that holds address ``b << 16``, and k - 1 at the end.
    ``high``, ``low`` uint64 (m,): first address of each segment of the 128-bit space; ``value`` uint32 (m,).
    ``bucket`` int64 (65537,): the segment that holds the 128-bit address ``b << 112``, and m - 1 at the end.
    """

    v4_first: np.ndarray
    v4_value: np.ndarray
    v4_bucket: np.ndarray
    high: np.ndarray
    low: np.ndarray
    value: np.ndarray
    bucket: np.ndarray


class Ranges(NamedTuple):
    """Inclusive address ranges in 128-bit form (IPv4 mapped), uint64 halves (n,), and a uint32 value each."""

    first_high: np.ndarray
    first_low: np.ndarray
    last_high: np.ndarray
    last_low: np.ndarray
    value: np.ndarray


class Segments(NamedTuple):
    """Disjoint cover of the 128-bit space: each segment ends where the next begins; neighbours differ in value."""

    high: np.ndarray
    low: np.ndarray
    value: np.ndarray


@part
def _narrower(a, b, size_high, size_low):  # type: ignore[no-untyped-def]
    """Whether range ``a`` is more specific than ``b``: smaller, and among equals the earlier row."""
    if size_high[a] != size_high[b]:
        return size_high[a] < size_high[b]
    if size_low[a] != size_low[b]:
        return size_low[a] < size_low[b]
    return a < b


@part
def _push(heap, n, row, size_high, size_low):  # type: ignore[no-untyped-def]
    at = n
    heap[at] = row
    while at > 0:
        above = (at - 1) // 2
        if not _narrower(heap[at], heap[above], size_high, size_low):
            break
        heap[at], heap[above] = heap[above], heap[at]
        at = above


@part
def _pop(heap, n, size_high, size_low):  # type: ignore[no-untyped-def]
    """Take the top off a heap of ``n``; the caller counts."""
    heap[0] = heap[n - 1]
    at = 0
    while True:
        best = at
        for below in (2 * at + 1, 2 * at + 2):
            if below < n - 1 and _narrower(heap[below], heap[best], size_high, size_low):
                best = below
        if best == at:
            return
        heap[at], heap[best] = heap[best], heap[at]
        at = best


@part
def _before(a_high, a_low, b_high, b_low):  # type: ignore[no-untyped-def]
    return a_high < b_high or (a_high == b_high and a_low < b_low)


@kernel
def _sweep(ranges, size_high, size_low, heap, out):  # type: ignore[no-untyped-def]
    """Walk ranges sorted by first address, the open ones in a heap by size; gives the number of segments."""
    n = ranges.value.size
    held = 0
    count = 0
    i = 0
    high, low = _ZERO, _ZERO
    while True:
        while i < n and not _before(high, low, ranges.first_high[i], ranges.first_low[i]):
            _push(heap, held, i, size_high, size_low)
            held += 1
            i += 1
        while held and _before(ranges.last_high[heap[0]], ranges.last_low[heap[0]], high, low):
            _pop(heap, held, size_high, size_low)
            held -= 1
        out.high[count] = high
        out.low[count] = low
        out.value[count] = ranges.value[heap[0]] if held else 0
        count += 1
        if held:
            end_high, end_low = ranges.last_high[heap[0]], ranges.last_low[heap[0]]
            if i < n and not _before(end_high, end_low, ranges.first_high[i], ranges.first_low[i]):
                high, low = ranges.first_high[i], ranges.first_low[i]
                continue
            if end_low == _ALL and end_high == _ALL:
                return count
            low = end_low + _ONE
            high = end_high + (_ONE if low == _ZERO else _ZERO)
        elif i < n:
            high, low = ranges.first_high[i], ranges.first_low[i]
        else:
            return count


def flatten(ranges: Ranges) -> Segments:
    """Disjoint segments in which the most specific range wins: the smallest, among equals the one that begins
    first, then the first given.

    Ranges whose last address comes before their first are ignored.
    """
    ordered = (ranges.first_high < ranges.last_high) | (
        (ranges.first_high == ranges.last_high) & (ranges.first_low <= ranges.last_low)
    )
    kept = Ranges(*(column[ordered] for column in ranges))
    order = np.lexsort((kept.first_low, kept.first_high))
    kept = Ranges(*(np.ascontiguousarray(column[order]) for column in kept))
    size_low = kept.last_low - kept.first_low
    size_high = kept.last_high - kept.first_high - (kept.last_low < kept.first_low).astype(np.uint64)
    space = 2 * len(kept.value) + 2
    out = Segments(np.empty(space, np.uint64), np.empty(space, np.uint64), np.empty(space, np.uint32))
    count = _sweep(kept, size_high, size_low, np.empty(len(kept.value) + 1, np.int64), out)
    return merged(Segments(*(column[:count] for column in out)))


def merged(segments: Segments) -> Segments:
    """Neighbours of equal value made one."""
    changes = np.ones(len(segments.value), bool)
    changes[1:] = segments.value[1:] != segments.value[:-1]
    return Segments(*(column[changes] for column in segments))


def index(segments: Segments) -> Index:
    """Make segments ready for :func:`find`."""
    high, low, value = segments
    inside = (high == 0) & (low >> _32 == _MAPPED_TOP)
    first = (low[inside] & _MASK32).astype(np.uint32)
    at = np.flatnonzero(inside)
    if not len(first) or first[0] != 0:
        # The segment that runs into ::ffff:0:0 from below also holds 0.0.0.0.
        before = np.searchsorted(np.where(high == 0, low, _ALL), MAPPED_LOW, side="right") - 1
        first = np.concatenate([np.zeros(1, np.uint32), first])
        at = np.concatenate([np.array([max(before, 0)]), at])
    v4_value = value[at] if len(value) else np.zeros(len(first), np.uint32)
    edges = np.arange(65536, dtype=np.uint64) << np.uint64(16)
    bucket = np.searchsorted(first, edges.astype(np.uint32), side="right") - 1
    bucket = np.append(bucket, len(first) - 1).astype(np.int64)
    if not len(value):
        high, low, value = np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.uint32)
    # A segment that begins at b << 112 exactly has low half 0; one that begins later in its /64 comes after.
    begins_after = np.searchsorted(high, np.arange(65536, dtype=np.uint64) << np.uint64(48), side="left")
    exact = np.minimum(begins_after, len(high) - 1)
    hit = (high[exact] == np.arange(65536, dtype=np.uint64) << np.uint64(48)) & (low[exact] == 0)
    top = np.append(np.where(hit, exact, begins_after - 1), len(high) - 1).astype(np.int64)
    high, low, value = (np.ascontiguousarray(column) for column in (high, low, value))
    return Index(first, v4_value.astype(np.uint32), bucket, high, low, value, top)


@part
def _within(index, first, last, high, low):  # type: ignore[no-untyped-def]
    """The last segment from ``first`` to ``last`` that does not begin after an address; ``first`` does not."""
    while first < last:
        middle = (first + last + 1) >> 1
        if _before(high, low, index.high[middle], index.low[middle]):
            last = middle - 1
        else:
            first = middle
    return first


@kernel
def _find(addresses, index, out):  # type: ignore[no-untyped-def]
    for i in range(addresses.shape[0]):
        high, low = addresses[i, 0], addresses[i, 1]
        if high == _ZERO and low >> _32 == _MAPPED_TOP:
            address = np.uint32(low & _MASK32)
            base = index.v4_bucket[address >> np.uint32(16)]
            n = index.v4_bucket[(address >> np.uint32(16)) + np.uint32(1)] - base + 1
            while n > 1:
                half = n >> 1
                base += half * (index.v4_first[base + half] <= address)
                n -= half
            out[i] = index.v4_value[base]
        else:
            base = index.bucket[high >> _48]
            n = index.bucket[(high >> _48) + _ONE] - base + 1
            first = base
            while n > 1:
                half = n >> 1
                base += half * (index.high[base + half] <= high)
                n -= half
            if index.high[base] == high and index.low[base] > low:  # seldom: segments that begin inside of a /64
                base = _within(index, first, base, high, low)
            out[i] = index.value[base]


def find(addresses: np.ndarray, index: Index) -> np.ndarray:
    """uint32 (n,): the value at each row of an (n, 2) uint64 array of mapped addresses; 0 where there is none."""
    out = np.empty(len(addresses), np.uint32)
    _find(addresses, index, out)
    return out
