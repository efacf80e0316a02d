"""The first page: the answer in words, the headline figure, key numbers, and how good the data is."""

from __future__ import annotations

import numpy as np

from netwatch.model import text as units
from netwatch.model.series import Series
from netwatch.report.choice import main_series, ranked_findings, verdicts_of
from netwatch.report.clock import Clock
from netwatch.report.pages.blocks import Block, bullets, facts, note
from netwatch.report.report import Report

ANSWERS = 6
"""Findings told on the first page."""


def answer(report: Report) -> list[Block]:
    """The findings' titles, the most severe as the lead."""
    found = [f for f in ranked_findings(report) if f.kind != "quality"] or ranked_findings(report)
    if not found:
        return [Block("lead", nothing(report))]
    blocks = [Block("lead", found[0].title)]
    if len(found) > 1:
        blocks.append(bullets([f.title for f in found[1:ANSWERS]]))
    if len(found) > ANSWERS:
        blocks.append(note(f"{len(found) - ANSWERS:,} more under Findings."))
    return blocks


def nothing(report: Report) -> str:
    """What is said where there is no finding; it differs by whether there was anything to look at."""
    if main_series(report) is None:
        return "No finding: nothing was observed in this window."
    return "No finding: no series left its baseline and no fingerprint matched."


def key_numbers(report: Report, clock: Clock) -> Block:
    """Volume, rates, flows and coverage of all that is watched."""
    rows = [("Window", clock.span(report.since, report.until)), ("Inputs", _inputs(report))]
    octets = main_series(report)
    if octets is not None and np.isfinite(octets.values).any():
        rows += _volume(octets, clock)
    for counter in ("packets", "flows"):
        series = main_series(report, counter)
        if series is not None:
            rows.append((counter.capitalize(), units.count(float(np.nansum(series.values)))))
    mining, attacks = len(verdicts_of(report, "mining")), len(verdicts_of(report, "attack"))
    rows.append(("Verdicts", f"{mining:,} on mining, {attacks:,} on attacks"))
    rows.append(("Findings", f"{len(report.findings):,}"))
    return facts(rows)


def _volume(octets: Series, clock: Clock) -> list[tuple[str, str]]:
    seconds = octets.bins.width / 1e9
    peak = int(np.nanargmax(octets.values))
    at = clock.instant(octets.bins.start + peak * octets.bins.width)
    return [
        ("Volume", f"{units.volume(float(np.nansum(octets.values)))} (layer-3 octets)"),
        ("Mean rate", units.bit_rate(float(np.nanmean(octets.values)) / seconds)),
        (
            f"Peak {units.duration(octets.bins.width)}",
            f"{units.bit_rate(float(octets.values[peak]) / seconds)} at {at}",
        ),
    ]


def _inputs(report: Report) -> str:
    size = sum(i.size for i in report.inputs)
    return f"{len(report.inputs):,} ({units.volume(size)})" if report.inputs else "none"


def quality(report: Report) -> Block:
    """Coverage, drops, losses and sampling in one line."""
    parts = []
    octets = main_series(report)
    if octets is not None and octets.bins.count:
        parts.append(f"{units.percent(float(np.nanmean(octets.coverage)))} of the window observed")
        sampled = octets.sampling[np.isfinite(octets.sampling)]
        if len(sampled) and sampled.max() > 1:
            low, high = float(sampled.min()), float(sampled.max())
            span = f"1:{high:,.0f}" if low == high else f"1:{low:,.0f} to 1:{high:,.0f}"
            parts.append(f"sampled {span}, corrected")
    dropped = sum(sum(d.units for d in t.dropped.values()) for t in report.tallies)
    lost = sum(t.lost for t in report.tallies)
    cut = sum(1 for t in report.tallies if t.incomplete)
    parts.append(f"{dropped:,} units left out" if dropped else "nothing left out")
    parts.append(f"{lost:,} known to be lost" if lost else "no known losses")
    if cut:
        parts.append(f"{cut:,} input{'s' * (cut > 1)} cut short")
    return note(f"Data quality: {'; '.join(parts)}. The last section has the account.")
