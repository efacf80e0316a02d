"""What a series was expected to be by the days before each day: the baseline of who does not know what comes after.

The form is that of ``detect/expectation``: log level of the day plus the profile of its weekday. The profile is the
median of the same weekday in the five weeks before (of the last week's days while there are not two such weeks), the
level the median of the last week's.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from netwatch.detect.clock import Clock
from netwatch.detect.expectation import smoothed
from netwatch.kernels.segments import running_median, week_profile

WEEK = 7
_BACK, _REACH = 3 * WEEK, 2
_DAYS_BACK, _DAYS_REACH = 4, 3
LEAST_KNOWN = 0.25
"""Share of a day's slots that its level rests on at least."""


class Foresight(NamedTuple):
    """``profile`` float64 (days + 7, slots): departure from the day's level that was expected of each day, and of the
    week to come; ``level`` float64 (days,): log level of each day once it was over; ``residual`` float64 (bins,): log
    of what was observed less what was expected.
    """

    profile: np.ndarray
    level: np.ndarray
    residual: np.ndarray


def foresight(observed: np.ndarray, clock: Clock) -> Foresight:
    """The foresight of log values, float64 (bins,), NaN unknown."""
    matrix = np.full((clock.days, clock.slots), np.nan)
    matrix[clock.day, clock.slot] = observed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a median over nothing but gaps is NaN, as it should be
        trend = running_median(np.nanmedian(matrix, axis=1), _DAYS_REACH)
        profile = _profile(matrix, trend)
        level = levels_of_days(matrix - profile[: clock.days])
        before = np.concatenate([np.full(WEEK, np.nan), level])
        usual = np.nanmedian(np.lib.stride_tricks.sliding_window_view(before, WEEK)[: clock.days], axis=1)
    return Foresight(profile, level, observed - profile[clock.day, clock.slot] - usual[clock.day])


def levels_of_days(rows: np.ndarray) -> np.ndarray:
    """Median of each row of log values less their profile; NaN where too little is known. float64 (days,)."""
    level: np.ndarray = np.nanmedian(rows, axis=1)
    level[(~np.isnan(rows)).mean(axis=1) < LEAST_KNOWN] = np.nan
    return level


def _profile(matrix: np.ndarray, trend: np.ndarray) -> np.ndarray:
    days, _ = matrix.shape
    weekly = _medians(matrix, trend, WEEK, _BACK, _REACH)
    daily = _medians(matrix, trend, 1, _DAYS_BACK, _DAYS_REACH)
    daily[days:] = daily[days]
    return smoothed(np.where(np.isnan(weekly), daily, weekly))


def _medians(matrix: np.ndarray, trend: np.ndarray, period: int, back: int, reach: int) -> np.ndarray:
    """Median of the days ``period`` apart round the one ``back`` days before each, float64 (days + 7, slots)."""
    days, slots = matrix.shape
    rows = np.full((days + max(back, WEEK), slots), np.nan)
    level = np.full(len(rows), np.nan)
    rows[back : back + days], level[back : back + days] = matrix, trend
    return week_profile(rows, level, period, reach)[: days + WEEK]
