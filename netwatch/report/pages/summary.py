"""The first page: the answer in words, the headline figure, the first findings, and key numbers."""

from __future__ import annotations

import numpy as np

from netwatch.model import text as units
from netwatch.model.finding import Severity
from netwatch.model.series import Series
from netwatch.report.choice import counted, main_series, nothing_found
from netwatch.report.clock import Clock
from netwatch.report.pages.blocks import Block, Column, facts, note, table
from netwatch.report.report import Report

_SEVERITIES = [*Severity]
FIRST = 6
"""Findings told on the first page."""


def answer(report: Report) -> list[Block]:
    """The questions with their answers; where there is nothing to answer from, that."""
    if report.answer:
        return [Block("answer", items=tuple(words.split("\n")), name=question) for question, words in report.answer]
    return [Block("lead", report.findings[0].title if report.findings else nothing_found(report))]


def first_findings(report: Report, clock: Clock) -> list[Block]:
    """The gravest findings, a line each, those of one severity in the order of the pages."""
    if not report.findings:
        return []
    window = report.until - report.since
    gravest = sorted(report.findings, key=lambda f: -_SEVERITIES.index(f.severity))[:FIRST]
    rows = [(str(f.severity), clock.when(f.since, window), f.title) for f in gravest]
    columns = (Column("Severity", weight=0.9), Column("Since", weight=1.0), Column("Finding", weight=6.0))
    more = len(report.findings) - FIRST
    caption = f"The gravest findings; {more:,} more under Findings." if more > 0 else "The findings."
    return [table(caption, columns, rows)]


def key_numbers(report: Report, clock: Clock) -> Block:
    """Volume, rates, flows and inputs of all that is watched."""
    octets = main_series(report)
    rows = []
    if octets is not None:
        length = units.duration(report.until - report.since)
        rows.append(("Window", f"{clock.span(report.since, report.until)} ({length})"))
    if octets is not None and np.isfinite(octets.values).any():
        rows.append(("Rate", _rate(octets, clock)))
    sums = []
    for counter in ("octets", "packets", "flows"):
        total = counted(report, counter)
        if total is not None:
            sums.append(units.volume(total) if counter == "octets" else f"{units.count(total)} {counter}")
    read = [i for i in report.inputs if i.format]
    left = len(report.inputs) - len(read)
    size, number = sum(i.size for i in read), len(read)
    files = f"from {number:,} input{'s' * (number != 1)} ({units.volume(size)})" if number else "from no input"
    files += f"; {left:,} of another format left out" if left else ""
    rows.append(("Counted", f"{', '.join(sums)}{' ' if sums else ''}{files}"))
    return facts(rows)


def _rate(octets: Series, clock: Clock) -> str:
    seconds = octets.bins.width / 1e9
    peak = int(np.nanargmax(octets.values))
    at = clock.instant(octets.bins.start + peak * octets.bins.width)
    return (
        f"{units.bit_rate(float(np.nanmean(octets.values)) / seconds)} on average; most in"
        f" {units.duration(octets.bins.width)}: {units.bit_rate(float(octets.values[peak]) / seconds)} at {at}"
    )


def quality(report: Report) -> Block:
    """Coverage, drops, losses and sampling in one line."""
    parts = []
    octets = main_series(report)
    if octets is not None and octets.bins.count:
        share = float(np.nanmean(octets.coverage))
        parts.append(f"{'all' if share >= 0.9995 else f'{share * 100:.3g} %'} of the window observed")
        sampled = octets.sampling[np.isfinite(octets.sampling)]
        if len(sampled) and sampled.max() > 1:
            low, high = float(sampled.min()), float(sampled.max())
            span = f"1:{high:,.0f}" if low == high else f"1:{low:,.0f} to 1:{high:,.0f}"
            parts.append(f"sampled {span}, corrected")
    dropped = sum(sum(d.units for d in t.dropped.values()) for t in report.tallies)
    lost = sum(t.lost for t in report.tallies)
    cut = sum(1 for t in report.tallies if t.incomplete)
    parts.append(f"{dropped:,} unit{'s' * (dropped != 1)} left out" if dropped else "nothing left out")
    parts.append(f"{lost:,} known to be lost" if lost else "no known losses")
    if cut:
        parts.append(f"{cut:,} input{'s' * (cut > 1)} cut short")
    return note(f"Data quality: {'; '.join(parts)}. The account is at the end.")
