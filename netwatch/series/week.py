"""The hour-of-week profile of a series: what an analyst calls its rhythm."""

from __future__ import annotations

import numpy as np

from netwatch.model.series import Series

HOUR = 3600 * 10**9


def hour_of_week(series: Series, since: int, until: int, timezone: str = "UTC") -> np.ndarray:
    """Mean rate per second by local day of week (Monday first) and hour, float64 (7, 24); NaN where nothing was seen.

    ``since`` and ``until`` (ns UTC, half-open) choose the bins. Bins wider than an hour cannot tell hours: all is NaN.
    """
    import pandas as pd

    matrix = np.full(168, np.nan)
    times = series.bins.times()
    chosen = (times >= since) & (times < until) & ~np.isnan(series.values)
    if series.bins.width > HOUR or not chosen.any():
        return matrix.reshape(7, 24)
    local = pd.DatetimeIndex(times[chosen], tz="UTC").tz_convert(timezone)
    slot = (local.day_of_week * 24 + local.hour).to_numpy()
    sums = np.bincount(slot, series.values[chosen], 168)
    seen = np.bincount(slot, minlength=168)
    there = seen > 0
    matrix[there] = sums[there] / seen[there] / (series.bins.width / 1e9)
    return matrix.reshape(7, 24)
