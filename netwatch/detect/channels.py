"""Channels: the ways in which a bin can leave its baseline, each a score in robust standard deviations.

Residuals over one bin, an hour, six hours and a day, and the errors of a robust AR(6) forecast, which see transients
too short to move a mean. What a channel learnt from a history can be carried to bins that come later.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from netwatch.detect.sampling import sampling_changes
from netwatch.detect.tails import thinned
from netwatch.kernels.autoregression import autoregressed, forecast_errors
from netwatch.kernels.segments import running_mean
from netwatch.model.series import Series

SCALES = (1, 3600, 21_600, 86_400)
"""Seconds over which residuals are averaged; 1 stands for the bin itself."""
SHARES = len(SCALES) + 2
"""Parts of the budget: the scales, the forecast's errors, and records (``detect/records``)."""
ORDER = 6
_LEAST_EPOCH = 200
"""Known bins of a sampling epoch from which its own width is known."""
_HELD = 4.0
"""Deviations within which residuals are held before a forecast is made of them."""


class Channel(NamedTuple):
    """``width``: bins over which the score is taken; ``spread``: its deviation; ``weights``: of a forecast, if any."""

    name: str
    width: int
    spread: float = 1.0
    weights: tuple[float, ...] = ()

    def score(self, standard: np.ndarray) -> np.ndarray:
        """The score of residuals in deviations of their hour, float64 (bins,), NaN unknown."""
        if self.weights:
            return forecast_errors(standard, np.array(self.weights), _HELD) / self.spread
        return (running_mean(standard, self.width) if self.width > 1 else standard) / self.spread


def learnt(standard: np.ndarray, width: int) -> Iterator[tuple[Channel, np.ndarray]]:
    """The channels of such residuals, float64 (bins,) of ``width`` ns, each with their score."""
    for scale in SCALES:
        over = max(1, round(scale * 10**9 / width))
        if scale > 1 and (over == 1 or over > len(standard) // 20):
            continue
        yield _scaled(Channel(f"level {scale} s" if scale > 1 else "level", over), standard)
    weights = autoregressed(standard, ORDER, _HELD)
    if not np.isnan(weights).any():
        yield _scaled(Channel("innovation", 1, 1.0, tuple(weights.tolist())), standard)


def _scaled(channel: Channel, standard: np.ndarray) -> tuple[Channel, np.ndarray]:
    score = channel.score(standard)
    spread = _deviation(score)
    return channel._replace(spread=spread), score / spread


def evened(standard: np.ndarray, series: Series) -> tuple[np.ndarray, float]:
    """Residuals in deviations, made as wide in every sampling epoch as over all; the divisor of the last epoch.

    Sampling blurs: what is counted from one packet in a thousand errs by more than what all packets tell.
    """
    borders = [0, *sampling_changes(series).tolist(), len(standard)]
    if len(borders) == 2:
        return standard, 1.0
    out, overall, last = standard.copy(), _deviation(standard), 1.0
    for first, end in pairwise(borders):
        if (~np.isnan(standard[first:end])).sum() >= _LEAST_EPOCH:
            last = max(_deviation(standard[first:end]) / overall, 0.1)
            out[first:end] /= last
    return out, last


def _deviation(score: np.ndarray) -> float:
    known = thinned(score[~np.isnan(score)])
    return max(1.4826 * float(np.median(np.abs(known))), 1e-6) if len(known) else 1.0
