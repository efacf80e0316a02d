"""Rhythm: the shape of weekdays and weekends, whatever the level.

At the start of each week the centred log shape of the twelve weeks before is held against that of the twelve after; the
root-mean-square distance is judged against that of every other week from the weeks between, which no change moves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netwatch.detect.expectation import Baseline
from netwatch.detect.levels import seldom_empty
from netwatch.detect.rates import mean_rate
from netwatch.detect.study import Study
from netwatch.kernels.segments import row_medians
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

_WEEKS, _STEP = 12, 4
_SCORE, _LEAST = 3.0, 0.06
_NIGHT = (0, 6)
_OFFICE = (8, 18)


def find_rhythm(study: Study) -> Iterator[Change]:
    """Rhythm changes: weekend against weekday, night against day; the shape of the week, not its level."""
    for series in study.watched():
        if series.counter != "octets" or not seldom_empty(series):
            continue
        base = study.baseline(series)
        if base.mode == "long" and base.clock.days >= 7 * (2 * _WEEKS + 2 * _STEP):
            yield from _changes(series, base)


def hours(base: Baseline) -> np.ndarray:
    """Log of each local hour less its week's mean, float64 (weeks, 7, 24); NaN unknown. Weeks begin on Monday."""
    clock = base.clock
    skip = int((7 - clock.weekday[0]) % 7)
    weeks = (clock.days - skip) // 7
    hour = clock.slot * 24 // clock.slots
    cell = (clock.day - skip) * 24 + hour
    known = ~np.isnan(base.log) & (clock.day >= skip) & (clock.day < skip + 7 * weeks)
    size = weeks * 168
    total, count = np.bincount(cell[known], base.log[known], size), np.bincount(cell[known], minlength=size)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(weeks, 168)
    enough = (~np.isnan(mean)).mean(axis=1) > 0.8
    mean[~enough] = np.nan
    centred = mean - np.where(enough, np.nanmean(np.where(enough[:, None], mean, 0.0), axis=1), np.nan)[:, None]
    out: np.ndarray = centred.reshape(weeks, 7, 24)
    return out


def shape(weeks: np.ndarray) -> np.ndarray:
    """Median weekday and weekend of some weeks, float64 (48,)."""
    flat = weeks[~np.isnan(weeks).all(axis=(1, 2))]
    if len(flat) < _WEEKS // 2:
        return np.full(48, np.nan)
    return np.concatenate([row_medians(flat[:, days].reshape(-1, 24).T) for days in (slice(5), slice(5, 7))])


def _changes(series: Series, base: Baseline) -> Iterator[Change]:
    table = hours(base)
    places = np.arange(_WEEKS, len(table) - _WEEKS + 1)
    distance = np.array([_distance(table, int(p)) for p in places])
    by_chance = [_between(table[p - _WEEKS : p + _WEEKS : 2], table[p - _WEEKS + 1 : p + _WEEKS : 2]) for p in places]
    if np.isnan(by_chance).all():
        return
    noise = max(float(np.nanmedian(by_chance)), 1e-6)
    while not np.isnan(distance).all():
        best = int(np.nanargmax(distance))
        score = distance[best] / noise
        if score < _SCORE or distance[best] < _LEAST:
            return
        yield _change(series, base, table, int(places[best]), (float(distance[best]), float(score)))
        distance[max(0, best - _WEEKS) : best + _WEEKS + 1] = np.nan


def _distance(table: np.ndarray, place: int) -> float:
    return _between(table[place - _WEEKS : place], table[place : place + _WEEKS])


def _between(some: np.ndarray, others: np.ndarray) -> float:
    return float(np.sqrt(np.mean((shape(some) - shape(others)) ** 2)))


def _change(series: Series, base: Baseline, table: np.ndarray, place: int, found: tuple[float, float]) -> Change:
    clock = base.clock
    skip = int((7 - clock.weekday[0]) % 7)
    since = int(clock.midnight[skip + 7 * place])
    week = 7 * 86_400 * 10**9
    facts: dict[str, object] = {"distance": round(found[0], 4), "score": round(found[1], 1)}
    sides = (table[place - _WEEKS : place], table[place : place + _WEEKS])
    told = [_shares(np.nanmedian(side, axis=0)) for side in sides]
    for name in told[0]:
        facts[f"{name}_before"], facts[f"{name}_after"] = round(told[0][name], 3), round(told[1][name], 3)
    return Change(
        series.entity, series.counter, ChangeKind.RHYTHM, since, None, since - 2 * week, since + 2 * week,
        float("nan"), float("nan"), float("nan"),
        mean_rate(series, since - _WEEKS * week, since), mean_rate(series, since, since + _WEEKS * week),
        float("nan"), "rhythm", facts=facts,
    )  # fmt: skip


def _shares(week: np.ndarray) -> dict[str, float]:
    """Plain numbers of a typical week of log hours (7, 24)."""
    volume = np.exp(week)
    return {
        "weekend_to_weekday": float(np.nanmean(volume[5:]) / np.nanmean(volume[:5])),
        "night_share": float(np.nansum(volume[:, _NIGHT[0] : _NIGHT[1]]) / np.nansum(volume)),
        "office_share": float(np.nansum(volume[:5, _OFFICE[0] : _OFFICE[1]]) / np.nansum(volume)),
    }
