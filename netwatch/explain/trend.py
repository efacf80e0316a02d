"""How the level of a series moved over a long window: ratio of two periods, steps and growth beside them.

Intervals are of a moving-block bootstrap (Künsch 1989) with a fixed seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.model.finding import Estimate

YEAR = 365.25
"""Days."""
_HARMONICS = 2
_HARMONICS_NEED = 2 * YEAR
_BLOCKS = 3
_OBSERVED = 0.5
"""Share of the days that must be known for growth to be told from steps."""


class Draws(NamedTuple):
    """``resamples`` of blocks of ``block`` days, from ``seed``."""

    resamples: int
    block: int
    seed: int


def ratio_of_means(before: np.ndarray, after: np.ndarray, draws: Draws) -> Estimate:
    """Mean of ``after`` over mean of ``before``; daily rates, float64 (days,), NaN where not observed."""
    before, after = before[~np.isnan(before)], after[~np.isnan(after)]
    generator = np.random.default_rng(draws.seed)
    value = float(after.mean() / before.mean()) if len(after) and before.sum() > 0 else float("nan")
    if min(len(before), len(after)) < _BLOCKS * draws.block or not value > 0:
        return Estimate(value, float("nan"), float("nan"))
    means = [side[_blocks(len(side), draws, generator)].mean(axis=1) for side in (after, before)]
    low, high = np.quantile(means[0] / means[1], [0.025, 0.975])
    return Estimate(value, float(low), float(high))


def growth_and_steps(rates: np.ndarray, steps: list[int], draws: Draws) -> tuple[Estimate, list[Estimate]]:
    """Growth a year and the factor of each step (``steps``: days at which one begins), fitted together.

    Least squares of the logarithm on a straight line, the steps, weekdays and, from two years, the season;
    ``rates`` float64 (days,), NaN where not observed. Where there are steps and most days were not observed, growth
    is not told from them: it is NaN and left out.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log(rates)
    known = np.isfinite(logarithm)
    grows = not steps or known.mean() >= _OBSERVED
    design = _design(known, steps)[known]
    if not grows:
        design[:, 1] = 0.0
    observed = logarithm[known]
    fitted, *_ = np.linalg.lstsq(design, observed, rcond=None)
    expected = design @ fitted
    chosen = _blocks(len(observed), draws, np.random.default_rng(draws.seed))
    again, *_ = np.linalg.lstsq(design, (expected + (observed - expected)[chosen]).T, rcond=None)
    low, high = np.exp(np.quantile(again[1 : 2 + len(steps)], [0.025, 0.975], axis=1))
    values = np.exp(fitted[1 : 2 + len(steps)])
    told = [Estimate(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True)]
    growth = Estimate(*(e - 1 for e in told[0])) if grows else Estimate(*[float("nan")] * 3)
    return growth, told[1:]


def _design(known: np.ndarray, steps: list[int]) -> np.ndarray:
    at = np.arange(len(known))
    columns = [np.ones(len(known)), at / YEAR, *((at >= step).astype(float) for step in steps)]
    if np.count_nonzero(known) >= _HARMONICS_NEED:
        angles = [2 * np.pi * k * at / YEAR for k in range(1, _HARMONICS + 1)]
        columns += [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    columns += [(at % 7 == weekday).astype(float) for weekday in range(6)]
    return np.stack(columns, axis=1)


def _blocks(length: int, draws: Draws, generator: np.random.Generator) -> np.ndarray:
    """(resamples, length) positions, drawn in blocks that wrap at the end."""
    starts = generator.integers(0, length, (draws.resamples, -(-length // draws.block)))
    drawn: np.ndarray = (starts[:, :, None] + np.arange(draws.block)) % length
    return drawn.reshape(draws.resamples, -1)[:, :length]
