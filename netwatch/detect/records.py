"""Records: the highest or lowest hour in a long time.

The hour must lie beyond all of the year before it (of twelve weeks at least). How far beyond depends on the budget: of
days like any other, the nth is a record with chance 1/n, however they are distributed (Rényi 1962), and where the tail
of their logarithms is exponential, the step beyond the last record is too, with the same scale (Pickands 1975). So a
margin of scale times the logarithm of records to be expected over records put up with leaves as many by chance. The
scale is that of a tail whose largest values, which may be what is sought, are counted but not measured (Epstein & Sobel
1953).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from netwatch.detect.channels import SHARES
from netwatch.detect.clock import DAY
from netwatch.detect.expectation import floor_of
from netwatch.detect.matching import POINTS, part_of_level
from netwatch.detect.points import MONTH, whole
from netwatch.detect.study import Study
from netwatch.kernels.segments import running_median
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series
from netwatch.model.text import instant

HOUR = 3600 * 10**9
LEAST_DAYS, YEAR = 84, 365
_LOCAL = 14
_TAIL, _TRIM = 0.9, 0.02
_LEAST_MARGIN = float(np.log(1.1))
_KNOWN = 0.75
"""Share of a day's hours that must be known before one of them is its lowest."""


class Extremes(NamedTuple):
    """The most extreme hour of each day: ``value`` float64 (days,), log, times the sign, NaN unknown; ``at`` int64
    (days,): the hour's number; ``hours`` of a day.
    """

    value: np.ndarray
    at: np.ndarray
    hours: int


def find_records(study: Study) -> Iterator[Change]:
    """Records: the highest or lowest hour in a long time, beyond what records come by chance."""
    for series in study.watched():
        if series.bins.width > DAY // 4 or series.bins.count * series.bins.width < LEAST_DAYS * DAY:
            continue
        rates, width = _hours(series)
        months = series.bins.count * series.bins.width / MONTH
        budget = study.options.false_alarms_per_month * months / (2 * study.count * SHARES)
        for sign in (1, -1):
            extremes = _extremes(rates, sign, DAY // width)
            for day, before in _records(extremes.value, budget):
                yield _change(series, extremes, (day, before), (sign, width))


def _hours(series: Series) -> tuple[np.ndarray, int]:
    """Log of the mean rate of each hour (or longer bin), float64 (hours,), and its width, ns."""
    per = max(1, HOUR // series.bins.width)
    count = series.bins.count // per
    values = np.where(whole(series), series.values, np.nan)[: count * per].reshape(count, per)
    known = (~np.isnan(values)).sum(axis=1)
    mean = np.where(2 * known >= per, np.nansum(values, axis=1) / np.maximum(known, 1), np.nan)
    return np.log(np.maximum(mean, floor_of(series))), per * series.bins.width


def _extremes(rates: np.ndarray, sign: int, hours: int) -> Extremes:
    days = len(rates) // hours
    table = sign * rates[: days * hours].reshape(days, hours)
    known = (~np.isnan(table)).mean(axis=1)
    filled = np.where(np.isnan(table), -np.inf, table)
    at = np.argmax(filled, axis=1)
    value = filled[np.arange(days), at]
    value[(known < _KNOWN) if sign < 0 else np.isinf(value)] = np.nan
    return Extremes(value, at + hours * np.arange(days), hours)


def _records(value: np.ndarray, budget: float) -> Iterator[tuple[int, int]]:
    """Days that set a record, each with the day that held it before."""
    bare = list(_beyond(value))
    margin = _margin(value, len(bare), budget)
    for day, holder in bare:
        if value[day] > value[holder] + margin:
            yield day, holder


def _beyond(value: np.ndarray) -> Iterator[tuple[int, int]]:
    """Days beyond all of the year before them, each with the most extreme of those."""
    before = np.concatenate([np.full(YEAR, -np.inf), np.where(np.isnan(value), -np.inf, value)])[:-1]
    past = np.lib.stride_tricks.sliding_window_view(before, YEAR)
    known = np.isfinite(past).sum(axis=1) >= LEAST_DAYS - 2
    for day in np.flatnonzero(known & (value > past.max(axis=1))).tolist():
        yield day, day - YEAR + int(np.argmax(past[day]))


def _margin(value: np.ndarray, bare: int, budget: float) -> float:
    """How far beyond the last record is no chance, log units; ``bare``: how many there are without a margin.

    A level that grows or wanders sets more of them than days like any other would.
    """
    local = value - running_median(value, _LOCAL)
    local = np.sort(local[~np.isnan(local)])
    tail = local[int(_TAIL * len(local)) :]
    kept = tail[: len(tail) - int(_TRIM * len(local))]
    if len(kept) < 2:
        return np.inf
    excess = kept - kept[0]
    scale = float(excess.sum() + excess[-1] * (len(tail) - len(kept))) / (len(kept) - 1)
    days = int((~np.isnan(value)).sum())
    expected = float(np.log(min(days, YEAR) / LEAST_DAYS)) + max(0, days - YEAR) / YEAR
    return max(_LEAST_MARGIN, scale * float(np.log(max(max(expected, bare) / max(budget, 1e-12), 1.0))))


def _change(series: Series, extremes: Extremes, days: tuple[int, int], how: tuple[int, int]) -> Change:
    (day, before), (sign, width) = days, how
    value = extremes.value
    as_far = np.flatnonzero(value[:day] >= value[day])
    months = (day - (int(as_far[-1]) if len(as_far) else 0)) * DAY / MONTH
    since, held = (series.bins.start + int(extremes.at[d]) * width for d in (day, before))
    rates = [float(np.exp(sign * value[d])) / (series.bins.width / 1e9) for d in (before, day)]
    ratio = rates[1] / rates[0]
    facts: dict[str, object] = {
        "record": "highest" if sign > 0 else "lowest", "months": int(months), "ever_seen": not len(as_far),
        "record_before": instant(held), "hours": width / HOUR,
    }  # fmt: skip
    return Change(
        series.entity, series.counter, ChangeKind.RECORD, since, since + width, since, since,
        ratio, ratio, ratio, rates[0], rates[1], float("nan"), "records", facts=facts,
    )  # fmt: skip


def joined(found: Sequence[Change], width: int) -> list[Change]:
    """Changes with records that are a spike or drop told there, and those that a change of the level set left out."""
    records = [c for c in found if c.kind is ChangeKind.RECORD]
    out = []
    for change in found:
        if change.kind in POINTS:
            told = next((r for r in records if _within(r, change, width)), None)
            out.append(change if told is None else replace(change, facts=change.facts | told.facts))
        elif change.kind is not ChangeKind.RECORD or not (
            part_of_level(change, found, width) or any(_within(change, p, width) for p in found if p.kind in POINTS)
        ):
            out.append(change)
    return out


def _within(record: Change, point: Change, width: int) -> bool:
    """Whether a record is set by a spike or drop."""
    if (record.entity, record.counter) != (point.entity, point.counter):
        return False
    until = point.since if point.until is None else point.until
    reach = max(width, HOUR)
    return (record.ratio > 1) == (point.ratio > 1) and point.since - reach <= record.since < until + reach
