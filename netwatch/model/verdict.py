"""``Verdict`` and ``Evidence``: what some traffic is held to be, and on what grounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Stand(StrEnum):
    """What a piece of evidence does to the verdict."""

    FOR = "for"
    AGAINST = "against"
    MISSING = "not available"  # weighs nothing, but is listed


@dataclass(frozen=True, slots=True)
class Evidence:
    """One ground of a verdict.

    ``rule``: id of the rule that looked. ``group``: evidence of one group is dependent, so only its strongest counts.
    ``observed`` and ``threshold`` in words with units. ``weight``: natural-log likelihood ratio, 0 if missing.
    ``references``: where to look, as ``input#frame``; the input by number until :func:`located` names it.
    """

    rule: str
    group: str
    stand: Stand
    observed: str
    threshold: str
    weight: float
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A class of the taxonomy for some traffic, with its probability and its grounds.

    ``subject``: the watched side (address, prefix or pair) as text; ``peer``: the other side, or "" for many.
    ``port``: the service port, 0 for many. ``transport``: plain, tls, http, websocket, tor, vpn or "".
    ``basis``: payload, behaviour, knowledge or mixed. ``posterior`` under ``prior``.
    ``since``, ``until``: ns UTC. ``octets``, ``packets``, ``flows``, ``peers``: what it covers, sampling corrected.
    ``alternatives``: (class id, posterior), ranked. ``quality``: flags such as "sampled", "one direction".
    ``attack_techniques``: ATT&CK ids. ``facts``: coin, dialect, agent, pool, wallet (masked) ..., JSON-ready.
    """

    class_id: str
    role: str
    subject: str
    peer: str
    port: int
    protocol: int
    since: int
    until: int
    posterior: float
    prior: float
    basis: str
    transport: str
    octets: float
    packets: float
    flows: float
    peers: int
    evidence: tuple[Evidence, ...]
    alternatives: tuple[tuple[str, float], ...] = ()
    quality: tuple[str, ...] = ()
    attack_techniques: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def confidence(self) -> str:
        """The posterior in the words that the reports use."""
        return confidence_word(self.posterior, self.basis)


def confidence_word(posterior: float, basis: str) -> str:
    """Words tied to numbers: "confirmed" needs payload, behaviour alone is never more than "likely"."""
    if math.isnan(posterior) or posterior < 0.5:
        return "not reported"
    if posterior >= 0.99 and basis in ("payload", "mixed"):
        return "confirmed"
    return "likely" if posterior >= 0.9 else "suspected"


def located(verdicts: Iterable[Verdict], names: Mapping[int, str]) -> list[Verdict]:
    """The verdicts with ``file#frame`` for ``input#frame``; an input without a name, as of long ago, stays a number."""

    def place(reference: str) -> str:
        number, _, frame = reference.partition("#")
        return f"{names.get(int(number), number)}#{frame}"

    def pointed(evidence: Evidence) -> Evidence:
        return replace(evidence, references=tuple(place(one) for one in evidence.references))

    return [replace(verdict, evidence=tuple(pointed(one) for one in verdict.evidence)) for verdict in verdicts]
