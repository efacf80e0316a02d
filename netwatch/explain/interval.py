"""Intervals of shares: a moving-block bootstrap over the slots of each window (Künsch 1989), with a fixed seed."""

from __future__ import annotations

import math

import numpy as np

BLOCKS_NEEDED = 3


def share_intervals(
    before: np.ndarray, after: np.ndarray, seconds: tuple[float, float], draws: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of each cell's share of the whole change: (low, high), float64 (cells,).

    ``before``, ``after`` float64 (cells, slots): all cells of each window, so that their columns sum to its whole.
    ``seconds``: observed length of each window. ``draws``: (resamples, slots in a block, seed). Deviations are widened
    by sqrt(b / (b - 1)) for b independent blocks. NaN with fewer than three blocks on a side.
    """
    cells = len(before)
    resamples, block, seed = draws
    fewest = min(before.shape[1], after.shape[1])
    block = max(1, min(block, fewest // BLOCKS_NEEDED))
    blocks = fewest // block
    unknown = np.full(cells, np.nan)
    if blocks < BLOCKS_NEEDED:
        return unknown, unknown.copy()
    generator = np.random.default_rng(seed)
    sums = [_resampled(side, block, resamples, generator) for side in (before, after)]
    added = sums[1] / seconds[1] - sums[0] / seconds[0]
    whole = added.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(whole == 0, np.nan, added / whole)
        change = after.sum(axis=1) / seconds[1] - before.sum(axis=1) / seconds[0]
        centre = change / change.sum() if change.sum() else unknown
    if np.isnan(shares).any() or np.isnan(centre).any():
        return unknown, unknown.copy()
    widen = math.sqrt(blocks / (blocks - 1))
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    return centre + np.minimum(low - centre, 0) * widen, centre + np.maximum(high - centre, 0) * widen


def _resampled(side: np.ndarray, block: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """(resamples, cells): sums over as many slots as there are, drawn in blocks that wrap at the end."""
    slots = side.shape[1]
    starts = generator.integers(0, slots, (resamples, math.ceil(slots / block)))
    chosen = ((starts[:, :, None] + np.arange(block)) % slots).reshape(resamples, -1)[:, :slots]
    weights = np.zeros((resamples, slots))
    np.add.at(weights, (np.arange(resamples)[:, None], chosen), 1.0)
    total: np.ndarray = weights @ side.T
    return total
