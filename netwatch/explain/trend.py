"""How the level of a series moved over a long window: ratio of two periods, steps and growth beside them.

Intervals hold under autocorrelation: see `_fitted`.
"""

from __future__ import annotations

import math

import numpy as np

from netwatch.kernels.serial import autocorrelation, whitened
from netwatch.model.finding import Estimate

YEAR = 365.25
"""Days."""
_HARMONICS = 2
_HARMONICS_NEED = 2 * YEAR
_IN_STEP = 0.8
"""Share of the days that must be known on both sides for them to be compared day by day."""
_YEAR = 364
_FEWEST = 5
"""Days of a side below which nothing can be said of how sure a ratio is."""
_OBSERVED = 0.5
"""Share of the days that must be known for growth to be told from steps."""


def ratio_of_means(rates: np.ndarray, first: slice, last: slice) -> Estimate:
    """Mean of the ``last`` days over that of the ``first``, with its 95 % interval, NaN where under five days of a side
    are known; ``rates`` float64 (days,), NaN where not observed.

    Years are compared day by day, which leaves the season out of the interval.
    """
    sides = rates[first], rates[last]
    known = [side[np.isfinite(side)] for side in sides]
    value = float(known[1].mean() / known[0].mean()) if len(known[1]) and known[0].sum() > 0 else math.nan
    logs = _logs(rates)
    fewest = min(int(np.isfinite(logs[side]).sum()) for side in (first, last))
    if not value > 0 or fewest < _FEWEST:
        return Estimate(value, math.nan, math.nan)
    days = np.arange(len(rates))
    y, at = np.concatenate([logs[first], logs[last]]), np.concatenate([days[first], days[last]])
    sought = (at >= last.start).astype(float)
    shorter = min(len(side) for side in sides)
    apart = logs[last][:shorter] - logs[first][:shorter]
    if shorter >= _YEAR and np.isfinite(apart).sum() >= _IN_STEP * max(len(k) for k in known):
        y, at, sought = apart, np.arange(shorter), np.ones(shorter)
    level = [] if sought.all() else [np.ones(len(at))]
    weekdays = [(at % 7 == day) - 1 / 7 for day in range(6)]
    reach = _fitted(y, np.stack([sought, *level, *weekdays], axis=1), at)[1][0]
    return Estimate(value, value * math.exp(-reach), value * math.exp(reach))


def growth_and_steps(rates: np.ndarray, steps: list[int]) -> tuple[Estimate, list[Estimate]]:
    """Growth a year and the factor of each step (``steps``: days at which one begins), fitted together.

    Least squares of the logarithm on a straight line, the steps, weekdays and, from two years, the season;
    ``rates`` float64 (days,), NaN where not observed. Where there are steps and most days were not observed, growth
    is not told from them: it is NaN and left out.
    """
    logs = _logs(rates)
    known = np.isfinite(logs)
    grows = not steps or known.mean() >= _OBSERVED
    design = _design(known, steps)
    if not grows:
        design[:, 1] = 0.0
    effects, reach = _fitted(logs, design, np.arange(len(rates)))
    told = [
        Estimate(*(math.exp(edge) for edge in (effect, effect - half, effect + half)))
        for effect, half in zip(effects[1 : 2 + len(steps)], reach[1 : 2 + len(steps)], strict=True)
    ]
    growth = Estimate(*(e - 1 for e in told[0])) if grows else Estimate(*[math.nan] * 3)
    return growth, told[1:]


def _logs(rates: np.ndarray) -> np.ndarray:
    """Logarithms, NaN of what is unknown or nothing."""
    return np.log(np.where(rates > 0, rates, np.nan))


def _fitted(y: np.ndarray, design: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Effects of the columns (n, k) of ``design`` and half their 95 % intervals, float64 (k,) each.

    Generalised least squares under AR(1) noise, NaN left out, with Student's t of as many observations as the ``y`` at
    days ``at`` are worth (Bartlett 1946).
    """
    from scipy.special import stdtrit

    known = np.isfinite(y)
    y, design, at = y[known], design[known], at[known]
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    phi = autocorrelation(rest, at, min(design.shape[1], 4))
    white = whitened(design, at, phi)
    inverse = np.linalg.pinv(white.T @ white)
    target = whitened(y, at, phi)
    effects = inverse @ (white.T @ target)
    squares = float(np.sum((target - white @ effects) ** 2))
    terms = int(np.linalg.matrix_rank(white))
    freedom = max(len(y) * (1 - phi) / (1 + phi) - terms, 2.0)
    error = np.sqrt(np.maximum(np.diag(inverse), 0.0) * squares / max(len(y) - terms, 1))
    return effects, float(stdtrit(freedom, 0.975)) * error


def _design(known: np.ndarray, steps: list[int]) -> np.ndarray:
    at = np.arange(len(known))
    columns = [np.ones(len(known)), at / YEAR, *((at >= step).astype(float) for step in steps)]
    if np.count_nonzero(known) >= _HARMONICS_NEED:
        angles = [2 * np.pi * k * at / YEAR for k in range(1, _HARMONICS + 1)]
        columns += [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    columns += [(at % 7 == weekday).astype(float) for weekday in range(6)]
    return np.stack(columns, axis=1)
