"""Level shifts and ramps where bins are wider than a day: what happens between and within pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from netwatch.detect.interval import Located
from netwatch.detect.local_step import generalised
from netwatch.detect.noise import Estimate
from netwatch.detect.options import DetectOptions
from netwatch.detect.pieces import Cut, without_spikes
from netwatch.detect.structure import RAMP, STEP, Atom

_SURE = 0.05
_YEAR = 365.25


class _Line(NamedTuple):
    """A line through places ``at`` with values ``y``; ``x`` float64 (n, k), ``contrast`` (k,): what is asked."""

    y: np.ndarray
    x: np.ndarray
    at: np.ndarray
    contrast: np.ndarray

    def estimate(self, extra: float) -> Estimate:
        return generalised(self.y, self.x, self.at, self.contrast, extra)


def turns(
    level: np.ndarray, cut: Cut, per_day: float, options: DetectOptions, extra: Callable[[int, int], float]
) -> Iterator[Located]:
    """Steps between pieces and ramps within them that are great enough and sure, in order of place.

    ``level`` float64 (n,): log values, NaN unknown. ``extra``: variance that the observation adds between two places.
    """
    n = len(level)
    borders = [0, *cut.places, n]
    calm = without_spikes(level)
    ranges = [(0, 0), *cut.ranges]
    for begin, end, span, before in zip(borders, borders[1:], ranges, [0, *borders], strict=False):
        if begin:
            jump = _jump(calm, before, begin, end).estimate(extra(before, end))
            if abs(jump.effect) >= np.log(options.min_ratio) and jump.p_value < _SURE:
                yield Located(Atom(STEP, begin, n, jump.effect), span, jump)
        rise = _rise(calm, begin, end).estimate(extra(begin, end))
        years = (end - begin) / per_day / _YEAR
        least = max(np.log(options.min_ramp), np.log(options.min_ramp_year) * years)
        if abs(rise.effect) >= least and rise.p_value < _SURE:
            yield Located(Atom(RAMP, begin, end, rise.effect), span, rise)


def _known(level: np.ndarray, begin: int, end: int) -> np.ndarray:
    return begin + np.flatnonzero(~np.isnan(level[begin:end]))


def _jump(level: np.ndarray, begin: int, place: int, end: int) -> _Line:
    """The height of the step between two lines that meet at ``place``."""
    at = _known(level, begin, end)
    after = (at >= place).astype(float)
    along = (at - place) / (end - begin)
    x = np.stack([np.ones(len(at)), after, along, along * after], axis=1)
    return _Line(level[at], x, at, np.array([0.0, 1.0, 0.0, 0.0]))


def _rise(level: np.ndarray, begin: int, end: int) -> _Line:
    """How far a line climbs within a piece."""
    at = _known(level, begin, end)
    return _Line(
        level[at], np.stack([np.ones(len(at)), (at - begin) / (end - begin)], axis=1), at, np.array([0.0, 1.0])
    )
