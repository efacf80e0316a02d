"""Sudden changes in the fine bins: a full look once a day of the data, and steps of what it taught in between.

The full look finds what the whole of ``passes.history`` shows, and teaches each series from up to nine weeks. Every
other pass of the day steps what was carried through the bins since midnight (UTC), so that bins that were filled late
are stepped again, and a pass that was cut off changes nothing. Where some series has taught nothing (it is younger than
two weeks, or mostly silent), every look is a full one, since the series share a budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from netwatch.detect import SUDDEN, Carried, advance, change_of, detect, learn
from netwatch.detect.matching import same
from netwatch.detect.study import Study
from netwatch.model.change import Change
from netwatch.model.series import Entity, SeriesSet
from netwatch.model.sums import EXPORTER
from netwatch.monitor.groups import as_configured
from netwatch.monitor.journal import Journal
from netwatch.monitor.kept import fine_bins
from netwatch.series import series_from
from netwatch.store.series_at_rest import DAY, FINE
from netwatch.store.state import State

SECOND = 10**9
SUDDEN_KINDS = ("scope", "watch", "family")
LEARNT = 63 * DAY

Key = tuple[Entity, str]


class Look(NamedTuple):
    """The series, their changes, and what was taught at the beginning of a day, if anything was."""

    series: SeriesSet
    changes: list[Change]
    day: int = -1
    taught: Mapping[Key, Carried] = MappingProxyType({})

    def keep(self, state: State) -> None:
        """Carry what was taught on to the next passes; within a transaction."""
        if self.day >= 0:
            bodies = {(e.kind, e.value, counter): c.as_json() for (e, counter), c in self.taught.items()}
            state.carry(self.day, bodies)


def look(journal: Journal, span: tuple[int, int]) -> Look:
    """Sudden changes as far as ``span`` (first and last instant of all data, ns) goes."""
    options = journal.options.run.detect
    chosen = tuple(d for d in SUDDEN if d in (options.detectors or SUDDEN))
    options = replace(options, detectors=chosen)
    history = int(journal.options.passes.history * SECOND)
    if "points" not in chosen:
        series = _fine(journal, span, history)
        return Look(series, detect(series, options) if chosen else [])
    day = span[1] // DAY
    before = _carried(journal.state)
    if journal.state.carried_since == day:
        series = _fine(journal, span, history)
        study = Study(series, options)
        if not all((one.entity, one.counter) in before for one in study.watched()):
            return Look(series, detect(series, options))
        others = tuple(d for d in chosen if d != "points")
        found = detect(series, replace(options, detectors=others)) if others else []
        return Look(series, [*found, *_stepped(series, study, before)])
    long = _fine(journal, span, max(history, LEARNT))
    series = long.part(max(0, long.bins.count - history // FINE - 1), long.bins.count)
    taught = _taught(long, Study(series, options), before, day)
    found = detect(series, options)
    today = _stepped(series, Study(series, options), taught)
    found += [change for change in today if not any(same(change, other) for other in found)]
    return Look(series, found, day, taught)


def _fine(journal: Journal, span: tuple[int, int], length: int) -> SeriesSet:
    bins = fine_bins(journal, max(span[0], span[1] - length), span[1])
    sums = journal.series.fine(bins.start, bins.end, (*SUDDEN_KINDS, EXPORTER))
    made = series_from(sums, bins, span, replace(journal.options.run.series, by=SUDDEN_KINDS))
    return as_configured(made, journal.state)


def _carried(state: State) -> dict[Key, Carried]:
    return {(Entity(kind, value), c): Carried.from_json(body) for (kind, value, c), body in state.carried().items()}


def _taught(long: SeriesSet, study: Study, before: dict[Key, Carried], day: int) -> dict[Key, Carried]:
    """What each watched series teaches up to midnight; alarms that went on there go on."""
    end = min(long.bins.count, (day * DAY - long.bins.start) // FINE)
    taught = {}
    for one in study.watched():
        whole = long.series[one.entity, one.counter]
        carried = learn(whole.part(0, end), study.options, study.count) if end > 0 else None
        if carried is None:
            continue
        old = before.get((one.entity, one.counter))
        first = (old.at - long.bins.start) // FINE if old else -1
        if old and 0 <= first < end:
            old, _ = advance(old, whole.values[first:end], whole.coverage[first:end])
            carried = replace(carried, open=old.open)
        taught[one.entity, one.counter] = carried
    return taught


def _stepped(series: SeriesSet, study: Study, carried: dict[Key, Carried]) -> list[Change]:
    """Alarms of the bins since what is carried."""
    changes = []
    for one in study.watched():
        held = carried.get((one.entity, one.counter))
        first = (held.at - series.bins.start) // FINE if held else series.bins.count
        if held and 0 <= first < series.bins.count:
            _, alarms = advance(held, one.values[first:], one.coverage[first:])
            changes += [change_of(alarm, one) for alarm in alarms]
    return changes
