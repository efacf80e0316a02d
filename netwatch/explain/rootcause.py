"""The few cells of several dimensions in which leaves deviate from what was expected: a matching pursuit over cells.

A leaf is a combination of one value per dimension with an expected and an actual amount. Its deviation is
2 (actual - expected) / (actual + expected), as in Squeeze (Li et al., ISSRE 2019): all leaves below one cause deviate
alike. The sum of squares that a cell's mean deviation explains, n * mean^2, is largest for the cell that is the cause:
its parents hold more leaves and a smaller mean, its children the same mean and fewer leaves. Leaves may weigh
differently; then sums are weighted, and n is the sum of weights. The cell that tells most is taken, its leaves are set
aside, and so on, as in matching pursuit (Mallat and Zhang 1993), until no cell tells more than the largest of as many
leaves of noise would: the tail of the remaining deviations is taken as exponential (peaks over threshold), so that
noise heavier than normal makes no causes.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_COUNTABLE = 1 << 18
"""Cells that are counted as they are; of more only those that occur are numbered."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """``cells``: most cells sought. ``purity``: least part of a cell's leaves that must be nearer to the cell's mean
    deviation than to none. ``chance``: of a cell that only noise makes. ``floor``: smallest deviation that is believed.
    ``simpler``: part of what the best cell explains that a cell of fewer dimensions must explain to take its place.
    """

    cells: int = 10
    purity: float = 0.75
    chance: float = 0.01
    floor: float = 0.02
    simpler: float = 0.97


class Cause(NamedTuple):
    """A cell: ``values`` holds (dimension, code) pairs; ``deviation`` is its leaves' mean, ``gain`` the sum of squares
    that it explains, ``leaves`` how many it has.
    """

    values: tuple[tuple[int, int], ...]
    deviation: float
    gain: float
    leaves: int


def find_causes(
    codes: np.ndarray,
    expected: np.ndarray,
    actual: np.ndarray,
    options: SearchOptions | None = None,
    weights: np.ndarray | None = None,
) -> list[Cause]:
    """The causes of a change, the one that explains most first.

    ``codes`` integers (leaves, dimensions) from 0; ``expected`` and ``actual`` float64 (leaves,), not negative;
    ``weights`` float64 (leaves,), how much a leaf's deviation counts, alike where not given.
    """
    options = options or SearchOptions()
    whole = expected + actual
    used = whole > 0
    codes, whole = codes[used], whole[used]
    if not len(codes):
        return []
    deviation = 2 * (actual[used] - expected[used]) / whole
    weight = np.ones(len(codes)) if weights is None else weights[used] * (len(codes) / weights[used].sum())
    dimensions = range(codes.shape[1])
    cuboids = [c for n in dimensions for c in itertools.combinations(dimensions, n + 1)]
    places = [_places(codes[:, list(c)]) for c in cuboids]
    left = np.ones(len(codes), bool)
    causes: list[Cause] = []
    while len(causes) < options.cells and left.any():
        best = _best(places, deviation, weight * left, options)
        if best is None:
            break
        cuboid, place, gain, mean = best
        if gain < largest_noise((np.abs(deviation) * np.sqrt(weight))[left], options) ** 2:
            break
        inside = left & (places[cuboid] == place)
        row = int(np.flatnonzero(places[cuboid] == place)[0])
        values = tuple((d, int(codes[row, d])) for d in cuboids[cuboid])
        causes.append(Cause(values, mean, gain, int(inside.sum())))
        left &= ~inside
    return causes


def _places(codes: np.ndarray) -> np.ndarray:
    """Number of each leaf's cell, int64 (leaves,), small enough to count by."""
    sizes = tuple(int(column.max()) + 1 for column in codes.T)
    if math.prod(sizes) <= _COUNTABLE:
        cells: np.ndarray = np.ravel_multi_index(tuple(codes.T), sizes)
        return cells
    place = np.zeros(len(codes), np.int64)
    for column in codes.T:
        place = np.unique(place * (int(column.max()) + 1) + column, return_inverse=True)[1].astype(np.int64)
    return place


def largest_noise(sizes: np.ndarray, options: SearchOptions) -> float:
    """The size that no deviation of noise exceeds, but with the given chance, from the sizes of all deviations.

    The least of three exponential tails, fitted beyond the median, the upper quarter and the upper tenth: causes that
    are not yet set aside lie in the upper tail and would make the noise look larger than it is.
    """
    bounds = []
    for upper, further in ((0.5, 0.75), (0.75, 0.9), (0.9, 0.975)):
        low, high = np.quantile(sizes, [upper, further])
        scale = (high - low) / math.log((1 - upper) / (1 - further))
        bounds.append(low + scale * math.log(max((1 - upper) * len(sizes), 1) / options.chance))
    return max(float(min(bounds)), options.floor)


def _best(
    places: list[np.ndarray], deviation: np.ndarray, weight: np.ndarray, options: SearchOptions
) -> tuple[int, int, float, float] | None:
    """(cuboid, place, explained, mean) of the pure cell that explains most; a simpler cell that does nearly as well."""
    found: list[tuple[int, int, float, float]] = []
    for cuboid, place in enumerate(places):
        number = np.bincount(place, weight)
        total = np.bincount(place, weight * deviation)
        mean = np.divide(total, number, out=np.zeros_like(total), where=number > 0)
        alike = np.abs(deviation - mean[place]) < np.abs(deviation)
        pure = np.bincount(place, weight * alike) >= options.purity * np.maximum(number, 1)
        gain = np.where(pure, total * mean, 0.0)
        at = int(np.argmax(gain))
        if gain[at] > 0:
            found.append((cuboid, at, float(gain[at]), float(mean[at])))
    if not found:
        return None
    most = max(gain for _, _, gain, _ in found)
    return next(f for f in found if f[2] >= options.simpler * most)
