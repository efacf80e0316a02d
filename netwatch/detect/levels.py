"""Levels: what a series' structure is sought in, free of the rhythm of days and weeks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.detect.clock import DAY
from netwatch.detect.expectation import LEAST_COVERAGE, LONG_DAYS, Baseline, well_known
from netwatch.detect.passing import passing
from netwatch.model.series import Series

_FULL = 0.9
"""Share of bins with traffic from which on the middle of a day's logs is its level."""
_WEEK_FROM, _PLACES, _SPARSE = 7 * DAY, 96, 36
"""Known time from which blocks are of 6 h; what is shorter is cut into about so many, fewer where bins are empty."""
_FLOWS = 20
"""Flows that a block needs: fewer are some host's click, not a level."""
_GAP = 14
"""Places that are left of a longer gap."""
_NOTHING = 14
"""Parts without anything, in a row, from which on there was no traffic rather than none by chance."""


class Levels(NamedTuple):
    """Log levels at equal steps: ``values`` float64 (n,); ``times`` int64 (n + 1,) ns UTC, the borders; ``day`` int64
    (n,): the local day of each, where weekdays are still in them.
    """

    values: np.ndarray
    times: np.ndarray
    per_day: float
    day: np.ndarray | None = None


def levels_of(series: Series, base: Baseline, flows: float = np.inf) -> Levels:
    """The levels that structure is sought in: days, 6 h blocks where under eight weeks are known, or bins of a day and
    more; of a long gap two weeks of places are left, or as many blocks. What is shorter than a week is cut into blocks
    on each of which some of its ``flows`` fall.
    """
    return _without_gaps(_levels(series, base, flows))


def _without_gaps(levels: Levels) -> Levels:
    """Levels with gaps of at most 14 places: years in which nothing was observed are not searched for changes."""
    known = np.flatnonzero(~np.isnan(levels.values))
    if not len(known):
        return levels
    at = np.arange(len(levels.values))
    before = at - known[np.maximum(np.searchsorted(known, at, side="right") - 1, 0)]
    after = known[np.minimum(np.searchsorted(known, at), len(known) - 1)] - at
    kept = (before <= _GAP // 2) | (after <= _GAP // 2)  # before the first and after the last known place both are
    if kept.all():
        return levels
    times = np.append(levels.times[:-1][kept], levels.times[-1])
    return levels._replace(
        values=levels.values[kept], times=times, day=None if levels.day is None else levels.day[kept]
    )


def _levels(series: Series, base: Baseline, flows: float) -> Levels:
    clock = base.clock
    if clock.slots == 1:
        times = np.append(series.bins.times(), series.bins.end)
        return Levels(base.log, times, DAY / series.bins.width, clock.day if series.bins.width == DAY else None)
    if np.count_nonzero(~np.isnan(base.level)) >= LONG_DAYS:
        end = max(series.bins.end, int(clock.midnight[-1]) + 1)
        daily = base.level if seldom_empty(series) else logs_of_means(series, clock.day, clock.weekday[: clock.days])
        return Levels(np.where(passing(daily), np.nan, daily), np.append(clock.midnight, end), 1.0)
    weeks = np.count_nonzero(~np.isnan(series.values)) * series.bins.width >= _WEEK_FROM
    places = max(1.0, min(_PLACES if seldom_empty(series) else _SPARSE, flows / _FLOWS))
    per = max(1, DAY // 4 // series.bins.width if weeks else int(series.bins.count / places))
    count = series.bins.count // per
    if weeks and seldom_empty(series):
        profile = np.log(base.expected) - _slow(base)
        blocks = (base.log - profile)[: count * per].reshape(count, per)
        known = well_known(blocks, 0.5)
        values = np.full(count, np.nan)
        values[known] = np.nanmedian(blocks[known], axis=1)
    else:
        values = logs_of_means(series, np.arange(series.bins.count) // per, np.arange(count) % (4 if weeks else 1))
    times = series.bins.start + series.bins.width * per * np.arange(count + 1)
    if not weeks:
        return Levels(values, times, DAY / (per * series.bins.width))
    return Levels(values, times, 4.0, clock.day[per // 2 :: per][:count])


def seldom_empty(series: Series) -> bool:
    """Whether nearly all bins have traffic: else the middle of their logs tells how many are empty, not how much
    there was.
    """
    known = series.values[~np.isnan(series.values)]
    return len(known) > 0 and bool((known > 0).mean() >= _FULL)


def logs_of_means(series: Series, part: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Log of the mean of each part, without what its phase adds, float64 (parts,); NaN where less is known than a
    quarter of what usually is.

    ``part`` int64 (bins,): the part of each bin, those beyond the last left out; ``phase`` int64 (parts,): what comes
    back, as weekdays do. Parts of nothing are held to half of the least that any had, and where there are 14 and more
    in a row, as before a service began, to a thousandth of the median.
    """
    parts = len(phase)
    known = ~np.isnan(series.values) & (series.coverage >= LEAST_COVERAGE) & (part < parts)
    seen = np.bincount(part[known], minlength=parts)
    mean = np.bincount(part[known], series.values[known], parts) / np.maximum(seen, 1)
    told = seen >= max(1.0, float(np.median(seen[seen > 0])) / 4) if seen.any() else np.zeros(parts, bool)
    some = mean[told & (mean > 0)]
    if not len(some):
        return np.full(parts, np.nan)
    floor = np.where(_long(told & (mean == 0)), np.median(some) / 1000, some.min() / 2)
    logs = np.where(told, np.log(np.maximum(mean, floor)), np.nan)
    middle = np.nanmedian(logs)
    for one in np.unique(phase[told]):
        logs[phase == one] -= np.nanmedian(logs[phase == one]) - middle
    return logs


def _long(flags: np.ndarray) -> np.ndarray:
    """Those in runs of 14 and more, bool (n,)."""
    cuts = np.flatnonzero(np.diff(flags)) + 1
    lengths = np.diff(np.r_[0, cuts, len(flags)])
    long: np.ndarray = flags & np.repeat(lengths >= _NOTHING, lengths)
    return long


def _slow(base: Baseline) -> np.ndarray:
    """Mean of the expected log by day: what is left is the time of day's."""
    logs = np.log(base.expected)
    sums = np.bincount(base.clock.day, logs, base.clock.days)
    counts = np.bincount(base.clock.day, minlength=base.clock.days)
    mean: np.ndarray = (sums / np.maximum(counts, 1))[base.clock.day]
    return mean
