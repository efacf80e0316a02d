"""The sudden detectors, bin by bin: what a history taught is carried, and stepped by what comes.

``learn`` takes a history and gives a ``Carried``; ``advance`` takes the next bins, one or many, and gives the alarms
that they raise and what is carried on. Steps do not depend on how the bins are cut: one at a time and all at once raise
the same alarms. Between two lessons the expected level follows the days that end; weights, scales and thresholds stay.
Whether a weekday is a holiday shows only once it is over, so that nothing is told that its Sunday would explain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netwatch.detect.carried import Alarm, Carried, Limit
from netwatch.detect.channels import SHARES, evened, learnt
from netwatch.detect.clock import DAY, Clock, local_clock
from netwatch.detect.expectation import floor_of, hour_scales, log_values, logs_of
from netwatch.detect.foresight import WEEK, foresight, levels_of_days
from netwatch.detect.options import DetectOptions
from netwatch.detect.points import LEAST_HISTORY, MONTH, WHOLE, edge_reach, often_empty, usually_empty, whole
from netwatch.detect.tails import threshold
from netwatch.kernels.segments import running_mean
from netwatch.model.series import Bins, Series

LEAST_DAYS = 14
LEARNT = 63 * DAY
"""History that a lesson looks at, ns: five weeks of it are what the first day's profile rests on."""
_UNTAUGHT = 7
"""Days at the beginning of a history whose expected values rest on too little to judge by."""
_QUIET = DAY // 4
"""What is beyond a threshold within six hours of an alarm of its sign is a part of it."""


def learn(series: Series, options: DetectOptions, count: int) -> Carried | None:
    """What to carry from the end of a history on; None where it is shorter than two weeks, or in bins of a day.

    ``count``: series that share the budget.
    """
    clock = local_clock(series.bins, options.timezone)
    if clock.days <= LEAST_DAYS or clock.slots < 4:
        return None
    logs = log_values(series)
    seen = foresight(logs, clock)
    hour = clock.slot * 24 // clock.slots
    scale = hour_scales(seen.residual, hour)
    standard, blur = evened(seen.residual / scale[hour], series)
    expected = np.exp(logs - seen.residual)
    ordinary = np.where(whole(series) & (clock.day >= _UNTAUGHT), standard, np.nan)
    limits = _limits(ordinary, series.bins.width, options, count)
    if not limits:
        return None
    kept = max(limit.channel.width for limit in limits) + 2 * edge_reach(series.bins.width)
    unseen = np.where(series.coverage >= WHOLE, standard, np.nan)
    last = clock.days - 1
    ahead = (np.arange(WEEK) - clock.weekday[last]) % WEEK
    profile = np.round(seen.profile[last + np.where(ahead, ahead, WEEK)], 6)
    today = clock.day == last
    material = _unexplained(seen.residual, seen.profile[clock.day, clock.slot], profile, clock)
    tail = np.stack([unseen, material, series.values, expected])[:, -kept:]
    return Carried(
        at=series.bins.end, width=series.bins.width, timezone=options.timezone, floor=floor_of(series),
        least=float(np.log(options.min_point)), profile=profile, levels=_last(seen.level[:last], WEEK),
        day=clock.first + last, today=logs[today] - seen.profile[last, clock.slot[today]], scale=scale * blur,
        empty=usually_empty(series, hour), bins=series.bins.count, limits=limits, tail=tail,
    )  # fmt: skip


def _unexplained(residual: np.ndarray, own: np.ndarray, profile: np.ndarray, clock: Clock) -> np.ndarray:
    """Residuals of weekdays less what the Sunday's profile explains of them, float64 (bins,); ``own``: the profile."""
    holiday = residual + own - profile[6, clock.slot]
    between = np.where(residual * holiday > 0, np.sign(residual) * np.minimum(abs(residual), abs(holiday)), 0.0)
    between[np.isnan(residual)] = np.nan
    out: np.ndarray = np.where(clock.weekday[clock.day] < 5, between, residual)
    return out


def _last(values: np.ndarray, count: int) -> np.ndarray:
    padded: np.ndarray = np.concatenate([np.full(count, np.nan), values])[-count:]
    return padded


def _limits(standard: np.ndarray, width: int, options: DetectOptions, count: int) -> tuple[Limit, ...]:
    channels = list(learnt(standard, width))
    known = int((~np.isnan(standard)).sum())
    if known < LEAST_HISTORY:
        return ()
    budget = options.false_alarms_per_month * known * width / MONTH / (2 * count * SHARES)
    return tuple(
        Limit(channel, *(threshold(sign * score, max(_QUIET // width, channel.width), budget) for sign in (1, -1)))
        for channel, score in channels
    )


def advance(carried: Carried, values: np.ndarray, coverage: np.ndarray) -> tuple[Carried, list[Alarm]]:
    """The next bins: what is carried on, and the alarms that they began or drew out, as they stand now.

    ``values``, ``coverage`` float64 (bins,), as those of a ``Series``.
    """
    clock = local_clock(Bins(carried.at, carried.width, len(values)), carried.timezone)
    logs = logs_of(values, coverage, carried.floor)
    carried, residual = _followed(carried, logs, clock)
    own = carried.profile[clock.weekday[clock.day], clock.slot]
    material = _unexplained(residual, own, carried.profile, clock)
    hour = clock.slot * 24 // clock.slots
    standard = np.where(coverage >= WHOLE, residual / carried.scale[hour], np.nan)
    new = np.stack([standard, material, np.where(np.isnan(logs), np.nan, values), np.exp(logs - residual)])
    tail = np.concatenate([carried.tail, new], axis=1)
    open_, raised = _raised(carried, tail, hour)
    kept = carried.tail.shape[1]
    return replace(carried, at=carried.at + len(values) * carried.width, tail=tail[:, -kept:], open=open_), raised


def _followed(carried: Carried, logs: np.ndarray, clock: Clock) -> tuple[Carried, np.ndarray]:
    """Residuals of log values, day by day: the level is the median of the days that ended."""
    residual = np.empty(len(logs))
    levels, today, day = carried.levels, carried.today, carried.day
    for number in range(clock.days):
        here = clock.day == number
        if clock.first + number != day:
            for _ in range(clock.first + number - day):
                level = _level(today, clock.slots)
                levels, today = np.append(levels[1:], level), np.zeros(0)
            day = clock.first + number
        plain = logs[here] - carried.profile[clock.weekday[number], clock.slot[here]]
        known = levels[~np.isnan(levels)]
        residual[here] = plain - (np.median(known) if len(known) else np.nan)
        today = np.concatenate([today, plain])
    return replace(carried, levels=levels, today=today, day=day), residual


def _level(today: np.ndarray, slots: int) -> float:
    row = np.full((1, slots), np.nan)
    row[0, : min(slots, len(today))] = today[:slots]
    return float(levels_of_days(row)[0]) if not np.isnan(row).all() else float("nan")


def _raised(carried: Carried, tail: np.ndarray, hour: np.ndarray) -> tuple[dict[int, Alarm], list[Alarm]]:
    """The last alarm of each sign, and all that began or went on in the last ``len(hour)`` bins of the tail."""
    count = len(hour)
    standard = _settled(tail[0], edge_reach(carried.width))
    scores = [limit.channel.score(standard)[-count:] for limit in carried.limits]
    means = [_mean(tail[1], limit.channel.width)[-count:] for limit in carried.limits]
    open_, out = dict(carried.open), {}
    for sign in (1, -1):
        limits = np.array([limit.up if sign > 0 else limit.down for limit in carried.limits])
        excess = sign * np.stack(scores) / limits[:, None]
        beyond = (excess > 1.0) & (sign * np.stack(means) >= carried.least)
        for place in np.flatnonzero(beyond.any(axis=0)):
            at = tail.shape[1] - count + int(place)
            reached = np.where(beyond[:, place], excess[:, place], 0.0)
            alarm = _alarm(carried, tail[:, : at + 1], (sign, reached), (open_.get(sign), hour[: place + 1]))
            if alarm is not None:
                open_[sign] = alarm
                out[sign, alarm.since] = alarm
    return open_, list(out.values())


def _settled(standard: np.ndarray, reach: int) -> np.ndarray:
    """Residuals without those so soon after a gap that records are missing."""
    missing = np.isnan(standard).astype(float)
    near = np.convolve(missing, np.ones(reach + 1))[: len(missing)] > 0.5
    return np.where(near, np.nan, standard)


def _mean(residual: np.ndarray, width: int) -> np.ndarray:
    return running_mean(residual, width) if width > 1 else residual


def _alarm(
    carried: Carried, past: np.ndarray, beyond: tuple[int, np.ndarray], before: tuple[Alarm | None, np.ndarray]
) -> Alarm | None:
    """The alarm of the last bin of ``past`` (a tail): one that goes on, or a new one; None where it is none after all.

    ``beyond``: sign, and score over threshold of each channel, 0 where not beyond; ``before``: the last alarm of the
    sign, and the local hours of the new bins.
    """
    (sign, excess), (held, hours) = beyond, before
    at = carried.at + (len(hours) - 1) * carried.width
    widths = np.array([limit.channel.width for limit in carried.limits])
    narrow = int(np.argmin(np.where(excess > 0, widths, np.iinfo(np.int64).max)))
    width = int(widths[narrow])
    out = sign * past[1] > 0.5 * carried.least
    if held is not None and at - held.last <= max(_QUIET, width * carried.width):
        if not out[-1]:
            return held._replace(last=at, excess=max(held.excess, float(excess.max())))
        missed = min(max(0, (at + carried.width - held.until) // carried.width), past.shape[1])
        actual, expected = _sums(past, missed)
        return held._replace(
            until=at + carried.width, last=at, excess=max(held.excess, float(excess.max())),
            actual=held.actual + actual, expected=held.expected + expected,
        )  # fmt: skip
    inside = np.flatnonzero(out[-width:])
    if not len(inside):
        return None
    long = min(width, past.shape[1]) - int(inside[0])
    end = at + carried.width * (1 - (min(width, past.shape[1]) - 1 - int(inside[-1])))
    actual, expected = _sums(past, long)
    if actual == 0 and often_empty(carried.empty, _hours(hours, long), carried.bins):
        return None
    return Alarm(
        sign, at - (long - 1) * carried.width, end, at + carried.width, at, carried.limits[narrow].channel.name,
        float(excess.max()), actual, expected, float(carried.scale[hours[-1]]),
    )  # fmt: skip


def _sums(past: np.ndarray, count: int) -> tuple[float, float]:
    """Actual and expected sums of the last ``count`` bins, of those known."""
    if not count:
        return 0.0, 0.0
    values, expected = past[2, -count:], past[3, -count:]
    known = ~np.isnan(values) & ~np.isnan(expected)
    return float(values[known].sum()), float(expected[known].sum())


def _hours(hours: np.ndarray, count: int) -> np.ndarray:
    """Hours of the last ``count`` bins; those before the new bins are not told apart from the first of them."""
    return np.concatenate([np.full(max(0, count - len(hours)), hours[0]), hours[-count:]])
