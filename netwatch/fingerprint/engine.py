"""Rules over feature tables: posteriors for all entities at once, evidence only for those that are told of.

Log-odds add over groups of evidence; inside a group the strongest for and the strongest against count, and each group
is capped. Missing evidence weighs nothing and is listed; only what was observed can speak against.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netwatch.fingerprint.condition import NO, UNKNOWN, YES, evaluate
from netwatch.fingerprint.features import FeatureTable
from netwatch.fingerprint.measures import measured, missing
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.fingerprint.rule import Rule
from netwatch.model.address import MAPPED, text
from netwatch.model.prefix import Prefix
from netwatch.model.verdict import Evidence, Stand, Verdict

BEHAVIOUR_AT_MOST = 0.989
"""Posterior that behaviour without payload may reach: offline false-positive rates do not carry over to a live network
(MineShark, NDSS 2025: 0.1 % offline, 2.2 % of alarms online)."""


@dataclass(slots=True)
class Outcome:
    """One rule over one table: ``holds`` int8 (grounds, n), ``posterior`` float64 (n,), ``told`` bool (n,);
    ``possible`` bool (n,): what the rule requires holds.
    """

    rule: Rule
    holds: np.ndarray
    posterior: np.ndarray
    told: np.ndarray
    possible: np.ndarray
    basis: np.ndarray


def weigh(rule: Rule, table: FeatureTable, options: FingerprintOptions) -> Outcome:
    """Posterior of the rule's class for each entity."""
    n = len(table)
    prior = options.prior if rule.prior is None else rule.prior
    holds = np.stack([evaluate(g.when, table.columns, n) for g in rule.grounds] or [np.zeros(n, np.int8)])
    odds = np.full(n, math.log(prior) - math.log1p(-prior))
    moved = {}
    for group in sorted({g.group for g in rule.grounds}):
        best, worst = np.zeros(n), np.zeros(n)
        for ground, held in zip(rule.grounds, holds, strict=False):
            if ground.group == group:
                gain = np.where(held == YES, ground.weight, np.where(held == NO, ground.against, 0.0))
                best, worst = np.maximum(best, gain), np.minimum(worst, gain)
        moved[group] = best
        odds += np.clip(best + worst, -rule.cap(group), rule.cap(group))
    posterior = 1.0 / (1.0 + np.exp(-np.clip(odds, -500, 500)))
    basis = _basis(moved, n)
    posterior = np.where(basis == "behaviour", np.minimum(posterior, BEHAVIOUR_AT_MOST), posterior)
    possible = _possible(rule, table)
    return Outcome(rule, holds, posterior, possible & (posterior >= options.report_from), possible, basis)


def _possible(rule: Rule, table: FeatureTable) -> np.ndarray:
    """Bool (n,): what the rule requires holds."""
    n = len(table)
    held: np.ndarray = np.ones(n, bool) if rule.required is None else evaluate(rule.required, table.columns, n) == YES
    return held


def _basis(moved: dict[str, np.ndarray], n: int) -> np.ndarray:
    """What the verdict rests on: payload alone, payload and more (mixed), else behaviour, else knowledge alone."""
    zero = np.zeros(n)
    payload = moved.get("payload", zero) > 0
    knowledge = (moved.get("names", zero) > 0) | (moved.get("ports", zero) > 0)
    behaves = np.zeros(n, bool)
    for group in ("sizes", "timing", "shape", "handshake", "context", "sequence"):
        behaves |= moved.get(group, zero) > 0
    with_payload = np.where(knowledge | behaves, "mixed", "payload")
    return np.where(payload, with_payload, np.where(behaves | ~knowledge, "behaviour", "knowledge"))


def judge(rules: Sequence[Rule], table: FeatureTable, options: FingerprintOptions) -> list[Verdict]:
    """Verdicts over one table: for each entity the class of highest posterior, the others as alternatives.

    ``rules`` are those of the table's kind of entity. Weighed are only entities of which some rule's requirements hold.
    """
    if not rules or not len(table):
        return []
    possible = np.stack([_possible(rule, table) for rule in rules])
    rows = np.flatnonzero(possible.any(axis=0))
    if not len(rows):
        return []
    if len(rows) < len(table):
        table = table.taken(rows)
    outcomes = [weigh(rule, table, options) for rule, some in zip(rules, possible, strict=True) if some.any()]
    told = np.stack([np.where(o.told, o.posterior, -1.0) for o in outcomes])
    best = told.argmax(axis=0)
    chosen = np.flatnonzero(told.max(axis=0) >= 0)
    return [_verdict(outcomes, int(best[row]), int(row), table, options) for row in chosen]


def _verdict(
    outcomes: Sequence[Outcome], best: int, row: int, table: FeatureTable, options: FingerprintOptions
) -> Verdict:
    outcome = outcomes[best]
    rule = outcome.rule
    return Verdict(
        class_id=rule.class_id,
        role=_role(rule, table, row),
        subject=_subject(table, row),
        peer=text(*table.peer[row]) if table.peer[row].any() else "",
        port=int(table.port[row]),
        protocol=int(table.protocol[row]),
        since=int(table.since[row]),
        until=int(table.until[row]),
        posterior=float(outcome.posterior[row]),
        prior=options.prior if rule.prior is None else rule.prior,
        basis=str(outcome.basis[row]),
        transport=rule.transport,
        octets=float(table.octets[row]),
        packets=float(table.packets[row]),
        flows=float(table.flows[row]),
        peers=int(table.peers[row]),
        evidence=_evidence(outcome, table, row),
        alternatives=_alternatives(outcomes, best, row),
        quality=table.quality(row),
        attack_techniques=rule.techniques,
        facts={**table.facts(row), "rule": rule.id, **({"next_step": rule.next_step} if rule.next_step else {})},
    )


def _role(rule: Rule, table: FeatureTable, row: int) -> str:
    one = {name: column[row : row + 1] for name, column in table.columns.items()}
    for choice in rule.roles:
        if choice.when is None or evaluate(choice.when, one, 1)[0] == YES:
            return choice.role
    return "none"


def _subject(table: FeatureTable, row: int) -> str:
    high, low = int(table.subject[row, 0]), int(table.subject[row, 1])
    length = int(table.prefix_length[row])
    if length >= 128:
        return text(high, low)
    mapped_everything = length <= 96 and high == 0 and low in (0, MAPPED)
    return "" if mapped_everything and length == 0 else str(Prefix((high << 64) | low, length))


def _evidence(outcome: Outcome, table: FeatureTable, row: int) -> tuple[Evidence, ...]:
    rule = outcome.rule
    declared = rule.declared()
    references = table.references(row)
    entity = {name: column[row : row + 1] for name, column in table.columns.items()}
    found = []
    for ground, held in zip(rule.grounds, outcome.holds[:, row], strict=True):
        weight = {YES: ground.weight, NO: ground.against}.get(held, 0.0)
        if held == NO and not weight:
            continue
        look = missing if held == UNKNOWN else measured
        observed, threshold = look(ground.when, entity, declared)
        stand = Stand.MISSING if held == UNKNOWN else Stand.FOR if held == YES and weight >= 0 else Stand.AGAINST
        where = () if held == UNKNOWN else references
        told = f"{ground.title}: {observed}"
        found.append(Evidence(f"{rule.id}/{ground.id}", ground.group, stand, told, threshold, weight, where))
    order = {Stand.FOR: 0, Stand.AGAINST: 1, Stand.MISSING: 2}
    return tuple(sorted(found, key=lambda e: (order[e.stand], -abs(e.weight))))


def _alternatives(outcomes: Sequence[Outcome], best: int, row: int) -> tuple[tuple[str, float], ...]:
    """Other classes weighed on the same entity, ranked, then what the rule itself names, with what is left over."""
    chosen = outcomes[best].rule
    ranked: dict[str, float] = {}
    for outcome in outcomes:
        posterior = float(outcome.posterior[row])
        other = outcome.rule.class_id != chosen.class_id
        if other and outcome.possible[row] and posterior >= 0.01:
            ranked[outcome.rule.class_id] = max(posterior, ranked.get(outcome.rule.class_id, 0.0))
    rest = 1.0 - float(outcomes[best].posterior[row])
    for name in chosen.alternatives[:1]:
        ranked.setdefault(name, rest)
    return tuple(sorted(ranked.items(), key=lambda item: (-item[1], item[0])))
