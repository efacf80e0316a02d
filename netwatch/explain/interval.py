"""Intervals of shares and of what is left without a cell: a moving-block bootstrap over the slots of each window
(Künsch 1989), with a fixed seed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

BLOCKS_NEEDED = 3


class Intervals(NamedTuple):
    """Edges of 95 % intervals, float64 (cells,) each, NaN where not known: of each cell's share of the whole change,
    and of the ratio, after to before, of all the rest without the cell.
    """

    low: np.ndarray
    high: np.ndarray
    without_low: np.ndarray
    without_high: np.ndarray

    @classmethod
    def unknown(cls, cells: int) -> Intervals:
        """Nothing known of any cell."""
        return cls(*(np.full(cells, np.nan) for _ in cls._fields))


def intervals(
    before: np.ndarray, after: np.ndarray, seconds: tuple[float, float], draws: tuple[int, int, int]
) -> Intervals:
    """The intervals of every cell.

    ``before``, ``after`` float64 (cells, slots): all cells of each window, so that their columns sum to its whole.
    ``seconds``: observed length of each window. ``draws``: (resamples, slots in a block, seed). Deviations are widened
    by sqrt(b / (b - 1)) for b independent blocks. Unknown with fewer than three blocks on a side.
    """
    resamples, block, seed = draws
    fewest = min(before.shape[1], after.shape[1])
    block = max(1, min(block, fewest // BLOCKS_NEEDED))
    blocks = fewest // block
    if blocks < BLOCKS_NEEDED:
        return Intervals.unknown(len(before))
    generator = np.random.default_rng(seed)
    sums = [_resampled(side, block, resamples, generator) for side in (before, after)]
    drawn = (sums[0] / seconds[0], sums[1] / seconds[1])
    seen = (before.sum(axis=1) / seconds[0], after.sum(axis=1) / seconds[1])
    widen = math.sqrt(blocks / (blocks - 1))
    low, high = _edges(_without(*seen), _without(*drawn), widen)
    return Intervals(*_edges(_shares(*seen), _shares(*drawn), widen), np.maximum(low, 0.0), high)


def _shares(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Each cell's share of the rise; cells lie along the last axis."""
    added = after - before
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: np.ndarray = added / added.sum(axis=-1, keepdims=True)
    return shares


def _without(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Ratio, after to before, of all cells but each."""
    rest = [np.clip(side.sum(axis=-1, keepdims=True) - side, 0, None) for side in (before, after)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: np.ndarray = rest[1] / rest[0]
    return ratio


def _edges(centre: np.ndarray, drawn: np.ndarray, widen: float) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of each cell about its centre; NaN where the centre or a draw has no value."""
    known = np.isfinite(centre) & np.isfinite(drawn).all(axis=0)
    low, high = np.quantile(np.where(known, drawn, 0.0), [0.025, 0.975], axis=0)
    middle = np.where(known, centre, np.nan)
    return middle + np.minimum(low - middle, 0) * widen, middle + np.maximum(high - middle, 0) * widen


def _resampled(side: np.ndarray, block: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """(resamples, cells): sums over as many slots as there are, drawn in blocks that wrap at the end."""
    slots = side.shape[1]
    starts = generator.integers(0, slots, (resamples, math.ceil(slots / block)))
    chosen = ((starts[:, :, None] + np.arange(block)) % slots).reshape(resamples, -1)[:, :slots]
    weights = np.zeros((resamples, slots))
    np.add.at(weights, (np.arange(resamples)[:, None], chosen), 1.0)
    total: np.ndarray = weights @ side.T
    return total
