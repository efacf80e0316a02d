"""Mining and attacks: who, where, when, and the evidence for, against and not available."""

from __future__ import annotations

from collections.abc import Sequence

from netwatch.model import text as units
from netwatch.model.verdict import Evidence, Stand, Verdict
from netwatch.report.choice import verdicts_of
from netwatch.report.clock import Clock
from netwatch.report.pages.blocks import Block, Column, details, facts, head, heading, note, table, text
from netwatch.report.report import Report
from netwatch.report.words import probability, service, shortened, value

LISTED = 12
"""Rows in the list of a section."""
DETAILED = 2
"""Groups whose strongest verdict's evidence stands on paper."""
FOLDED = 40
"""Further verdicts whose evidence is folded in HTML."""
MISSING = 6
"""Rules named that had nothing to look at."""
ALTERNATIVES = 4
"""Other classes named for one verdict."""
PLACE = 18
"""Characters of an input's name in a table."""
REFERENCES = 3
"""Places in the input named for one piece of evidence."""

_COLUMNS = (
    Column("Class", weight=1.45),
    Column("Role", weight=0.65),
    Column("Watched side", weight=1.5, code=True),
    Column("Other side", weight=1.3, code=True),
    Column("When", weight=1.4),
    Column("Times", "right", 0.55),
    Column("Held to be", weight=0.95),
    Column("Volume", "right", 0.85),
    Column("Packets", "right", 0.85),
)


def mining(report: Report, clock: Clock) -> list[Block]:
    """Verdicts on mining; nodes and wallets of a chain are told apart from it."""
    found = verdicts_of(report, "mining")
    chain = verdicts_of(report, "chain")
    blocks = _section(found, report, clock, "mining") if found else [text("No traffic was held to be mining.")]
    if chain:
        blocks += _listing(chain, report, clock, "Nodes and wallets of a chain: not mining.")
    return blocks


def attacks(report: Report, clock: Clock) -> list[Block]:
    """Verdicts on attacks."""
    found = verdicts_of(report, "attack")
    return _section(found, report, clock, "attacks") if found else [text("No traffic was held to be an attack.")]


def _section(found: Sequence[Verdict], report: Report, clock: Clock, what: str) -> list[Block]:
    caption = f"Verdicts on {what}: one row for each class, role and watched side, floods first, then by packets."
    blocks = _listing(found, report, clock, caption)
    first = [group[0] for group in _groups(found)[:DETAILED]]
    for verdict in first:
        blocks += detail(verdict, clock)
    rest = [v for v in found if v not in first]
    if rest:
        blocks.append(note(f"The evidence of the other {len(rest):,} is in evidence.csv, report.html and report.json."))
        blocks.append(details(f"Evidence of {min(len(rest), FOLDED):,} more", [
            block for verdict in rest[:FOLDED] for block in detail(verdict, clock)
        ]))  # fmt: skip
    return blocks


def _groups(found: Sequence[Verdict]) -> list[list[Verdict]]:
    """Verdicts of one class, role and watched side together, the most probable of each first."""
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in found:
        groups.setdefault((verdict.class_id, verdict.role, verdict.subject), []).append(verdict)
    return sorted(groups.values(), key=lambda g: (
        g[0].class_id == "mining.contact", not g[0].class_id.startswith("dos."), -sum(v.packets for v in g)
    ))  # fmt: skip


def _listing(found: Sequence[Verdict], report: Report, clock: Clock, caption: str) -> list[Block]:
    rows = [_row(group, report, clock) for group in _groups(found)]
    return head(caption, _COLUMNS, rows, LISTED, "verdicts.csv")


def _row(group: Sequence[Verdict], report: Report, clock: Clock) -> tuple[str, ...]:
    best, window = group[0], report.until - report.since
    peers = {v.peer for v in group}
    others = shortened(best.peer, 64) if len(peers) == 1 and best.peer else f"{max(v.peers for v in group):,} peers"
    since, until = min(v.since for v in group), max(v.until for v in group)
    return (
        best.class_id, best.role, best.subject, f"{others} {service(best)}".strip(), clock.brief(since, until, window),
        f"{len(group):,}", f"{best.confidence} ({probability(best.posterior)})",
        units.volume(sum(v.octets for v in group)), units.scaled(sum(v.packets for v in group), ""),
    )  # fmt: skip


def detail(verdict: Verdict, clock: Clock) -> list[Block]:
    """One verdict with all its grounds."""
    peer = verdict.peer or f"{verdict.peers:,} peers"
    pairs = [
        ("When", clock.span(verdict.since, verdict.until)),
        ("Covers", _covers(verdict)),
        ("Probability", f"{probability(verdict.posterior)} ({verdict.confidence}), prior {probability(verdict.prior)}"),
        ("Basis", f"{verdict.basis}{', transport ' + verdict.transport if verdict.transport else ''}"),
        # Names with a point are the rules' own measures: the evidence says what of them counted.
        *(
            (name.replace("_", " ").capitalize(), value(fact))
            for name, fact in verdict.facts.items()
            if "." not in name and name != "rule"
        ),
    ]
    if verdict.alternatives:
        ranked = ", ".join(f"{name} ({probability(p)})" for name, p in verdict.alternatives[:ALTERNATIVES])
        pairs.append(("Alternatives", ranked))
    if verdict.quality:
        pairs.append(("Data quality", ", ".join(verdict.quality)))
    if verdict.attack_techniques:
        pairs.append(("ATT&CK", ", ".join(verdict.attack_techniques)))
    title = f"Evidence: {verdict.class_id}, {verdict.subject} with {shortened(peer, 64)}"
    weighed = [e for e in verdict.evidence if e.stand is not Stand.MISSING]
    missing = [e for e in verdict.evidence if e.stand is Stand.MISSING]
    blocks = [heading(title), facts(pairs), _evidence(weighed)]
    if missing:
        rules = ", ".join(sorted({e.rule for e in missing})[:MISSING])
        more = f" and {len(missing) - MISSING:,} more" if len(missing) > MISSING else ""
        blocks.append(note(f"Not available, so it weighs nothing: {rules}{more}."))
        blocks.append(details("What was not available", [_evidence(missing)]))
    return blocks


def _covers(verdict: Verdict) -> str:
    return (
        f"{units.volume(verdict.octets)}, {units.count(verdict.packets)} packets, {units.count(verdict.flows)} flows,"
        f" {verdict.peers:,} peer{'s' * (verdict.peers != 1)}"
    )


def _evidence(evidence: Sequence[Evidence]) -> Block:
    if not evidence:
        return note("No evidence was recorded.")
    order = {Stand.FOR: 0, Stand.AGAINST: 1, Stand.MISSING: 2}
    ranked = sorted(evidence, key=lambda e: (order[e.stand], -abs(e.weight), e.rule))
    return table(
        "Evidence. Weight: natural-log likelihood ratio; of one group only the strongest counts.",
        (
            Column("Stand", weight=0.6),
            Column("Rule", weight=1.25),
            Column("Observed", weight=2.6),
            Column("Threshold", weight=1.8),
            Column("Weight", "right", 0.6),
            Column("Where", weight=1.15, code=True),
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
    """``feb.pcap #105 #14329``: each input's name once, then its frames."""
    frames: dict[str, list[str]] = {}
    for reference in references[:REFERENCES]:
        name, _, frame = reference.rpartition("#")
        frames.setdefault(name, []).append(f"#{frame}")
    told = ", ".join(" ".join(filter(None, (shortened(name, PLACE), *numbers))) for name, numbers in frames.items())
    return told + (f" and {len(references) - REFERENCES:,} more" if len(references) > REFERENCES else "")
