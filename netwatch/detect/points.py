"""Spikes and drops: residuals at several scales and innovations, against a budget of false alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from netwatch.detect.channels import SHARES, Channel, evened, learnt
from netwatch.detect.expectation import Baseline
from netwatch.detect.passing import passing
from netwatch.detect.rates import mean_rate
from netwatch.detect.study import Study
from netwatch.detect.tails import threshold
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

MONTH = 30.44 * 86_400e9
_SHORT_RATIO = 3.0
LEAST_HISTORY = 500
_ACTIVE_TIMEOUT = 1800
"""Seconds for which an exporter may hold a flow: so long before and after a gap, records are missing."""
WHOLE = 0.95
_USUALLY_EMPTY, _LEAST_CHANCE = 0.005, 0.1


class Alarm(NamedTuple):
    """Bins ``first`` to ``last`` (inclusive) beyond a threshold; ``excess``: score over threshold."""

    first: int
    last: int
    excess: float
    channel: str


def find_points(study: Study) -> Iterator[Change]:
    """Spikes and drops: bins or hours that left the baseline, with a budget of false alarms over all series."""
    for series in study.watched():
        yield from _changes(series, study.baseline(series), study)


def _changes(series: Series, base: Baseline, study: Study) -> Iterator[Change]:
    months = series.bins.count * series.bins.width / MONTH
    least = np.log(study.options.min_point if base.mode != "short" else _SHORT_RATIO)
    alarms = {1.0: short_alarms(base), -1.0: []} if base.mode == "short" else _alarms(series, base, study, months)
    run = _runs(base)[base.clock.day]
    for sign, found in alarms.items():
        told: list[tuple[Alarm, Change]] = []
        for alarm in merged(found):
            left = _left(base, alarm, sign, least)
            change = None if left is None else _change(series, base, left, sign, least)
            if left is None or change is None:
                continue
            if told:
                first, before = told[-1]
                if run[left.first] == run[first.last] > 0 and _alike(before, change):
                    told.pop()
                    left = first._replace(last=left.last, excess=max(first.excess, left.excess))
                    change = _change(series, base, left, sign, least) or change
                elif left.first <= first.last:  # two alarms of one event
                    left, change = max(told.pop(), (left, change), key=lambda pair: pair[0].excess)
            told.append((left, change))
        yield from (change for _, change in told)


def _alarms(series: Series, base: Baseline, study: Study, months: float) -> dict[float, list[Alarm]]:
    """Alarms of all channels by sign."""
    standard, _ = evened(np.where(whole(series), base.residual / base.scale, np.nan), series)
    channels = list(learnt(standard, series.bins.width))
    budget = study.options.false_alarms_per_month * months / (2 * study.count * SHARES)
    # Thresholds are not learnt from passing days, nor from a day beside them.
    usual = ~(np.convolve(_runs(base) > 0, np.ones(3), mode="same") > 0)[base.clock.day]
    return {
        sign: [a for channel, score in channels for a in channel_alarms(channel, sign * score, usual, budget)]
        for sign in (1.0, -1.0)
    }


def _alike(one: Change, other: Change) -> bool:
    """Whether one is at least half as far from the baseline as the other, in logs."""
    sizes = sorted(abs(float(np.log(max(change.ratio, 1e-9)))) for change in (one, other))
    return 2 * sizes[0] >= sizes[1]


def _runs(base: Baseline) -> np.ndarray:
    """Number of the run of passing days that each day is in, 0 none, int64 (days,)."""
    days = passing(base.level) if base.mode == "long" else np.zeros(base.clock.days, bool)
    numbered: np.ndarray = np.cumsum(np.diff(days, prepend=False) & days) * days
    return numbered


def whole(series: Series) -> np.ndarray:
    """Bins that were wholly observed and do not touch one that was not, bool (bins,).

    Records of flows that lived across the edge of a gap are missing, so that the bins beside it are not whole either.
    """
    reach = min(edge_reach(series.bins.width), series.bins.count)
    missing = (series.coverage < WHOLE).astype(float)
    missing[[0, -1]] = 0.0  # cut by where the data begins and ends
    near: np.ndarray = np.convolve(missing, np.ones(2 * reach + 1), mode="full")[reach : reach + len(missing)] < 0.5
    return near & (series.coverage >= WHOLE)


def edge_reach(width: int) -> int:
    """Bins of ``width`` ns beside a gap from which records may be missing."""
    return max(1, -(-_ACTIVE_TIMEOUT * 10**9 // width))


def channel_alarms(channel: Channel, score: np.ndarray, usual: np.ndarray, budget: float) -> Iterator[Alarm]:
    """Runs of bins above the level that is passed ``budget`` times by chance in a series like its ``usual`` bins."""
    if (~np.isnan(score)).sum() < LEAST_HISTORY:
        return
    width = channel.width
    limit = threshold(np.where(usual, score, np.nan), max(12, 2 * width), budget)
    above = np.flatnonzero(score > limit)  # NaN is not beyond
    if not len(above):
        return
    cuts = np.flatnonzero(np.diff(above) > max(2, width))
    for first, last in zip(above[np.r_[0, cuts + 1]], above[np.r_[cuts, len(above) - 1]], strict=True):
        peak = float(np.nanmax(score[first : last + 1]))
        yield Alarm(max(0, int(first) - width + 1), int(last), peak / limit, channel.name)


def short_alarms(base: Baseline) -> list[Alarm]:
    """Of a capture too short for a rhythm: what stands out of its own median and of everything else in it.

    Ordinary traffic of minutes comes in bursts of every size, so a run of bins counts only when it is threefold, lasts
    a hundredth of the whole, has a median of twice what 99 % of the other bins reach, and a fifth of the volume.
    Silence in it is ordinary, so that there are no drops.
    """
    volume = np.nan_to_num(np.exp(base.log))
    above = np.flatnonzero(np.nan_to_num(base.residual) > np.log(_SHORT_RATIO))
    if not len(above):
        return []
    cuts = np.flatnonzero(np.diff(above) > max(3, len(volume) // 100))
    alarms = []
    for first, last in zip(above[np.r_[0, cuts + 1]], above[np.r_[cuts, len(above) - 1]], strict=True):
        inside = slice(int(first), int(last) + 1)
        others = np.delete(volume, inside)
        if not len(others) or last - first < max(2, len(volume) // 100):
            continue
        excess = float(np.median(volume[inside])) / max(2.0 * float(np.quantile(others, 0.99)), 1e-9)
        if excess >= 1.0 and float(volume[inside].sum()) >= 0.2 * float(volume.sum()):
            alarms.append(Alarm(int(first), int(last), excess, "level"))
    return alarms


def merged(alarms: list[Alarm]) -> list[Alarm]:
    """Alarms that touch made one: the span of the narrowest that holds the event, the strongest excess."""
    out: list[Alarm] = []
    for alarm in sorted(alarms):
        if out and alarm.first <= out[-1].last + 2:
            held = out[-1]
            narrow = min(held, alarm, key=lambda a: a.last - a.first)
            out[-1] = Alarm(
                narrow.first, max(narrow.last, narrow.first), max(held.excess, alarm.excess), narrow.channel
            )
            out[-1] = out[-1]._replace(last=max(out[-1].last, min(held.last, alarm.last)))
        else:
            out.append(alarm)
    return out


def usually_empty(series: Series, hour: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """Share of empty bins among the known (of ``others``) by local ``hour``, int64 (bins,): float64 (24,)."""
    chosen = ~np.isnan(series.values) if others is None else ~np.isnan(series.values) & others
    known, empty = (np.bincount(hour[which], minlength=24) for which in (chosen, chosen & (series.values == 0)))
    share: np.ndarray = empty / np.maximum(known, 1)
    return share


def often_empty(usual: np.ndarray, hours: np.ndarray, bins: int) -> bool:
    """Whether empty bins in a row at such ``hours`` are ordinary in ``bins`` where single ones are usual."""
    if usual[hours].max() < _USUALLY_EMPTY:
        return False
    return bool(np.log(bins) + np.log(np.maximum(usual[hours], 1.0 / bins)).sum() > np.log(_LEAST_CHANCE))


def _left(base: Baseline, alarm: Alarm, sign: float, least: float) -> Alarm | None:
    """The alarm with the bins that left the baseline, and those beside them that are half as high: a long score
    may pass its threshold late.
    """
    height = sign * base.residual
    at = alarm.first + np.flatnonzero(height[alarm.first : alarm.last + 1] > 0.5 * least)
    if not len(at):
        return None
    first, last = int(at[0]), int(at[-1])
    half = 0.5 * max(least, float(np.nanmedian(height[first : last + 1])))
    while first > 0 and height[first - 1] > half:
        first -= 1
    while last < len(height) - 1 and height[last + 1] > half:
        last += 1
    return alarm._replace(first=first, last=last)


def _change(series: Series, base: Baseline, alarm: Alarm, sign: float, least: float) -> Change | None:
    first, last = alarm.first, alarm.last
    known = ~np.isnan(series.values[first : last + 1])
    actual = float(series.values[first : last + 1][known].sum())
    expected = float(base.expected[first : last + 1][known].sum())
    if actual == 0:
        hour = base.clock.slot * 24 // base.clock.slots
        others = np.ones(len(hour), bool)
        others[first : last + 1] = False
        if often_empty(usually_empty(series, hour, others), hour[first : last + 1], len(hour)):
            return None
    if expected <= 0 or sign * (np.log(max(actual, 1e-9 * expected)) - np.log(expected)) < least:
        return None
    ratio = actual / expected
    # Neighbouring bins err together: the interval is that of one bin, not of their mean.
    spread = float(np.nanmean(base.scale[first : last + 1]))
    times, width = series.bins.times(), series.bins.width
    return Change(
        series.entity,
        series.counter,
        ChangeKind.SPIKE if sign > 0 else ChangeKind.DROP,
        int(times[first]),
        int(times[last]) + width,
        int(times[first]) - width,
        int(times[first]) + width,
        ratio,
        ratio * float(np.exp(-1.96 * spread)),
        ratio * float(np.exp(1.96 * spread)),
        expected / (known.sum() * width / 1e9),
        mean_rate(series, int(times[first]), int(times[last]) + width),
        float("nan"),
        "points",
        facts={"channel": alarm.channel, "score_over_threshold": round(alarm.excess, 2), "mode": base.mode},
    )
