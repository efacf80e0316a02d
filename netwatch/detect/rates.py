"""Mean rates of a series beside a change."""

from __future__ import annotations

import numpy as np

from netwatch.detect.clock import DAY
from netwatch.model.change import ChangeKind
from netwatch.model.series import Series


def sides(series: Series, span: tuple[int, int, int], kind: ChangeKind) -> tuple[float, float]:
    """Mean per second before the first and from the second instant to the last: up to eight weeks on each side; of a
    ramp at its two ends.
    """
    bins, weeks = series.bins, 56 * DAY
    left, begin, end = span
    after = (max(begin, end - weeks), end) if kind == ChangeKind.RAMP else (begin, min(end, begin + weeks))
    before = (left - weeks, left)
    if kind == ChangeKind.RAMP and begin - bins.start < weeks // 4:
        before = (begin, begin + weeks // 2)
    return mean_rate(series, *before), mean_rate(series, *after)


def mean_rate(series: Series, since: int, until: int) -> float:
    """Mean per second of the known bins between two instants, NaN where none is known."""
    bins = series.bins
    first, last = (int(np.clip((t - bins.start) // bins.width, 0, bins.count)) for t in (since, until))
    known = series.values[first:last]
    known = known[~np.isnan(known)]
    return float(known.mean()) / (bins.width / 1e9) if len(known) else float("nan")
