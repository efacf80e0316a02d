"""Local time by the rhythm of a series, where no zone is given.

People keep their hours by the wall clock, so that in UTC a day's course moves by an hour where summer time begins and
ends; each region has dates of its own. The rule whose wall clock makes neighbouring days most alike is taken, if its
changes show at least half of that hour. How far local time is from UTC is told by the quietest hours alone, which are
those before dawn nearly everywhere: an estimate, good to about two hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from netwatch.detect.clock import DAY, local_clock
from netwatch.detect.expectation import log_values
from netwatch.detect.options import DetectOptions
from netwatch.model.series import Bins, Series, SeriesSet

HOUR = 3600 * 10**9
_RULES = {
    "European": ("Atlantic/Azores", "Europe/London", "Europe/Berlin", "Europe/Helsinki"),
    "North American": ("America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
                       "America/Halifax"),
    "Australian": ("Australia/Adelaide", "Australia/Sydney"),
    "New Zealand": ("Pacific/Auckland",),
    "Chilean": ("America/Santiago",),
    "Brazilian": ("America/Sao_Paulo",),
    "Iranian": ("Asia/Tehran",),
}  # fmt: skip
"""Zones that stand for the regions of common summer time, by their offset from west to east."""
QUIETEST, ERROR = 4.5, 2.0
"""Local hour of the least traffic of a day, and how far it may be from there, hours."""
_LEAST_DAYS, _REACH, _SIDE = 60, 14, 21
_LEAST_COURSE = 0.3
_LEAST_GAIN = 0.01


class LocalTime(NamedTuple):
    """``zone``: IANA name by which days are counted ("UTC" where no summer time shows); ``offset``: hours from UTC in
    winter, within ``error``; ``summer``: whose summer time, empty for none.
    """

    zone: str
    offset: float
    error: float
    summer: str

    def words(self) -> str:
        """``UTC+1 (± 2 h), with European summer time, estimated from the rhythm; days are ...``."""
        summer = f"with {self.summer} summer time" if self.summer else "no summer time seen"
        counted = f"days are counted as in {self.zone}"
        return f"UTC{self.offset:+g} (± {self.error:g} h), {summer}, estimated from the rhythm; {counted}"


def local_time(series: SeriesSet) -> LocalTime | None:
    """What the scope's series (else the largest) tells of local time; None where it is too short, or has no rhythm."""
    ranked = sorted(
        (s for s in series.series.values() if s.counter == "octets" and s.entity.kind != "upstream"),
        key=lambda s: (s.entity.kind != "scope", -float(np.nansum(s.values)), s.entity),
    )
    bins = series.bins
    if not ranked or bins.width > HOUR or HOUR % bins.width or bins.count * bins.width < _LEAST_DAYS * DAY:
        return None
    days, first = _courses(ranked[0])
    days = np.where(np.isnan(days).any(axis=1)[:, None], np.nan, days)
    if (~np.isnan(days[:, 0])).sum() < _LEAST_DAYS // 2:
        return None
    mean = np.nanmedian(days, axis=0)
    if np.ptp(_three(mean)) < _LEAST_COURSE:
        return None
    found = _summer(days, first)
    zones = _RULES.get(found, ())
    winter = days if not zones else days[_offsets(first, len(days), zones[0]) == _standard(first, zones[0])]
    offset = float((QUIETEST - (np.argmin(_three(np.nanmedian(winter, axis=0))) + 0.5) + 12) % 24 - 12)
    best = min(zones, key=lambda zone: abs(_standard(first, zone) - offset), default="UTC")
    return LocalTime(best, round(offset), ERROR, found)


def _courses(series: Series) -> tuple[np.ndarray, int]:
    """Log of each hour of each whole day (UTC) less the day's mean, float64 (days, 24), NaN days unknown; first day."""
    per, bins = HOUR // series.bins.width, series.bins
    skip = int(-bins.start % DAY // bins.width)
    count = (bins.count - skip) // (24 * per)
    logs = log_values(series)[skip : skip + count * 24 * per].reshape(count, 24, per)
    known = (~np.isnan(logs)).sum(axis=2)
    hours = np.where(2 * known > per, np.nansum(logs, axis=2) / np.maximum(known, 1), np.nan)
    course: np.ndarray = hours - hours.mean(axis=1, keepdims=True)
    return course, (bins.start + skip * bins.width) // DAY


def _three(course: np.ndarray) -> np.ndarray:
    """Mean over three hours round each."""
    mean: np.ndarray = (np.roll(course, 1) + course + np.roll(course, -1)) / 3
    return mean


def _summer(days: np.ndarray, first: int) -> str:
    """The region whose summer time makes neighbouring days most alike; empty for none."""
    plain = _unlike(days)
    gains = {}
    for name, zones in _RULES.items():
        offsets = _offsets(first, len(days), zones[0])
        moved = list(_moves(days, offsets))
        if moved and 0.5 <= float(np.median(moved)) <= 1.5:
            at = (np.arange(24)[None, :] - offsets[:, None].astype(int)) % 24
            gains[name] = 1.0 - _unlike(np.take_along_axis(days, at, axis=1)) / plain
    best = max(gains, key=lambda name: gains[name], default="")
    return best if gains.get(best, 0.0) >= _LEAST_GAIN else ""


def _offsets(first: int, count: int, zone: str) -> np.ndarray:
    """Local time minus UTC at noon of each day, hours, float64 (count,)."""
    clock = local_clock(Bins(first * DAY + DAY // 2, DAY, count), zone)
    midnight = clock.midnight[clock.day] - clock.day * DAY  # of the first day, by each day's offset
    offset: np.ndarray = (clock.first * DAY - midnight) / HOUR
    return offset


def _standard(first: int, zone: str) -> float:
    """Offset in winter: the least of a year's, hours."""
    return float(_offsets(first, 366, zone).min())


def _unlike(days: np.ndarray) -> float:
    """Mean square of days less the mean of the same kind of day (working or not) in the weeks around."""
    weeks = np.full((-(-len(days) // 7) * 7, 24), np.nan)
    weeks[: len(days)] = days
    by_day = weeks.reshape(-1, 7, 24)
    reach = _REACH // 7
    padded = np.concatenate([np.full((reach, 7, 24), np.nan), by_day, np.full((reach, 7, 24), np.nan)])
    around = np.stack([padded[k : k + len(by_day)] for k in range(2 * reach + 1) if k != reach])
    known = (~np.isnan(around)).sum(axis=0)
    mean = np.where(known > 0, np.nansum(around, axis=0) / np.maximum(known, 1), np.nan)
    return float(np.nanmean((by_day - mean) ** 2))


def _moves(days: np.ndarray, offsets: np.ndarray) -> Iterator[float]:
    """By how many hours the course moved as the rule says, at each of its changes with three weeks on both sides."""
    for at in np.flatnonzero(np.diff(offsets)) + 1:
        if _SIDE <= at <= len(days) - _SIDE:
            sides = [days[s][~np.isnan(days[s, 0])] for s in (slice(at - _SIDE, at), slice(at, at + _SIDE))]
            if min(map(len, sides)) > _SIDE // 2:
                before, after = (np.median(side, axis=0) for side in sides)
                yield _shift(before, after) * float(np.sign(offsets[at] - offsets[at - 1]))


def _shift(before: np.ndarray, after: np.ndarray) -> float:
    """Hours by which a course came earlier, within two, to a tenth."""
    hours = np.arange(24.0)
    shifts = np.arange(-20, 21) / 10.0
    errors = [float(((np.interp(hours + s, hours, before, period=24) - after) ** 2).sum()) for s in shifts]
    return float(shifts[int(np.argmin(errors))])


def localised(series: SeriesSet, options: DetectOptions) -> DetectOptions:
    """Options with the zone in which days are counted: the given one, else that of the rhythm, else UTC."""
    if options.timezone is not None:
        return options
    found = local_time(series)
    return replace(options, timezone="UTC" if found is None else found.zone)
