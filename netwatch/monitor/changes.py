"""Changes of volume, sought in the kept series: sudden ones in the fine bins, lasting ones in the hours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netwatch.detect import LASTING, detect
from netwatch.explain.conditions import condition_findings
from netwatch.explain.volume import Ground, volume_findings
from netwatch.explain.words import Names
from netwatch.model.change import Change, ChangeKind
from netwatch.model.notice import Life
from netwatch.model.series import Bins, SeriesSet
from netwatch.monitor.groups import as_configured, configured, is_gone
from netwatch.monitor.journal import Journal
from netwatch.monitor.kept import heard_within, wide
from netwatch.monitor.life import OPEN
from netwatch.monitor.sighting import change_name, sighted
from netwatch.monitor.steps import look
from netwatch.series import series_from
from netwatch.store.series_at_rest import DAY, HOUR
from netwatch.store.state import State

SECOND = 10**9
LASTING_KINDS = ("scope", "watch", "family", "class", "direction", "asn", "port", "upstream")
SLACK = DAY
LATE = HOUR
"""So long (ns of the data's time) a gap waits for files that come out of order before it is told."""
EDGE = 7 * DAY
"""So near to the beginning of what is looked at, a change has too little before it to be told."""
REMEMBERED = 1000
"""Changes explained before, which not all became findings of their own, that are not explained again."""


def seek(journal: Journal) -> None:
    """Look for changes as far as there are new sums, and advance the findings by them.

    Fine bins are looked at in every pass that brought flows (``monitor/steps``); hours once a day of the data is
    complete, and no further back than ``passes.lasting``, so that a pass does not become slower as the store grows.
    """
    state = journal.state
    totals = state.totals()
    first, last = totals["first"], totals["last"]
    if not last or state.get("sought") == str(last):
        return
    span = (first, last)
    noted = [(str(name), int(since)) for name, since in json.loads(state.get("explained", "[]"))]
    sudden = look(journal, span)
    sightings = _sighted(journal, sudden.series, [c for c in sudden.changes if _settled(c, last)], noted)
    day = last // DAY
    if state.get("day") != str(day):
        stale = state.get("stale").split()
        journal.series.roll_up(stale)
        sought = int(state.get("day", "0")) * DAY  # a backlog is looked at as a whole
        span = (max(first, min(sought, day * DAY) - int(journal.options.passes.lasting * SECOND)), day * DAY)
        series, changes = _lasting(journal, span)
        begin = max(span[0], series.bins.start)
        lasting = _sighted(journal, series, [c for c in changes if begin == first or _told_by(c, begin)], noted)
        sightings += [*lasting, *_carried(journal, lasting, begin)]
        with state.change():
            newer = [d for d in state.get("stale").split() if d not in stale or d == stale[-1]]
            state.put("stale", " ".join(newer))
            journal.tell(sightings)
            sudden.keep(state)
            state.put("day", str(day))
            state.put("sought", str(last))
            state.put("explained", json.dumps(noted[-REMEMBERED:]))
        return
    with state.change():
        journal.tell(sightings)
        sudden.keep(state)
        state.put("sought", str(last))
        state.put("explained", json.dumps(noted[-REMEMBERED:]))


def _settled(change: Change, last: int) -> bool:
    """Whether no late file is waited for; ``last``: end of the newest flow, ns."""
    return change.kind is not ChangeKind.GAP or (change.until or last) <= last - LATE


def _lasting(journal: Journal, span: tuple[int, int]) -> tuple[SeriesSet, list[Change]]:
    """``span`` ends with the last complete day."""
    options = journal.options
    if span[1] - span[0] < 2 * DAY:
        return SeriesSet(Bins(0, HOUR, 0)), []
    sums, bins = wide(journal, span[0], span[1] - 1, LASTING_KINDS)
    kinds = replace(options.run.series, by=tuple(k for k in LASTING_KINDS if k in options.run.series.by))
    series = as_configured(series_from(sums, bins, heard_within(sums, *span), kinds), journal.state)
    chosen = tuple(d for d in LASTING if d in (options.run.detect.detectors or LASTING))
    changes = detect(series, replace(options.run.detect, detectors=chosen).repeated()) if chosen else []
    return series, changes


def _told_by(change: Change, begin: int) -> bool:
    """Whether hours that do not reach back to the first flow may tell of a change.

    Where what they begin with is the middle of something, a level may seem to change at once, or to rise to nothing.
    """
    return change.since >= begin + EDGE and (change.ratio - 1) * (change.after - change.before) >= 0


def _carried(journal: Journal, seen: Sequence[dict[str, Any]], begin: int) -> list[dict[str, Any]]:
    """Lasting changes that began before the hours that are looked at, or at their edge, and were never taken back.

    They go on until a later change of the same name, or till nobody watches what they are about.
    """
    carried, groups = [], configured(journal.state)
    for record in journal.state.findings([str(life) for life in OPEN]):
        if not record["change"] or record["until"] is not None or record["since"] >= begin + EDGE:
            continue
        if is_gone(groups, *record["change"].split("|")[1:3]):
            continue
        same = [s["since"] for s in seen if s["change"] == record["change"]]
        slack = max(SLACK, record["slack"] or 0)
        if any(abs(since - record["since"]) <= slack for since in same):
            continue
        later = [since for since in same if since > record["since"]]
        carried.append({**record, "until": min(later, default=None)})
    return carried


def _sighted(
    journal: Journal, series: SeriesSet, changes: Sequence[Change], noted: list[tuple[str, int]]
) -> list[dict[str, Any]]:
    """Sightings of all changes: those known keep their words, the new ones are explained with flows."""
    sightings: list[dict[str, Any]] = []
    fresh: list[Change] = []
    for change in changes:
        record = _known(journal.state, change)
        if record is not None:
            since = record["since"] if change.kind is ChangeKind.INTERMITTENT else change.since
            sightings.append({**record, "since": since, "until": change.until})
        elif not any(name in _names(change) and abs(since - change.since) <= SLACK for name, since in noted):
            fresh.append(change)
    if fresh:
        largest = sorted(fresh, key=_moved, reverse=True)[: journal.options.passes.explain]
        asked = journal.options.run.explain
        days = [d for d in journal.lake.days() if _touches(d, largest, asked.window)]
        expired = journal.state.get("expired")
        since = int(np.datetime64(expired, "ns").astype(np.int64)) if expired else 0
        ground = Ground(series, largest, journal.lake.table(days), asked, Names(), flows_since=since)
        findings = [*volume_findings(ground), *condition_findings(largest, series, Names())]
        names = {(change_name(c), c.since) for c in largest}
        told = [f for f in findings if f.change is not None and (change_name(f.change), f.change.since) in names]
        sightings += [sighted(finding).as_json() for finding in told]
        noted += sorted(names)
    return sightings


def _known(state: State, change: Change) -> dict[str, Any] | None:
    """The finding that rests on this change, as far as it was seen before.

    That captures run now and then is seen from the beginning of what is looked at, whenever that was.
    """
    if change.kind is ChangeKind.INTERMITTENT:
        seen = state.of_change(change_name(change))
        return next((r for r in reversed(seen) if r["life"] in (*OPEN, Life.CLOSED)), None)
    for name in _names(change):
        near = [r for r in state.of_change(name) if abs(r["since"] - change.since) <= max(SLACK, r["slack"] or 0)]
        if near:
            return min(near, key=lambda r: abs(r["since"] - change.since))
    return None


def _names(change: Change) -> list[str]:
    """What a change may have been called: an episode was a level shift or a ramp until it went back."""
    before = (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP) if change.kind is ChangeKind.EPISODE else ()
    return [change_name(replace(change, kind=kind)) for kind in (*before, change.kind)]


def _moved(change: Change) -> float:
    moved = abs(change.after - change.before)
    return moved if moved == moved else 0.0


def _touches(day: str, changes: Sequence[Change], window: int) -> bool:
    at = int(np.datetime64(day, "ns").astype(np.int64))
    return any(c.since - window * DAY <= at <= (c.until or c.since) + window * DAY for c in changes)
