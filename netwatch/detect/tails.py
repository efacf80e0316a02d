"""Thresholds from extreme-value tails: peaks over threshold with a generalised Pareto fit.

Pickands 1975; probability-weighted moments of Hosking & Wallis 1987, which do not fail on small samples. What few peaks
leave unknown of the tail makes it heavier: the shape is drawn to a mild one as by so many peaks more (a prior as in
Martins & Stedinger 2000), and that of the scale adds 1/n to it (which for an exponential tail is its exact prediction).
"""

from __future__ import annotations

import numpy as np

_QUANTILE = 0.98
_TRIM = 0.02
_MANY = 100_000
_SHAPE, _WEIGHT = 0.05, 20
"""Shape that few peaks are drawn to, and the number of peaks that this counts as."""


def threshold(score: np.ndarray, apart: int, budget: float) -> float:
    """Level that an ordinary series passes ``budget`` times: float64 scores (n,), NaN unknown.

    Excesses closer than ``apart`` bins are one event. The largest 2 % of the events may be what is sought, so they are
    left out of the fit.
    """
    known = score[~np.isnan(score)]
    base = float(np.quantile(thinned(known), _QUANTILE))
    above = np.flatnonzero(score > base)  # NaN is not above
    if not len(above):
        return max(base, 4.0)
    first = np.concatenate([[0], np.flatnonzero(np.diff(above) > apart) + 1])
    peaks = np.sort(np.maximum.reduceat(score[above], first)) - base
    rate = len(peaks)
    kept = peaks[: max(1, int(np.ceil(len(peaks) * (1 - _TRIM))))]
    if len(kept) < 10:
        return max(base, 4.0) * 2.0
    shape, scale = pareto(kept)
    shape = (len(kept) * shape + _WEIGHT * _SHAPE) / (len(kept) + _WEIGHT) + 1.0 / len(kept)
    times = max(rate / max(budget, 1e-9), 1.0)
    reach = scale * np.log(times) if abs(shape) < 1e-6 else scale / shape * (times**shape - 1.0)
    return max(base + float(reach), 3.0)


def pareto(excess: np.ndarray) -> tuple[float, float]:
    """Shape (within [-0.1, 0.5]) and scale of a generalised Pareto law, by probability-weighted moments."""
    ordered = np.sort(excess)
    n = len(ordered)
    mean = float(ordered.mean())
    weighted = float(np.mean((n - np.arange(1, n + 1)) / max(n - 1, 1) * ordered))
    spread = mean - 2 * weighted
    shape = 2 - mean / spread if spread > 0 else 0.0
    shape = float(np.clip(shape, -0.1, 0.5))
    return shape, max(mean * (1 - shape), 1e-9)


def thinned(values: np.ndarray) -> np.ndarray:
    """Every seventh of very many values, whose medians and quantiles are as good to a hundredth of their spread.

    Seven shares no factor with the bins of a day, so that all hours are among them.
    """
    return values[::7] if len(values) > _MANY else values
