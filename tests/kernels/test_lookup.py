"""The look-up kernels against a naive twin that walks all ranges."""

from __future__ import annotations

import ipaddress

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netwatch.kernels.lookup import Index, Ranges, Segments, find, flatten, index

ALL = (1 << 128) - 1
MAPPED = 0xFFFF << 32
Row = tuple[int, int, int]


def halves(numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
    mask = (1 << 64) - 1
    return np.array([n >> 64 for n in numbers], np.uint64), np.array([n & mask for n in numbers], np.uint64)


def ranges_of(rows: list[Row]) -> Ranges:
    first, last = halves([r[0] for r in rows]), halves([r[1] for r in rows])
    return Ranges(*first, *last, np.array([r[2] for r in rows], np.uint32))


def index_of(rows: list[Row]) -> Index:
    return index(flatten(ranges_of(rows)))


def naive(rows: list[Row], address: int) -> int:
    inside = [(last - first, first, at) for at, (first, last, _) in enumerate(rows) if first <= address <= last]
    return rows[min(inside)[2]][2] if inside else 0


def found(rows: list[Row], addresses: list[int]) -> list[int]:
    return find(np.column_stack(halves(addresses)), index_of(rows)).tolist()


v4 = st.integers(0, (1 << 32) - 1).map(lambda n: MAPPED | n)
near = st.sampled_from([0, 1, MAPPED - 1, MAPPED, MAPPED | 0xFFFF_FFFF, (MAPPED | 0xFFFF_FFFF) + 1, ALL - 1, ALL])
address = st.one_of(v4, st.integers(0, ALL), near, st.integers(0, 40).map(lambda n: (0x2001 << 112) + n))
row = st.tuples(address, address, st.integers(1, 5)).map(lambda r: (min(r[:2]), max(r[:2]), r[2]))


@given(st.lists(row, max_size=12), st.lists(address, max_size=20))
@example([], [0, MAPPED, ALL])
@example([(0, ALL, 3)], [0, MAPPED, ALL])
@example([(0x2001 << 112, ALL, 1), (0x2001 << 112, (0x2001 << 112) + 5, 2)], [(0x2001 << 112) + 5, (0x2001 << 112) + 6])
@settings(deadline=None, max_examples=200)
def test_find_agrees_with_walking_all_ranges(rows: list[Row], extra: list[int]) -> None:
    edges = {e for first, last, _ in rows for e in (first, last, max(first - 1, 0), min(last + 1, ALL))}
    asked = [*edges, *extra]
    assert found(rows, asked) == [naive(rows, a) for a in asked]


@given(st.lists(row, max_size=12))
@settings(deadline=None, max_examples=100)
def test_segments_are_disjoint_ordered_and_merged(rows: list[Row]) -> None:
    high, low, value = flatten(ranges_of(rows))
    starts = [int(h) << 64 | int(x) for h, x in zip(high, low, strict=True)]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert all(value[1:] != value[:-1])


def test_longest_prefix_wins_whatever_the_order() -> None:
    written = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "2001:db8::/32", "2001:db8:1::/48"]
    networks = [ipaddress.ip_network(w) for w in written]
    base = [0 if n.version == 6 else MAPPED for n in networks]
    rows = [(b | int(n[0]), b | int(n[-1]), i + 1) for i, (b, n) in enumerate(zip(base, networks, strict=True))]
    asked = ["10.9.9.9", "10.1.9.9", "10.1.2.9", "10.1.2.3", "11.0.0.0", "2001:db8::1", "2001:db8:1::1", "2001:db9::"]
    ips = [ipaddress.ip_address(a) for a in asked]
    addresses = [int(ip) if ip.version == 6 else MAPPED | int(ip) for ip in ips]
    for order in (rows, rows[::-1]):
        assert found(order, addresses) == [1, 2, 3, 4, 0, 5, 6, 0]


def test_a_range_that_ends_before_it_begins_is_ignored() -> None:
    assert found([(MAPPED | 9, MAPPED | 5, 1), (MAPPED | 5, MAPPED | 6, 2)], [MAPPED | 5, MAPPED | 9]) == [2, 0]


def test_no_segments_at_all() -> None:
    nothing = Segments(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint32))
    assert find(np.array([[0, MAPPED | 7], [1, 1]], np.uint64), index(nothing)).tolist() == [0, 0]
