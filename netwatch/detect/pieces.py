"""Pieces of a series whose bins are wide: each with a level and a slope of its own, in noise that remembers.

Years of months, or a century of years: too few values to tell a level that wanders from one that steps. The series is
cut where lines fitted to its pieces leave AR(1) noise least, whose coefficient is the same throughout (Chakar,
Lebarbier, Levy-Leduc & Robin 2017, for levels); exactly, by dynamic programming (Bai & Perron 2003), for each of a few
coefficients and numbers of pieces, between which BIC decides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.detect.noise import Noise, whitened
from netwatch.kernels.pieces import NEVER, cut
from netwatch.kernels.segments import running_median

LEAST = 5
"""Values of the shortest piece."""
_PHIS = (0.0, 0.3, 0.6, 0.85)
# A coefficient nearer to 1 explains every move of the level by itself.
_MOST = 13
_PRICE = 3
"""Parameters that a piece costs: level, slope and place."""
_FINEST = 0.1
"""Least deviation of the noise, in deviations of the series: what is smoother is not cut at each bend."""
_SPIKE, _REACH = 5.0, 3


class Cut(NamedTuple):
    """``places``: where pieces begin, but the first; ``ranges``: (first, last) that hold each with 95 %; ``phi``."""

    places: tuple[int, ...]
    ranges: tuple[tuple[int, int], ...]
    phi: float


def pieces(level: np.ndarray) -> Cut:
    """The pieces of a level, float64 (n,), NaN unknown."""
    at = np.flatnonzero(~np.isnan(level))
    if len(at) < 2 * LEAST or np.ptp(level[at]) < 1e-9:
        return Cut((), (), 0.0)
    y = without_spikes(level)[at]
    y = (y - y.mean()) / max(float(y.std()), 1e-300)
    tries = [_Noisy(y, at, phi) for phi in _PHIS]
    costs = [one.costs() for one in tries]
    found = int(np.argmin([c.min() for c in costs]))
    best = tries[found]
    starts = best.starts(int(np.argmin(costs[found])))
    ranges = tuple((int(at[a]), int(at[b])) for a, b in best.ranges(starts))
    return Cut(tuple(int(at[s]) for s in starts[1:-1]), ranges, _PHIS[found])


def without_spikes(level: np.ndarray) -> np.ndarray:
    """One or two values beyond five robust deviations of those before and of those after, put in the middle of them.

    What more values hold is no spike: those beside one or two are nearer to what was before and comes after.
    """
    middle = running_median(level, _REACH)
    spread = _SPIKE * 1.4826 * float(np.nanmedian(np.abs(level - middle)))
    if not spread > 0:
        return level
    aside = np.concatenate([np.full(_REACH, np.nan), level, np.full(_REACH, np.nan)])
    beside = running_median(aside, _REACH // 2)
    before, after = beside[1 : len(level) + 1], beside[2 * _REACH - 1 : len(level) + 2 * _REACH - 1]
    before, after = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    far = (np.minimum(level - before, level - after) > spread) | (np.maximum(level - before, level - after) < -spread)
    previous, following = np.append(np.nan, level[:-1]), np.append(level[1:], np.nan)
    starts = far & ~(np.abs(previous - before) > 0.5 * np.abs(level - before))
    ends = far & ~(np.abs(following - after) > 0.5 * np.abs(level - after))
    two = starts[:-1] & ends[1:]
    brief = starts & ends
    brief[:-1] |= two
    brief[1:] |= two
    return np.where(brief, middle, level)


class _Noisy:
    """The cuts beside one coefficient of the noise."""

    def __init__(self, y: np.ndarray, at: np.ndarray, phi: float) -> None:
        self.n, self.innovation = len(y), 1.0 - phi * phi
        along = (at - at.mean()) / max(1.0, float(np.ptp(at)))
        white, log = whitened(np.column_stack([np.ones(self.n), along, y]), at, Noise(phi, 0.0))
        a, b, w = white.T
        self.sums = np.zeros((6, self.n + 1))
        np.cumsum([a * a, a * b, b * b, a * w, b * w, w * w], axis=1, out=self.sums[:, 1:])
        self.log = log - self.n * float(np.log(self.innovation))
        most = min(_MOST, self.n // LEAST)
        self.best, self.back = np.empty((most, self.n + 1)), np.empty((most, self.n + 1), np.int64)
        cut(self.sums, LEAST, self.best, self.back)

    def costs(self) -> np.ndarray:
        """BIC of the best cut into one piece, two and so on."""
        price = _PRICE * np.log(self.n) * np.arange(len(self.best))
        cost: np.ndarray = self._deviance(self.best[:, -1]) + price
        return cost

    def _deviance(self, error: np.ndarray) -> np.ndarray:
        known = np.where(error < NEVER, error * self.innovation / self.n + _FINEST**2, np.inf)
        deviance: np.ndarray = self.n * np.log(known) + self.log
        return deviance

    def starts(self, cuts: int) -> list[int]:
        """Where the pieces of the best cut begin, and the end."""
        out = [self.n]
        for k in range(cuts, -1, -1):
            out.append(int(self.back[k, out[-1]]))
        return out[::-1]

    def ranges(self, starts: list[int]) -> list[tuple[int, int]]:
        """The range of each cut's place, by its likelihood beside the others (flat prior)."""
        whole = self._left(np.array(starts[:-1]), np.array(starts[1:])).sum()
        out = []
        for a, b, c in zip(starts, starts[1:], starts[2:], strict=False):
            places = np.arange(a + LEAST, c - LEAST + 1)
            rest = whole - self._left(a, b) - self._left(b, c)
            deviance = self._deviance(rest + self._left(a, places) + self._left(places, c))
            weight = np.exp(-0.5 * (deviance - deviance.min()))
            below = np.cumsum(weight) / weight.sum()
            first, last = (int(places[min(int(np.searchsorted(below, s)), len(places) - 1)]) for s in (0.025, 0.975))
            out.append((first, last))
        return out

    def _left(self, begin: int | np.ndarray, end: int | np.ndarray) -> np.ndarray:
        """Squared error of lines fitted to pieces."""
        first, last = (np.atleast_1d(np.asarray(place, np.int64)) for place in (begin, end))
        aa, ab, bb, ay, by, yy = self.sums[:, last] - self.sums[:, first]
        left = np.maximum(bb - ab * ab / aa, 1e-12 * bb)
        error: np.ndarray = yy - ay * ay / aa - (by - ab * ay / aa) ** 2 / left
        return error
