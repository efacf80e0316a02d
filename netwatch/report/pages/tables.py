"""Top networks, hosts and ports, and the list of findings."""

from __future__ import annotations

from netwatch.model import text as units
from netwatch.model.finding import Finding
from netwatch.report.clock import Clock
from netwatch.report.pages.blocks import Block, Column, bullets, details, head, heading, note, text
from netwatch.report.report import Report, TopTable
from netwatch.report.words import named

ROWS = 10
"""Rows of a top table on paper."""
FULL = 8
"""Findings whose words stand on paper."""
SENTENCES = 7
"""Of those that stand on paper; HTML folds the others."""
LISTED = 30
FINDINGS = 60
"""Findings whose words HTML folds."""


def tops(report: Report) -> list[Block]:
    """One table for each dimension."""
    blocks = [block for t in report.tops if t.rows for block in _top(t)]
    return blocks or [text("No networks, hosts or ports were observed.")]


def _top(top: TopTable) -> list[Block]:
    detailed = any(row.detail for row in top.rows)
    rows = [
        (
            named(top.name.removesuffix("s"), row.name, {}), *([row.detail] if detailed else []),
            units.volume(row.octets),
            units.percent(row.octets / top.octets) if top.octets else "unknown", units.count(row.packets),
            units.count(row.flows),
        )
        for row in top.rows
    ]  # fmt: skip
    columns = (
        Column(top.name.removesuffix("s").capitalize(), weight=1.8, code=True),
        *([Column("What", weight=1.8)] if detailed else []),
        Column("Volume", "right"),
        Column("Share", "right", 0.7),
        Column("Packets", "right", 1.1),
        Column("Flows", "right"),
    )
    caption = f"Top {top.name} by volume (bytes of layer-3 octets). Share: of all {units.volume(top.octets)}."
    return head(caption, columns, rows, ROWS, "tops.csv")


def findings(report: Report, clock: Clock) -> list[Block]:
    """Each finding with its words and limits, in order; on paper the first in full and the others a line each."""
    if not report.findings:
        return [text("There is no finding.")]
    blocks: list[Block] = []
    for finding in report.findings[:FULL]:
        blocks += _told(finding, clock)
    rest = report.findings[FULL:]
    if rest:
        window = report.until - report.since
        rows = [(str(f.severity), f.kind, clock.when(f.since, window), f.title) for f in rest]
        columns = (
            Column("Severity", weight=0.8),
            Column("Kind", weight=0.7),
            Column("Since", weight=0.9),
            Column("Finding", weight=5),
        )
        blocks.append(heading("Further findings"))
        blocks += head(
            "A line each; their words are in findings.csv and report.html.", columns, rows, LISTED, "findings.csv"
        )
        folded = [block for finding in rest[:FINDINGS] for block in _told(finding, clock)]
        blocks.append(details("Their words", folded))
    return blocks


def _told(finding: Finding, clock: Clock) -> list[Block]:
    blocks = [
        heading(finding.title),
        Block(
            "byline",
            f"{finding.kind}, severity {finding.severity}, {clock.span(finding.since, finding.until)}."
            f" Id {finding.identity}.",
        ),
    ]
    if finding.words:
        blocks.append(bullets(finding.words[:SENTENCES]))
    if finding.words[SENTENCES:]:
        blocks.append(details("More", [bullets(finding.words[SENTENCES:])]))
    if finding.limits:
        blocks.append(note(f"Limits: {' '.join(finding.limits)}"))
    return blocks
