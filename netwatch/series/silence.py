"""Which runs of empty bins are silences of an exporter, and which are how it usually is."""

from __future__ import annotations

import numpy as np

_ENOUGH, _APART = 20, 3
_FEW = 3
"""Runs of empty bins of like length that are still no habit of an exporter."""


def silences(records: np.ndarray, gap_p: float, lived: np.ndarray, day: float) -> np.ndarray:
    """Bins in which an exporter was silent though it usually is not, bool (bins,).

    ``records`` float64 (bins,): that begin in each bin; ``lived`` bool (bins,): in which any was alive; ``day``: bins
    of a day.

    A run of empty bins between others is a silence when its chance under a low decile of the rate around it (Poisson)
    is below ``gap_p``; where empty bins are usual, only when it is also three times as long as any other such run.
    Others near it of like length, but at other times of the day, do not make empty bins usual where there are no more
    than two in all, or where a tenth of all bins at most is empty.
    Too few bins with records tell no rate: then see :func:`apart`.
    """
    silent = np.zeros(len(records), bool)
    alive = np.flatnonzero(records)
    if len(alive) < _ENOUGH:
        return apart(lived) if gap_p > 0 else silent
    steps = np.diff(alive)
    holes = np.flatnonzero(steps > 1)
    runs = np.stack([alive[holes] + 1, alive[holes + 1]], axis=1)
    lengths = runs[:, 1] - runs[:, 0]
    longest = np.sort(lengths)[::-1]
    seldom = _low(records[alive[0] : alive[-1] + 1]) > 0
    for (begin, end), length in zip(runs.tolist(), lengths.tolist(), strict=True):
        reach = max(50, 4 * length)  # holds the next nights, or the next weekends
        window = np.arange(max(0, begin - reach), min(len(records), end + reach))
        around = records[window[(window < begin) | (window >= end)]]
        low = _low(around)
        if not low:
            like = runs[3 * lengths >= length]
            near = like[(like[:, 1] > window[0]) & (like[:, 0] <= window[-1])]
            if (seldom or len(like) <= _FEW) and not _come_back(near, day):
                low = _low(records[window[~_within(window, near)]])
        if low > 0:
            unlikely = -length * low < np.log(gap_p)
        else:
            rival = longest[1] if length == longest[0] and len(longest) > 1 else longest[0] if len(longest) > 1 else 0
            empty = max(float((around == 0).mean()), 1.0 / len(around))
            unlikely = length >= 3 * max(rival, 1) and length * np.log(empty) < np.log(gap_p)
        silent[begin:end] = unlikely
    return silent


def _low(records: np.ndarray) -> float:
    """A low decile, of those that are there."""
    return float(np.quantile(records, 0.1, method="lower"))


def _within(bins: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """Which bins lie in one of some runs ``[begin, end)`` (runs, 2), which are in order; bool (bins,)."""
    run = np.searchsorted(runs[:, 0], bins, side="right") - 1
    within: np.ndarray = (run >= 0) & (bins < runs[run, 1])
    return within


def _come_back(runs: np.ndarray, day: float) -> bool:
    """Whether any of some runs ``[begin, end)``, int64 (runs, 2), comes back at the time of day or week of another.

    Two come back where they have half of the shorter in common, as nights and weekends have; what is longer than a day
    comes back by the week.
    """
    first, second = np.triu_indices(len(runs), 1)
    length = runs[:, 1] - runs[:, 0]
    apart, one, other = runs[second, 0] - runs[first, 0], length[first], length[second]
    for turn in (day, 7 * day):
        after = apart % turn
        common = np.maximum(np.minimum(one - after, other), np.minimum(other - (turn - after), one))
        if np.any((2 * common >= np.minimum(one, other)) & (np.maximum(one, other) < turn)):
            return True
    return False


def apart(lived: np.ndarray) -> np.ndarray:
    """Bins between pieces that lie far apart, as files of different days do, bool (bins,).

    A run of bins in which nothing was alive is such where it is three times as long as all else between the first
    and the last sign of life together, longer runs of the kind left out.
    """
    silent = np.zeros(len(lived), bool)
    alive = np.flatnonzero(lived)
    steps = np.diff(alive)
    rest = int(steps.sum()) + 1
    for hole in np.argsort(-steps, kind="stable"):
        length = int(steps[hole]) - 1
        rest -= length
        if length < _APART * rest:
            break
        silent[alive[hole] + 1 : alive[hole + 1]] = True
    return silent
