"""Levels without what comes back every week, where a history is too short for a profile of it."""

from __future__ import annotations

import numpy as np

_WEEK_KNOWN = 0.9
"""Share of a week that must be known before a day is held against its mean."""


def weekdays_add(level: np.ndarray, day: np.ndarray, period: int) -> np.ndarray:
    """What each place's weekday adds to a log level of ``period`` places a week, float64 (n,): weekends are no changes.

    ``day`` int64 (n,): each place's local day. What a weekday adds is its days' median departure from the median of the
    whole week round them, with one week without any counted in: of two weeks it is what both show.
    """
    n, known = len(level), ~np.isnan(level)
    if n < 2 * period:
        return np.zeros(n)
    weeks = np.lib.stride_tricks.sliding_window_view(level, period)
    whole = np.flatnonzero((~np.isnan(weeks)).sum(axis=1) >= _WEEK_KNOWN * period)
    if not len(whole):
        return np.zeros(n)
    places = np.arange(n)
    week = whole[np.searchsorted((whole[1:] + whole[:-1]) / 2, places - period // 2)]
    within = known & (week <= places) & (places < week + period)
    departure = (level - np.nanmedian(weeks[whole], axis=1)[np.searchsorted(whole, week)])[within]
    seen = np.bincount(day[within], minlength=7)
    daily = np.where(seen > 0, np.bincount(day[within], departure, len(seen)) / np.maximum(seen, 1), np.nan)
    each = [np.append(daily[one::7][~np.isnan(daily[one::7])], 0.0) for one in range(7)]
    weekly = np.array([np.median(told) if len(told) > 2 else 0.0 for told in each])
    added: np.ndarray = weekly[day % 7]
    return added
