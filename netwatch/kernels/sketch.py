"""Distinct addresses by (row, bin): exact while few, HyperLogLog beyond.

Flajolet et al. 2007 with 256 registers (standard error 6.5 %) and the estimator of Ertl 2017 (arXiv 1702.01284), which
needs no bias table. The hash is fixed, so that equal input gives equal counts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel, part

REGISTERS = 256
EXACT = 32
"""Addresses of a bin that are kept as they are; their words hold the registers later."""
_SKETCH = np.uint64(EXACT + 1)
_56 = np.uint64(56)
_8 = np.uint64(8)
_3 = np.uint64(3)
_7 = np.uint64(7)
_BYTE = np.uint64(255)
_ZERO = np.uint64(0)
_RANKS = 56
LIFE = 2048
"""Bins of one flow in which its peer is counted; of a longer life the first ones."""


class Pages(NamedTuple):
    """Sketches on demand: ``table`` int32 (rows, bins): page, -1 none, -2 none left; ``pool`` uint64 (pages, 33):
    a word that says how many addresses are kept exactly (33: a sketch), then these, or 256 registers of an octet.
    """

    table: np.ndarray
    pool: np.ndarray


@kernel
def _hashed(addresses, out):  # type: ignore[no-untyped-def]
    for i in range(addresses.shape[0]):
        x = addresses[i, 0] * np.uint64(0x9E3779B97F4A7C15) + addresses[i, 1]
        for _ in range(2):
            x = x + np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x = x ^ (x >> np.uint64(31))
        out[i] = x if x != _ZERO else np.uint64(1)


def hashed(addresses: np.ndarray) -> np.ndarray:
    """uint64 (n,): a hash of each (n, 2) address, never 0 (the finaliser of SplitMix64, twice)."""
    out = np.empty(len(addresses), np.uint64)
    _hashed(addresses, out)
    return out


@part
def _register(page, value):  # type: ignore[no-untyped-def]
    """Raise the register that a hash falls to: the top octet picks it, the rank is that of the first 1 after it."""
    at = value >> _56
    rest = value << _8
    rank = np.uint64(1)
    while rank <= np.uint64(_RANKS) and not rest >> np.uint64(63):
        rest = rest << np.uint64(1)
        rank += np.uint64(1)
    word = np.int64(1) + np.int64(at >> _3)
    shift = (at & _7) * _8
    if (page[word] >> shift) & _BYTE < rank:
        page[word] = (page[word] & ~(_BYTE << shift)) | (rank << shift)


@part
def _note(page, value, kept):  # type: ignore[no-untyped-def]
    """Add one hash to a page, which becomes a sketch when it is full."""
    held = page[0]
    if held == _SKETCH:
        _register(page, value)
        return
    for i in range(np.int64(held)):
        if page[i + 1] == value:
            return
    if held < np.uint64(EXACT):
        page[np.int64(held) + 1] = value
        page[0] = held + np.uint64(1)
        return
    for i in range(EXACT):
        kept[i] = page[i + 1]
        page[i + 1] = _ZERO
    page[0] = _SKETCH
    for i in range(EXACT):
        _register(page, kept[i])
    _register(page, value)


@kernel
def _note_all(peers, bins, rows, pages, state, kept):  # type: ignore[no-untyped-def]
    first, last = bins
    for i in range(state[1], peers.size):
        if peers[i] == _ZERO:
            continue
        for k in range(rows.shape[1]):
            row = rows[i, k]
            if row < 0:
                continue
            for b in range(first[i], min(last[i], first[i] + LIFE) + 1):
                page = pages.table[row, b]
                if page == -1:
                    if state[0] < pages.pool.shape[0]:
                        page = np.int32(state[0])
                        pages.table[row, b] = page
                        state[0] += 1
                    elif state[2]:
                        pages.table[row, b] = -2
                        continue
                    else:
                        return i
                if page >= 0:
                    _note(pages.pool[page], peers[i], kept)
    return peers.size


def note(
    peers: np.ndarray, first: np.ndarray, last: np.ndarray, rows: np.ndarray, pages: Pages, state: np.ndarray
) -> int:
    """Count peers in the bins of their flows; returns the flow at which pages ran out, or the number of flows.

    ``peers`` uint64 (n,): hash, 0 none. ``first``, ``last`` int64 (n,): bins. ``rows`` int64 (n, k): rows, -1 none.
    ``state`` int64 (3,): pages in use, the flow to begin with, and 1 where no more pages can be had.
    """
    return int(_note_all(peers, (first, last), rows, pages, state, np.empty(EXACT, np.uint64)))


@part
def _sigma(x):  # type: ignore[no-untyped-def]
    if x == 1.0:
        return np.inf
    y, z = 1.0, x
    while True:
        x = x * x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


@part
def _tau(x):  # type: ignore[no-untyped-def]
    if x == 0.0 or x == 1.0:
        return 0.0
    y, z = 1.0, 1.0 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1.0 - x) * (1.0 - x) * y
        if z == before:
            return z / 3.0


@part
def _estimate(page, counts):  # type: ignore[no-untyped-def]
    """Ertl 2017, algorithm 6."""
    for k in range(counts.size):
        counts[k] = 0
    for r in range(REGISTERS):
        counts[np.int64((page[1 + (r >> 3)] >> (np.uint64(r & 7) * _8)) & _BYTE)] += 1
    z = REGISTERS * _tau(1.0 - counts[_RANKS + 1] / REGISTERS)
    for k in range(_RANKS, 0, -1):
        z = 0.5 * (z + counts[k])
    z += REGISTERS * _sigma(counts[0] / REGISTERS)
    return REGISTERS * REGISTERS / (2.0 * math.log(2.0)) / z


@kernel
def _distinct(pages, row, counts, out):  # type: ignore[no-untyped-def]
    for b in range(out.size):
        page = pages.table[row, b]
        if page == -2:
            out[b] = np.nan
        elif page >= 0:
            held = pages.pool[page, 0]
            out[b] = _estimate(pages.pool[page], counts) if held == _SKETCH else np.float64(held)


def distinct(pages: Pages, row: int) -> np.ndarray:
    """float64 (bins,): addresses counted in each bin of a row; NaN where no page was left for it."""
    out = np.zeros(pages.table.shape[1])
    _distinct(pages, row, np.empty(_RANKS + 2, np.int64), out)
    return out
