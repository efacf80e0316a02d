"""Changes over time, and what the rise is made of."""

from __future__ import annotations

import math

from netwatch.model import text as units
from netwatch.model.change import Change
from netwatch.model.finding import Composition, Share
from netwatch.report.choice import main_series
from netwatch.report.clock import Clock
from netwatch.report.figures import composition as parts
from netwatch.report.pages.blocks import Block, Column, heading, note, table, text
from netwatch.report.report import Report
from netwatch.report.words import about_capture, probability, rate, ratio

ROWS = 40
"""Changes that a page lists; the table in the file has all."""


def changes(report: Report, clock: Clock) -> list[Block]:
    """Changes of the network, then those of the capture."""
    if main_series(report) is None:
        return [text("Nothing was observed in this window, so there is no series to show.")]
    network = sorted((c for c in report.changes if not about_capture(c)), key=_weight)
    capture = sorted((c for c in report.changes if about_capture(c)), key=lambda c: (c.since, c.entity, c.counter))
    blocks = []
    if network:
        shown = sorted(network[:ROWS], key=lambda c: (c.since, c.entity, c.counter))
        blocks.append(table("Changes of the network. Ratio with its 95 % interval.", _COLUMNS, [
            _row(c, report, clock) for c in shown
        ]))  # fmt: skip
        if len(network) > ROWS:
            blocks.append(note(f"The {ROWS} that weigh most of {len(network):,}; changes.csv lists all."))
    else:
        blocks.append(text("No series left its baseline."))
    if capture:
        rows = [(str(c.kind), _about(c), clock.instant(c.since), clock.instant(c.until)) for c in capture[:ROWS]]
        blocks.append(table(
            "Changes of what was observed: not taken for changes of the network.",
            (Column("Kind"), Column("Of", weight=1.3), Column("Since", weight=1.3), Column("Until", weight=1.3)),
            rows,
        ))  # fmt: skip
        if len(capture) > ROWS:
            blocks.append(note(f"The first {ROWS} of {len(capture):,}; changes.csv lists all."))
    return blocks


_COLUMNS = (
    Column("Kind", weight=0.8),
    Column("Of", weight=1.0),
    Column("Since", weight=1.3),
    Column("Until", weight=1.3),
    Column("Before", "right", 1.0),
    Column("After", "right", 1.0),
    Column("Ratio (95 %)", "right", 1.15),
    Column("p", "right", 0.5),
)


def _weight(change: Change) -> tuple[bool, float, int, str]:
    size = abs(math.log(change.ratio)) if change.ratio > 0 and math.isfinite(change.ratio) else 0.0
    return change.entity.kind != "scope", -size, change.since, str(change.entity)


def _about(change: Change) -> str:
    return f"{change.entity}, {change.counter}"


def _row(change: Change, report: Report, clock: Clock) -> tuple[str, ...]:
    window = report.until - report.since
    kind = f"{change.kind} (provisional)" if change.provisional else str(change.kind)
    until = "end of data" if change.until is None else clock.when(change.until, window)
    return (
        kind,
        _about(change),
        since_words(change, clock, window),
        until,
        rate(change.counter, change.before),
        rate(change.counter, change.after),
        ratio(change),
        probability(change.p_value),
    )


def since_words(change: Change, clock: Clock, window: int) -> str:
    """The start with the half-width of its 95 % range."""
    half = max(change.since - change.since_low, change.since_high - change.since)
    start = clock.when(change.since, window)
    return f"{start} ± {units.duration(half)}" if half > 0 else start


def composition(report: Report) -> list[Block]:
    """One table per finding and split."""
    found = [f for f in report.findings if any(c.shares for c in f.compositions)]
    if not found:
        return [text("No finding splits a change into its parts.")]
    blocks: list[Block] = []
    for finding in found:
        blocks.append(heading(finding.title))
        blocks += [_split(c) for c in finding.compositions if c.shares]
    return blocks


def _split(composition: Composition) -> Block:
    rows = [
        (parts.label(s), rate(composition.counter, s.amount), _share(s.share), _interval(s))
        for s in sorted(composition.shares, key=lambda s: (-abs(s.share), parts.label(s)))
    ]
    rest = composition.residual
    rows.append(
        ("residual (all that is not listed)", rate(composition.counter, rest * composition.total), _share(rest), "")
    )
    whole = math.fsum([*(s.share for s in composition.shares), rest])
    rows.append(("sum", rate(composition.counter, composition.total), _share(whole), ""))
    return table(
        f"Change of {composition.counter} by {composition.dimension}. Mean rates added (negative: taken away).",
        (
            Column(composition.dimension.capitalize(), weight=2.4),
            Column("Added", "right"),
            Column("Share", "right", 0.8),
            Column("95 % interval", "right", 1.2),
        ),
        rows,
    )


def _share(share: float) -> str:
    return "unknown" if math.isnan(share) else f"{share * 100:.1f} %"


def _interval(share: Share) -> str:
    if math.isnan(share.low) or math.isnan(share.high):
        return "unknown"
    return f"{share.low * 100:.1f} to {share.high * 100:.1f} %"
