"""Passing days: a run of days or a few weeks that lies far from all before and after it."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.segments import running_median

_REACH, _LONGEST, _SHORTEST = 28, 21, 2
_WEEK, _WEEKS = 7, 14
_FAR = 4.0
_MAD = 1.4826


def passing(level: np.ndarray) -> np.ndarray:
    """The days of such runs, bool (days,), of a daily log level, NaN unknown.

    Each day of a run lies four robust deviations and more above the median of the 28 days to each side, or each below.
    Runs of two days to three weeks, with two weeks to each side, the nearer of which is back: a day alone moves no
    level, and what lasts longer may be here to stay. They are told by the hour, as spikes and drops are. Weeks cannot
    tell them: of a run that fills half of one week and half of the next, no week is at its level.
    """
    apart = level - running_median(level, _REACH)
    known = apart[~np.isnan(apart)]
    inside = np.zeros(len(level), bool)
    if not len(known):
        return inside
    side = np.sign(apart) * (np.abs(apart) > _FAR * max(_MAD * float(np.median(np.abs(known))), 1e-3))
    side = np.where(np.isnan(side), 0.0, side)
    cuts = np.flatnonzero(np.diff(side)) + 1
    for first, last in zip(np.r_[0, cuts], np.r_[cuts, len(side)], strict=True):
        if side[first] and _SHORTEST <= last - first <= _LONGEST and first >= _WEEKS and last <= len(side) - _WEEKS:
            size, middle = float(np.median(apart[first:last])), float(np.median(level[first:last]))
            sides = (level[first - _WEEK : first], level[last : last + _WEEK])
            away = [(middle - np.nanmedian(days)) / size for days in sides if not np.isnan(days).all()]
            inside[first:last] = min(away, default=1.0) > 0.5
    return inside
