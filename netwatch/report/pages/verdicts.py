"""Mining and attacks: who, where, when, and the evidence for, against and not available."""

from __future__ import annotations

from collections.abc import Sequence

from netwatch.model import text as units
from netwatch.model.verdict import Evidence, Stand, Verdict
from netwatch.report.choice import verdicts_of
from netwatch.report.clock import Clock
from netwatch.report.pages.blocks import Block, Column, facts, heading, note, table, text
from netwatch.report.report import Report
from netwatch.report.words import probability, service, shortened, value

LISTED = 60
"""Verdicts in the list of a section."""
DETAILED = 8
"""Verdicts whose evidence is set out."""
REFERENCES = 3
"""Places in the input named for one piece of evidence."""

_COLUMNS = (
    Column("Class", weight=1.45),
    Column("Role", weight=0.75),
    Column("Watched side", weight=1.35, code=True),
    Column("Other side", weight=1.35, code=True),
    Column("Service", weight=0.8),
    Column("Held to be", weight=0.95),
    Column("P", "right", 0.6),
    Column("Volume", "right", 0.8),
    Column("Flows", "right", 0.7),
)


def mining(report: Report, clock: Clock) -> list[Block]:
    """Verdicts on mining; nodes and wallets of a chain are told apart from it."""
    found = verdicts_of(report, "mining")
    chain = verdicts_of(report, "chain")
    blocks = _section(found, clock, "mining") if found else [text("No traffic was held to be mining.")]
    if chain:
        blocks.append(_listing(chain, "Nodes and wallets of a chain: not mining."))
    return blocks


def attacks(report: Report, clock: Clock) -> list[Block]:
    """Verdicts on attacks."""
    found = verdicts_of(report, "attack")
    return _section(found, clock, "attacks") if found else [text("No traffic was held to be an attack.")]


def _section(found: Sequence[Verdict], clock: Clock, what: str) -> list[Block]:
    blocks = [_listing(found, f"Verdicts on {what}, most probable first. P: posterior probability.")]
    if len(found) > LISTED:
        blocks.append(note(f"The first {LISTED} of {len(found):,}; verdicts.csv lists all."))
    for verdict in found[:DETAILED]:
        blocks += detail(verdict, clock)
    if len(found) > DETAILED:
        blocks.append(note(f"The evidence of the other {len(found) - DETAILED:,} is in evidence.csv and report.json."))
    return blocks


def _listing(found: Sequence[Verdict], caption: str) -> Block:
    return table(caption, _COLUMNS, [
        (
            v.class_id, v.role, v.subject, shortened(v.peer, 64) or f"{v.peers:,} peers", service(v), v.confidence,
            probability(v.posterior), units.volume(v.octets), units.count(v.flows),
        )
        for v in found[:LISTED]
    ])  # fmt: skip


def detail(verdict: Verdict, clock: Clock) -> list[Block]:
    """One verdict with all its grounds."""
    peer = verdict.peer or f"{verdict.peers:,} peers"
    pairs = [
        ("When", clock.span(verdict.since, verdict.until)),
        ("Covers", _covers(verdict)),
        ("Probability", f"{probability(verdict.posterior)} ({verdict.confidence}), prior {probability(verdict.prior)}"),
        ("Basis", f"{verdict.basis}{', transport ' + verdict.transport if verdict.transport else ''}"),
        *((name.replace("_", " ").capitalize(), value(fact)) for name, fact in verdict.facts.items()),
    ]
    if verdict.alternatives:
        ranked = ", ".join(f"{name} ({probability(p)})" for name, p in verdict.alternatives)
        pairs.append(("Alternatives", ranked))
    if verdict.quality:
        pairs.append(("Data quality", ", ".join(verdict.quality)))
    if verdict.attack_techniques:
        pairs.append(("ATT&CK", ", ".join(verdict.attack_techniques)))
    title = f"{verdict.class_id}: {verdict.subject} with {shortened(peer, 64)}"
    return [heading(title), facts(pairs), _evidence(verdict.evidence)]


def _covers(verdict: Verdict) -> str:
    return (
        f"{units.volume(verdict.octets)}, {units.count(verdict.packets)} packets, {units.count(verdict.flows)} flows,"
        f" {verdict.peers:,} peers"
    )


def _evidence(evidence: Sequence[Evidence]) -> Block:
    if not evidence:
        return note("No evidence was recorded.")
    order = {Stand.FOR: 0, Stand.AGAINST: 1, Stand.MISSING: 2}
    ranked = sorted(evidence, key=lambda e: (order[e.stand], -abs(e.weight), e.rule))
    return table(
        "Evidence. Weight: natural-log likelihood ratio; of one group only the strongest counts.",
        (
            Column("Stand", weight=0.75),
            Column("Rule", weight=1.2),
            Column("Observed", weight=1.9),
            Column("Threshold", weight=1.3),
            Column("Weight", "right", 0.6),
            Column("Where", weight=1.2, code=True),
        ),
        [
            (
                str(e.stand), e.rule if e.group in ("", e.rule) else f"{e.rule} ({e.group})", e.observed, e.threshold,
                "–" if e.stand is Stand.MISSING else f"{e.weight:+.1f}", _places(e.references),
            )
            for e in ranked
        ],
    )  # fmt: skip


def _places(references: Sequence[str]) -> str:
    more = f" and {len(references) - REFERENCES:,} more" if len(references) > REFERENCES else ""
    return ", ".join(references[:REFERENCES]) + more
