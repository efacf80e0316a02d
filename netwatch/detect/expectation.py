"""What a series is expected to be: day level times profile of the week, both robust, in log space.

A (local day x slot) matrix of log values is split by turns into the level of each day and the profile of its weekday
(running median over the same weekday of the weeks around): a hierarchical form of STL (Cleveland et al. 1990) that
takes a second where STL takes a minute. Days on which the Sunday's profile fits far better than their own behave
like Sundays: holidays are learnt, not listed.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from netwatch.detect.clock import Clock, local_clock
from netwatch.detect.options import DetectOptions
from netwatch.detect.passing import passing
from netwatch.kernels.segments import row_medians, running_mean, running_median, week_profile
from netwatch.model.series import Series

LONG_DAYS, SHORT_DAYS = 56, 3
"""From this many days on the profile is weekly; below ``SHORT_DAYS`` there is none, only a level."""
LEAST_COVERAGE = 0.5
_FLOOR = 1e-3
_WEEKS, _LEVEL_REACH = 4, 7
_MAD = 1.4826


class Baseline(NamedTuple):
    """Expected values of a series, in its own unit per bin; float64 (bins,) each.

    ``low`` to ``high`` holds 95 % of ordinary bins. ``log``: log of what was observed, NaN where it was not.
    ``residual``: ``log`` minus the log of ``expected``; ``scale``: its robust standard deviation at that time of day.
    ``level`` float64 (days,): log of the day's level, free of the weekly profile. ``mode``: long, medium,
    short or coarse.
    """

    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray
    log: np.ndarray
    residual: np.ndarray
    scale: np.ndarray
    level: np.ndarray
    clock: Clock
    mode: str


def baseline(series: Series, options: DetectOptions) -> Baseline:
    """The baseline of a series."""
    clock = local_clock(series.bins, options.timezone)
    observed = log_values(series)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a median over nothing but gaps is NaN, as it should be
        if clock.slots == 1:
            return _coarse(observed, clock)
        if clock.days < SHORT_DAYS:
            return _short(series, clock)
        return _seasonal(observed, clock)


def log_values(series: Series) -> np.ndarray:
    """Natural log of the values, not below their floor; bins hardly observed are NaN."""
    return logs_of(series.values, series.coverage, floor_of(series))


def logs_of(values: np.ndarray, coverage: np.ndarray, floor: float) -> np.ndarray:
    """Natural log of values of at least ``floor``; bins hardly observed are NaN."""
    logs: np.ndarray = np.log(np.maximum(np.where(coverage >= LEAST_COVERAGE, values, np.nan), floor))
    return logs


def floor_of(series: Series) -> float:
    """What a zero is held to: a thousandth of the median, of counts at least half a unit."""
    positive = series.values[(series.values > 0) & (series.coverage >= LEAST_COVERAGE)]
    floor = _FLOOR * float(np.median(positive)) if len(positive) else 1.0
    return floor if series.counter == "octets" else max(floor, 0.5)


def _coarse(observed: np.ndarray, clock: Clock) -> Baseline:
    """Bins of a day and more: the running median."""
    residual = observed - running_median(observed, 15)
    scale = np.full(len(observed), _spread(residual))
    return _assembled(observed, residual, scale, observed, clock, "coarse")


def _short(series: Series, clock: Clock) -> Baseline:
    """A history too short for a rhythm: the median of all, of values averaged until most are above 0."""
    values = np.where(series.coverage >= LEAST_COVERAGE, series.values, np.nan)
    width = max(1, len(values) // 240)
    smooth = running_mean(values, width)
    while (smooth > 0).mean() < 0.7 and 40 * width <= len(values):
        width *= 2
        smooth = running_mean(values, width)
    smooth = np.where(smooth > 1e-9 * np.nanmax(values), smooth, 0.0)  # a running sum leaves specks of itself
    smooth = np.concatenate([smooth[width // 2 :], np.full(width // 2, np.nan)])
    observed = np.full(len(smooth), np.nan)
    observed[smooth > 0] = np.log(smooth[smooth > 0])
    residual = observed - np.nanmedian(observed)
    scale = np.full(len(observed), _spread(residual))
    return _assembled(observed, residual, scale, np.full(clock.days, np.nan), clock, "short")


def _seasonal(observed: np.ndarray, clock: Clock) -> Baseline:
    long = clock.days >= LONG_DAYS
    matrix = np.full((clock.days, clock.slots), np.nan)
    matrix[clock.day, clock.slot] = observed
    trend = row_medians(matrix)
    profile = np.zeros_like(matrix)
    level = trend
    for _ in range(2):
        trend = running_median(level, 3)
        period, reach = (7, _WEEKS) if long else (1, clock.days)
        profile = smoothed(_filled(week_profile(matrix, trend, period, reach)))
        if long:
            profile = _holidays(matrix, profile, trend, clock)
        level = row_medians(matrix - profile)
        level[~well_known(matrix, 0.25)] = np.nan
    lasting = np.where(passing(level), np.nan, level)
    slow = _bridged(running_median(lasting, _LEVEL_REACH if long else min(_LEVEL_REACH, clock.days)))
    residual = observed - profile[clock.day, clock.slot] - slow[clock.day]
    hour = clock.slot * 24 // clock.slots
    return _assembled(observed, residual, hour_scales(residual, hour)[hour], level, clock, "long" if long else "medium")


def well_known(rows: np.ndarray, share: float) -> np.ndarray:
    """Of which rows as much is known as that share of what usually is, bool (rows,); of captures that run for an hour
    a day, an hour is all that can be.
    """
    known = np.mean(~np.isnan(rows), axis=1)
    any_known = known[known > 0]
    enough: np.ndarray = (known > 0) & (known >= share * (np.median(any_known) if len(any_known) else 1.0))
    return enough


def centres(rows: np.ndarray) -> np.ndarray:
    """Robust mean of each row, float64 (rows,): its median and the mean of what lies within 1.5 deviations of it.

    One step of Huber's estimator (1964): nearly as sharp as a mean, nearly as hard to move as a median. The deviation
    is that of all rows, so that a row of two halves is held to be the greater half.
    """
    middle = np.nanmedian(rows, axis=1)
    apart = rows - middle[:, None]
    reach = 1.5 * _spread(apart)
    mean: np.ndarray = middle + np.nanmean(np.clip(apart, -reach, reach), axis=1)
    return mean


def _filled(profile: np.ndarray) -> np.ndarray:
    """Slots without a median of their own take the mean of all days."""
    filled = profile.copy()
    missing = np.isnan(profile)
    for slot in np.flatnonzero(missing.any(axis=0)):
        mean = np.nanmedian(profile[:, slot])
        filled[missing[:, slot], slot] = 0.0 if np.isnan(mean) else mean
    return filled


def smoothed(profile: np.ndarray) -> np.ndarray:
    """Mean over five slots where slots are narrow."""
    days, slots = profile.shape
    if slots < 144:
        return profile
    flat = np.convolve(profile.ravel(), np.ones(5) / 5, mode="same")
    smooth: np.ndarray = flat.reshape(days, slots)
    smooth.ravel()[:2], smooth.ravel()[-2:] = profile.ravel()[:2], profile.ravel()[-2:]
    return smooth


def _holidays(matrix: np.ndarray, profile: np.ndarray, trend: np.ndarray, clock: Clock) -> np.ndarray:
    """The profile with the coming Sunday's put on weekdays that it explains far better.

    The day's own is held against the level of the days before and after it, too: on the day of a step the level about
    it is the day's, of whatever weekday.
    """
    day = np.arange(clock.days)
    weekday = np.asarray(clock.weekday[: clock.days], np.int64)
    coming = day + 6 - weekday
    sunday = np.where(coming < clock.days, coming, day - 1 - weekday)
    may = (weekday < 5) & (sunday >= 0)
    rows = matrix - trend[:, None]
    sides = [trend[np.clip(day + apart, 0, clock.days - 1)] for apart in (-_LEVEL_REACH // 2, 0, _LEVEL_REACH // 2)]
    own = np.min([_mean_distance(matrix - side[:, None], profile) for side in sides], axis=0)
    other = _mean_distance(rows, profile[np.where(may, sunday, day)])
    better = may & (other < 0.6 * own)
    out = profile.copy()
    out[better] = profile[sunday[better]]
    return out


def _mean_distance(rows: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Mean absolute difference of each row; NaN where a row is not known at all."""
    distance = np.abs(rows - profile)
    known = np.count_nonzero(~np.isnan(distance), axis=1)
    mean: np.ndarray = np.where(known > 0, np.nansum(distance, axis=1) / np.maximum(known, 1), np.nan)
    return mean


def hour_scales(residual: np.ndarray, hour: np.ndarray) -> np.ndarray:
    """Robust standard deviation of each local hour with the two beside it, float64 (24,)."""
    scale = np.full(24, np.nan)
    for h in range(24):
        scale[h] = _spread(residual[hour == h])
    overall = _spread(residual)
    scale = np.where(np.isnan(scale) | (scale <= 0), overall, np.maximum(scale, 0.3 * overall))
    around: np.ndarray = np.stack([np.roll(scale, k) for k in (-1, 0, 1)]).mean(axis=0)
    return around


def _spread(residual: np.ndarray) -> float:
    """1.4826 times the median absolute residual, never 0."""
    known = residual[~np.isnan(residual)]
    return max(_MAD * float(np.median(np.abs(known))), 1e-3) if len(known) else 1e-3


def _assembled(
    observed: np.ndarray, residual: np.ndarray, scale: np.ndarray, level: np.ndarray, clock: Clock, mode: str
) -> Baseline:
    expected = _bridged(observed - residual)
    low, high = np.exp(expected - 1.96 * scale), np.exp(expected + 1.96 * scale)
    return Baseline(np.exp(expected), low, high, observed, residual, scale, level, clock, mode)


def _bridged(values: np.ndarray) -> np.ndarray:
    """What is not known from what is known on both sides, in a straight line, float64 (n,)."""
    missing = np.isnan(values)
    if not missing.any() or missing.all():
        return values
    at = np.arange(len(values))
    bridged: np.ndarray = np.where(missing, np.interp(at, at[~missing], values[~missing]), values)
    return bridged
