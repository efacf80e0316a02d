"""``backtest``: what would have been told when, had the series come in as they happened.

Sudden changes are replayed with ``detect/online``: from its third week on each series is learnt at equal intervals and
stepped in between. Lasting ones are sought as a monitor seeks them, in the days up to then: at the same intervals, and
for what is new at each day since the last look, so that the day of the telling is found. Nothing is known ahead of
time, but for the local time that the rhythm tells where no zone is given. Each telling is then held against what the
detectors say of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from netwatch.detect.carried import Alarm, Carried, change_of
from netwatch.detect.clock import DAY
from netwatch.detect.detection import LASTING, detect
from netwatch.detect.matching import LEVEL_SLACK, LEVELS, POINTS, about_observation, part_of_level, same
from netwatch.detect.online import LEARNT, LEAST_DAYS, advance, learn
from netwatch.detect.options import DetectOptions
from netwatch.detect.study import Study
from netwatch.detect.zone import localised
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series, SeriesSet

_EDGE = 7 * DAY
"""So near to the beginning of what is looked at, a lasting change has too little before it to be told."""
_TOLD_LASTING = 21
"""Days of history from which lasting changes are sought."""


@dataclass(frozen=True, slots=True)
class Replay:
    """``every``: ns between two lessons, and looks for lasting changes; ``lasting``: ns of history that the latter see;
    ``learnt``: ns of history that a lesson sees.
    """

    every: int = 7 * DAY
    lasting: int = 91 * DAY
    learnt: int = LEARNT


class Told(NamedTuple):
    """``change`` as it was first told at ``told`` (ns). ``outcome``: "confirmed" by a change of the whole, "part of"
    one (of another kind), or "withdrawn": the whole knows nothing of it. ``by``: that change.
    """

    change: Change
    told: int
    outcome: str
    by: Change | None

    @property
    def delay(self) -> int:
        """From the beginning, as the whole knows it where it does, to the telling; ns."""
        return max(0, self.told - (self.by or self.change).since)


class Backtest(NamedTuple):
    """What was ``told``, by time, and what the whole says that was ``missed``, of ``series`` many from ``since`` to
    ``until`` (ns); ``budget``: false point alarms a month that were asked for.
    """

    told: list[Told]
    missed: list[Change]
    since: int
    until: int
    series: int
    budget: float


def backtest(series: SeriesSet, options: DetectOptions, replay: Replay | None = None) -> Backtest:
    """Replay the history of all series.

    Raises:
        UsageError: a detector or time zone that is not known.
    """
    replay = replay or Replay()
    bins = series.bins
    if not bins.count:
        return Backtest([], [], bins.start, bins.end, 0, options.false_alarms_per_month)
    options = localised(series, options)
    whole = detect(series, options)
    chosen = options.detectors or ("points", *LASTING)
    study = Study(series, options)
    told: list[tuple[Change, int]] = []
    if "points" in chosen:
        told += [alarm for one in study.watched() for alarm in _sudden(one, study, replay)]
    lasting = tuple(name for name in LASTING if name in chosen)
    if lasting:
        told += _lasting(series, replace(options, detectors=lasting).repeated(), replay)
    judged = sorted((_judged(change, at, whole, bins.width) for change, at in told), key=_order)
    since = min(bins.end, bins.start + LEAST_DAYS * DAY)
    known = [t.by for t in judged if t.by is not None]
    missed = [c for c in whole if c.detector in ("points", *LASTING) and c.since >= since and c not in known]
    return Backtest(judged, missed, since, bins.end, study.count, options.false_alarms_per_month)


def _order(told: Told) -> tuple[object, ...]:
    return told.told, told.change.since, told.change.kind, told.change.entity, told.change.counter


def _judged(change: Change, at: int, whole: list[Change], width: int) -> Told:
    twin = next((other for other in whole if same(change, other)), None)
    if twin is not None:
        return Told(change, at, "confirmed", twin)
    if change.kind in (*POINTS, ChangeKind.RECORD):
        wider = part_of_level(change, whole, width) or about_observation(change, whole, width) or _set(change, whole)
        if wider is not None:
            return Told(change, at, "part of", wider)
    if change.kind in LEVELS:
        ended = next((o for o in whole if o.kind in LEVELS and _ends(o, change)), None)
        if ended is not None:
            return Told(change, at, "part of", ended)
    return Told(change, at, "withdrawn", None)


def _ends(other: Change, change: Change) -> bool:
    """Whether a change of the level is the return from another one."""
    alike = (other.entity, other.counter) == (change.entity, change.counter)
    return alike and other.until is not None and abs(other.until - change.since) <= LEVEL_SLACK


def _set(record: Change, whole: list[Change]) -> Change | None:
    """The spike or drop that set a record."""
    return next((p for p in whole if p.kind in POINTS and same(replace(record, kind=p.kind), p)), None)


def _sudden(series: Series, study: Study, replay: Replay) -> Iterator[tuple[Change, int]]:
    """Spikes and drops of a series as they would have been told, and when."""
    per = series.bins.width
    at = (LEAST_DAYS + 1) * DAY // per
    told: dict[tuple[int, int], Alarm] = {}
    carried: Carried | None = None
    while at < series.bins.count:
        history = series.part(max(0, at - replay.learnt // per), at)
        learned = learn(history, study.options, study.count)
        end = min(series.bins.count, at + max(1, replay.every // per))
        if learned is not None:
            learned = replace(learned, open=carried.open if carried else {})
            carried, alarms = advance(learned, series.values[at:end], series.coverage[at:end])
            told |= {(alarm.sign, alarm.since): alarm for alarm in alarms}
        at = end
    for alarm in told.values():
        yield change_of(alarm, series), alarm.told


def _lasting(series: SeriesSet, options: DetectOptions, replay: Replay) -> Iterator[tuple[Change, int]]:
    """Lasting changes as they would have been told, and at the end of which day."""
    bins = series.bins
    days = (bins.end - bins.start) // DAY
    if days < _TOLD_LASTING:
        return
    stride = max(1, replay.every // DAY)
    told: list[Change] = []
    last = _TOLD_LASTING - 1
    for day in (*range(_TOLD_LASTING, days, stride), days):
        for change in _looked(series, options, replay, day):
            if not any(same(change, other) for other in told):
                at = _first_day(series, (options, replay), change, (last, day))
                told.append(change)
                yield change, bins.start + at * DAY
        last = day


def _looked(series: SeriesSet, options: DetectOptions, replay: Replay, day: int) -> list[Change]:
    """What the detectors say at the end of a day of the days before it."""
    bins = series.bins
    first = max(0, day * DAY - replay.lasting) // bins.width
    seen = series.part(first, min(bins.count, day * DAY // bins.width))
    edge = _EDGE if first else 0
    return [change for change in detect(seen, options) if change.since >= seen.bins.start + edge]


def _first_day(series: SeriesSet, how: tuple[DetectOptions, Replay], change: Change, between: tuple[int, int]) -> int:
    """First day after ``between[0]`` on which the change is told, by halving; ``between[1]`` is such a day."""
    options, replay = how
    low, high = between
    if change.detector != "upstream":  # upstreams are seen together, all others alone
        key = (change.entity, change.counter)
        series = SeriesSet(series.bins, {key: series.series[key]})
    options = replace(options, detectors=(change.detector,))
    while high - low > 1:
        middle = (low + high) // 2
        found = any(same(change, other) for other in _looked(series, options, replay, middle))
        low, high = (low, middle) if found else (middle, high)
    return high
