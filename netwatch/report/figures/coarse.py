"""A series as a figure draws it: means over as many bins as a page can show."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from netwatch.model.series import Bins, Series

MOST = 1_200
"""Points of one line, at most."""
_SECOND = 1_000_000_000
_NICE = tuple(
    s * _SECOND
    for s in (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800)
)


@dataclass(frozen=True, slots=True)
class Coarse:
    """Rates in the counter's unit per second (peers: per bin), float64 (count,), NaN where nothing was observed.

    ``mean`` over the observed bins of each wide bin, ``least`` and ``greatest`` of them; ``coverage`` 0 to 1.
    """

    bins: Bins
    mean: np.ndarray
    least: np.ndarray
    greatest: np.ndarray
    coverage: np.ndarray

    @property
    def marker(self) -> str | None:
        """What a point is drawn as: a dot where most stand alone, so that no line joins them, else nothing."""
        known = np.concatenate([[False], np.isfinite(self.mean), [False]])
        alone = known[1:-1] & ~known[:-2] & ~known[2:]
        return "." if 2 * alone.sum() > known.sum() else None

    @property
    def centres(self) -> np.ndarray:
        """Middle of each bin, int64 ns."""
        return self.bins.times() + self.bins.width // 2


def wide_bins(bins: Bins, most: int = MOST) -> tuple[Bins, int]:
    """Bins of a round width, at most about ``most``, and how many of the old go into one."""
    if bins.count <= most:
        return bins, 1
    width = next(
        (n for n in _NICE if n % bins.width == 0 and bins.width * bins.count <= n * most),
        bins.width * -(-bins.count // most),
    )
    start = bins.start // width * width if width in _NICE else bins.start
    start -= (start - bins.start) % bins.width
    return Bins(start, width, -(-(bins.end - start) // width)), width // bins.width


def per_second(series: Series) -> float:
    """What a bin's value is divided by to be a rate; peers are counted per bin."""
    return 1.0 if series.counter == "peers" else series.bins.width / _SECOND


def coarsened(array: np.ndarray, bins: Bins, wide: Bins, factor: int) -> np.ndarray:
    """The array folded to (wide bins, factor), padded with NaN."""
    folded = np.full(wide.count * factor, np.nan)
    at = (bins.start - wide.start) // bins.width
    folded[at : at + bins.count] = array
    return folded.reshape(wide.count, factor)


def fold_mean(array: np.ndarray, bins: Bins, wide: Bins, factor: int) -> np.ndarray:
    """Mean of what is known in each wide bin, NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a bin without observations has no mean: NaN
        mean: np.ndarray = np.nanmean(coarsened(array, bins, wide, factor), axis=1)
    return mean


def coarse(series: Series, most: int = MOST) -> Coarse:
    """The series as it is drawn."""
    wide, factor = wide_bins(series.bins, most)
    rate = series.values / per_second(series)
    folded = coarsened(rate, series.bins, wide, factor)
    coverage = fold_mean(series.coverage, series.bins, wide, factor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nanmean(folded, axis=1)
        return Coarse(wide, mean, np.nanmin(folded, axis=1), np.nanmax(folded, axis=1), np.nan_to_num(coverage))


def spans(where: np.ndarray, bins: Bins) -> list[tuple[int, int]]:
    """The runs of true bins as half-open (since, until) ns."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    return [
        (bins.start + int(a) * bins.width, bins.start + int(b) * bins.width)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
