"""The rows of the report's tables, unscaled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from netwatch.model.finding import Finding
from netwatch.model.series import COUNTERS, Bins
from netwatch.report.clock import Clock
from netwatch.report.figures.coarse import coarse
from netwatch.report.json import plain
from netwatch.report.report import Report

Row = Sequence[object]
SERIES_KINDS = ("scope", "watch", "family", "class", "direction", "asn")
"""Kinds of entity whose series are written, at the resolution of the figures."""
MOST_SERIES = 16
"""Series of one kind and counter, the largest."""


def tables(report: Report, clock: Clock) -> dict[str, tuple[list[str], Iterable[Row]]]:
    """Header and rows of every table, by name."""
    named: dict[str, tuple[str, Iterable[Row]]] = {
        "inputs": ("name,format,size_octets,since,until,sha256", _inputs(report, clock)),
        "findings": ("id,kind,severity,since,until,subject,title,words,limits", _findings(report, clock)),
        "changes": (
            "entity_kind,entity,counter,kind,since,until,since_low,since_high,ratio,ratio_low,ratio_high,"
            "before_per_second,after_per_second,p_value,detector,provisional",
            _changes(report, clock),
        ),
        "composition": (
            "finding_id,counter,dimension,cell,added_per_second,share,share_low,share_high,before_per_second,"
            "after_per_second,without_ratio,without_low,without_high",
            _compositions(report.findings),
        ),
        "verdicts": (
            "verdict,class,role,subject,peer,protocol,port,posterior,prior,confidence,basis,transport,since,until,octets,"
            "packets,flows,peers,quality,attack_techniques,facts",
            _verdicts(report, clock),
        ),
        "evidence": ("verdict,stand,rule,group,observed,threshold,weight,references", _evidence(report)),
        "series": ("start,bin_seconds,entity_kind,entity,counter,mean,least,greatest,coverage", _series(report, clock)),
        "rhythm": ("counter,side,weekday,hour,rate_per_second", _rhythm(report)),
        "tops": ("table,rank,name,detail,octets,share,packets,flows", _tops(report)),
        "tally": ("stage,unit,input,what,reason,units,octets,first_offsets", _tally(report)),
    }
    return {name: (header.split(","), rows) for name, (header, rows) in named.items()}


def _until(until: int | None, clock: Clock) -> str | None:
    return None if until is None else clock.instant(until)


def _inputs(report: Report, clock: Clock) -> Iterator[Row]:
    for i in report.inputs:
        since = None if i.since is None else clock.instant(i.since)
        yield i.name, i.format, i.size, since, _until(i.until, clock), i.sha256


def _findings(report: Report, clock: Clock) -> Iterator[Row]:
    for f in report.findings:
        when = clock.instant(f.since), _until(f.until, clock)
        yield f.identity, f.kind, f.severity, *when, f.subject, f.title, " ".join(f.words), "; ".join(f.limits)


def _changes(report: Report, clock: Clock) -> Iterator[Row]:
    for c in report.changes:
        yield (
            c.entity.kind, c.entity.value, c.counter, c.kind, clock.instant(c.since), _until(c.until, clock),
            clock.instant(c.since_low), clock.instant(c.since_high), c.ratio, c.ratio_low, c.ratio_high, c.before,
            c.after, c.p_value, c.detector, c.provisional,
        )  # fmt: skip


def _compositions(findings: Iterable[Finding]) -> Iterator[Row]:
    for f in findings:
        for c in f.compositions:
            for s in c.shares:
                cell = "; ".join(f"{k}={v}" for k, v in s.cell.items())
                rates = s.before, s.after, *s.without
                yield f.identity, c.counter, c.dimension, cell, s.amount, s.share, s.low, s.high, *rates
            rest = c.residual * c.total, c.residual
            yield f.identity, c.counter, c.dimension, "residual", *rest, *[None] * 7


def _verdicts(report: Report, clock: Clock) -> Iterator[Row]:
    for number, v in enumerate(report.verdicts, 1):
        facts = json.dumps(plain(v.facts), ensure_ascii=False, sort_keys=True) if v.facts else ""
        yield (
            number, v.class_id, v.role, v.subject, v.peer, v.protocol, v.port, v.posterior, v.prior, v.confidence,
            v.basis, v.transport, clock.instant(v.since), clock.instant(v.until), v.octets, v.packets, v.flows, v.peers,
            "; ".join(v.quality), "; ".join(v.attack_techniques), facts,
        )  # fmt: skip


def _evidence(report: Report) -> Iterator[Row]:
    for number, v in enumerate(report.verdicts, 1):
        for e in v.evidence:
            yield number, e.stand, e.rule, e.group, e.observed, e.threshold, e.weight, " ".join(e.references)


def _series(report: Report, clock: Clock) -> Iterator[Row]:
    starts: dict[Bins, list[str]] = {}
    for kind in SERIES_KINDS:
        for counter in COUNTERS:
            for series in report.series.of(kind, counter)[:MOST_SERIES]:
                drawn = coarse(series)
                if drawn.bins not in starts:
                    starts[drawn.bins] = [clock.instant(start) for start in drawn.bins.times().tolist()]
                head = drawn.bins.width / 1e9, kind, series.entity.value, counter
                columns = drawn.mean, drawn.least, drawn.greatest, drawn.coverage
                for start, *values in zip(starts[drawn.bins], *(c.tolist() for c in columns), strict=True):
                    yield start, *head, *values


def _rhythm(report: Report) -> Iterator[Row]:
    for r in report.rhythms:
        for side, matrix in (("before", r.before), ("after", r.after)):
            for (weekday, hour), rate in np.ndenumerate(matrix):
                yield r.counter, side, weekday + 1, hour, rate


def _tops(report: Report) -> Iterator[Row]:
    for t in report.tops:
        for rank, r in enumerate(t.rows, 1):
            share = r.octets / t.octets if t.octets else None
            yield t.name, rank, r.name, r.detail, r.octets, share, r.packets, r.flows


def _tally(report: Report) -> Iterator[Row]:
    for t in report.tallies:
        head = t.stage, t.unit, t.input
        yield *head, "seen", "", t.seen, t.seen_octets, ""
        yield *head, "kept", "", t.kept, t.kept_octets, ""
        for reason, d in sorted(t.dropped.items()):
            yield *head, "left out", reason, d.units, d.octets, " ".join(map(str, d.offsets))
        if t.lost:
            yield *head, "lost", "", t.lost, None, ""
        for name, count in sorted(t.notes.items()):
            yield *head, "note", name, count, None, ""
        if t.incomplete:
            yield *head, "incomplete", t.incomplete, None, None, ""
