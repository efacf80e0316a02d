"""Reports that are due by the calendar: each period once, as soon as the data has passed its end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netwatch.config import ReportOptions
from netwatch.model.series import SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.text import count, printable, volume
from netwatch.model.verdict import Evidence, Stand, Verdict
from netwatch.monitor.calendar import Period, next_due, period_of
from netwatch.monitor.groups import as_configured
from netwatch.monitor.journal import Journal
from netwatch.monitor.kept import fine_bins, heard_within, wide
from netwatch.monitor.life import OPEN
from netwatch.pipeline.retrospect import Kept, retrospect
from netwatch.report import InputFile, write
from netwatch.report.clock import Clock
from netwatch.series import series_from
from netwatch.store.lake import Ingest
from netwatch.store.series_at_rest import DAY, FINE, HOUR

EXPORTER = "exporter"
SINCE = "What changed since the last report?"
BEFORE = {"day": 14 * DAY, "week": 91 * DAY, "month": 396 * DAY}
"""How far back the series of a report reach, ns, by the length of its period."""
WIDTH = {"day": FINE, "week": HOUR, "month": HOUR}
NAMED = 10
"""Findings that are named of each fate."""


def write_due(journal: Journal) -> list[str]:
    """Write what is due, of each schedule the earliest; the directories written.

    A pass that is killed here writes the same again: a report is moved into place whole, and then marked.

    Raises:
        OutputError: a report cannot be written; it is tried again in the next pass.
    """
    state, zone = journal.state, zone_of(journal)
    totals = state.totals()
    written = []
    for name, schedule in journal.options.reports.items():
        # Hours are summed once a day of data is complete.
        reached = totals["last"] if WIDTH[schedule.every] == FINE else int(state.get("day", "0")) * DAY
        told, _, label = state.get(f"report.{name}", "0").partition(" ")
        period = next_due(schedule.every, int(told), reached, zone, label) if reached else None
        if period is None or period.until <= totals["first"]:
            continue
        directory = schedule.directory / f"{name}-{period.label}"
        write(
            retrospect(kept(journal, schedule, period), journal.options.run),
            directory,
            schedule.formats,
            schedule.sections,
        )
        with state.change():
            state.put(f"report.{name}", f"{period.until} {period.label}")
        written.append(str(directory))
    return written


def zone_of(journal: Journal) -> dt.tzinfo:
    """The reader's zone.

    Raises:
        UsageError: no such zone.
    """
    return Clock.of(journal.options.run.detect.timezone or "UTC").zone


def kept(journal: Journal, schedule: ReportOptions, period: Period) -> Kept:
    """What the store holds of a period."""
    entries = [e for _, e in journal.state.ledger() if e.rows and e.first < period.until and e.last >= period.since]
    series = _series(journal, schedule.every, period)
    before = period_of(schedule.every, period.since - 1, zone_of(journal))
    records = journal.state.findings()
    return Kept(
        title=f"Traffic of {schedule.every} {period.label}",
        since=period.since,
        until=period.until,
        flows=_flows(journal, period),
        series=series,
        verdicts=_verdicts(records, period),
        inputs=[InputFile(e.name, e.size, e.digest, "", e.first, e.last) for e in entries],
        tallies=[_tally(entries)],
        answers=((SINCE, "\n".join(changed(records, series, before, period))),),
    )


def changed(records: Sequence[dict[str, Any]], series: SeriesSet, before: Period, period: Period) -> list[str]:
    """What is different from the period before, a paragraph a line: volume, new findings, those that ended or go on."""
    words = []
    now, then = (_octets(series, one) for one in (period, before))
    if now and then:
        words.append(
            f"{volume(now)}, after {volume(then)} in {before.label}: {now / then:.2f} times as much, "
            "as far as both were observed."
        )
    began = [r for r in records if period.since <= r["since"] < period.until]
    ended = [r for r in records if r["until"] is not None and period.since <= r["until"] < period.until]
    there = [r for r in records if r["since"] < period.since and r["life"] in OPEN and r not in ended]
    for fate, some in (("new", began), ("ended", ended), ("still going on", there)):
        if some:
            told = sorted(some, key=lambda r: (-_SEVERITY.index(r["severity"]), r["since"], r["id"]))
            listed = "; ".join(f"{printable(r['title'], 200)} ({r['id']})" for r in told[:NAMED])
            more = f"; and {count(len(told) - NAMED)} more" if len(told) > NAMED else ""
            words.append(f"{count(len(some))} {fate}: {listed}{more}.")
    return words or ["Nothing: no finding began, ended or goes on."]


_SEVERITY = ("info", "low", "medium", "high")


def _octets(series: SeriesSet, period: Period) -> float:
    whole = series.get("scope", "all", "octets")
    if whole is None:
        return 0.0
    times = series.bins.times()
    within = (times >= period.since) & (times < period.until)
    return float(np.nansum(whole.values[within]))


def _series(journal: Journal, every: str, period: Period) -> SeriesSet:
    options, totals = journal.options.run.series, journal.state.totals()
    since, kinds = max(totals["first"], period.since - BEFORE[every]), (*options.by, "watch")
    if WIDTH[every] == FINE:
        bins = fine_bins(journal, since, period.until - 1)
        sums = journal.series.fine(bins.start, bins.end, (*kinds, EXPORTER))
    else:
        sums, bins = wide(journal, since, period.until - 1, kinds)
    seen = heard_within(sums, since, min(period.until, totals["last"]))
    made = series_from(sums, bins, seen, replace(options, watch=()))
    return as_configured(made, journal.state)


def _flows(journal: Journal, period: Period) -> Any:
    """Those of the period, and of the days before that a change in it is held against."""
    since = period.since - journal.options.run.explain.window * DAY
    first, last = (str(np.datetime64(max(0, t), "ns").astype("M8[D]")) for t in (since, period.until - 1))
    return journal.lake.table([day for day in journal.lake.days() if first <= day <= last]).drop("day")


def _tally(entries: Sequence[Ingest]) -> Tally:
    tally = Tally("store", "flow record")
    tally.keep(sum(e.rows for e in entries), sum(e.octets for e in entries))
    return tally


def _verdicts(records: Sequence[dict[str, Any]], period: Period) -> list[Verdict]:
    """The verdicts of the findings that touch a period, most octets first."""
    kept = [
        verdict_from(body)
        for record in records
        if record["since"] < period.until and record["last"] >= period.since
        for body in record.get("verdicts", ())
    ]
    return sorted(kept, key=lambda v: (-v.octets, v.class_id, v.subject, v.peer, v.port))


def verdict_from(body: dict[str, Any]) -> Verdict:
    """A verdict from its JSON."""
    evidence = tuple(
        Evidence(**{**one, "stand": Stand(one["stand"]), "references": tuple(one["references"])})
        for one in body["evidence"]
    )
    lists = {name: tuple(body[name]) for name in ("quality", "attack_techniques")}
    alternatives = tuple((str(name), float(posterior)) for name, posterior in body["alternatives"])
    return Verdict(**{**body, **lists, "evidence": evidence, "alternatives": alternatives})
