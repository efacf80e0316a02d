"""Top networks, hosts and ports, and the list of findings."""

from __future__ import annotations

from netwatch.model import text as units
from netwatch.report.choice import ranked_findings
from netwatch.report.clock import Clock
from netwatch.report.pages.blocks import Block, Column, bullets, heading, note, table, text
from netwatch.report.report import Report, TopTable

ROWS = 20
FINDINGS = 60


def tops(report: Report) -> list[Block]:
    """One table for each dimension."""
    blocks = [_top(t) for t in report.tops if t.rows]
    return blocks or [text("No networks, hosts or ports were observed.")]


def _top(top: TopTable) -> Block:
    detailed = any(row.detail for row in top.rows)
    rows = [
        (
            row.name, *([row.detail] if detailed else []), units.volume(row.octets),
            units.percent(row.octets / top.octets) if top.octets else "unknown", units.count(row.packets),
            units.count(row.flows),
        )
        for row in top.rows[:ROWS]
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
    return table(caption, columns, rows)


def findings(report: Report, clock: Clock) -> list[Block]:
    """Each finding with its words and limits, most severe first."""
    ranked = ranked_findings(report)
    if not ranked:
        return [text("There is no finding.")]
    blocks: list[Block] = []
    for finding in ranked[:FINDINGS]:
        blocks.append(heading(finding.title))
        blocks.append(note(
            f"{finding.kind}, severity {finding.severity}, {finding.subject},"
            f" {clock.span(finding.since, finding.until)}. Id {finding.identity}."
        ))  # fmt: skip
        if finding.words:
            blocks.append(text(" ".join(finding.words)))
        if finding.limits:
            blocks.append(bullets([f"Limit: {limit}" for limit in finding.limits]))
    if len(ranked) > FINDINGS:
        blocks.append(note(f"The first {FINDINGS} of {len(ranked):,}; findings.csv lists all."))
    return blocks
