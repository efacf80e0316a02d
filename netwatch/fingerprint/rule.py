"""``Rule``: what one TOML file says about one class of traffic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from netwatch.fingerprint.condition import Condition
from netwatch.fingerprint.features import FEATURES, Feature
from netwatch.fingerprint.pattern import Pattern

GROUPS: dict[str, float] = {
    "payload": 14.5,  # grammar of the application payload
    "names": 4.7,  # DNS, SNI, Host, names in the payload
    "ports": 1.1,  # ports and known addresses
    "sizes": 4.6,  # message sizes
    "timing": 4.0,  # share arrivals, pushes, answers
    "shape": 4.0,  # duration, rates, octets per packet, flags
    "handshake": 1.2,  # TLS ClientHello
    "context": 4.0,  # other entities at the same server, days
    "sequence": 4.0,  # what came before
}
"""Groups of evidence that depends on each other, with the largest weight (natural log of a likelihood ratio) that each
may add or take. Only the strongest of a group counts each way. A rule may set its own cap."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing that a rule looks at: ``weight`` counts when the condition holds, ``against`` when it does not."""

    id: str
    title: str
    group: str
    when: Condition
    weight: float
    against: float = 0.0


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """The role where a condition holds; ``when`` None for all the rest."""

    role: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """Values, or the first payload octets of both directions, that the rule must or must not report."""

    about: str
    reported: bool
    features: dict[str, float]
    client: bytes = b""
    server: bytes = b""


@dataclass(frozen=True, slots=True)
class Rule:
    """A class of traffic, what speaks for and against it, and what must hold before it is told.

    ``prior`` None takes the user's. ``required``: condition without which there is no verdict. ``flows``: which flows
    of the entity belong to the class (columns of ``flowview``), None for all of them. ``alternatives``: classes that
    look alike. ``shared``: ids of rules without class whose grounds this one takes over. ``patterns``: of payload, for
    rules about the entity "payload".
    """

    id: str
    title: str
    meaning: str
    class_id: str
    entity: str
    references: tuple[str, ...]
    grounds: tuple[Ground, ...]
    required: Condition | None = None
    flows: Condition | None = None
    roles: tuple[RoleChoice, ...] = (RoleChoice("none"),)
    transport: str = ""
    prior: float | None = None
    caps: dict[str, float] = field(default_factory=dict)
    alternatives: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    next_step: str = ""
    shared: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    patterns: tuple[Pattern, ...] = ()

    def declared(self) -> dict[str, Feature]:
        """The features that the rule may compare: those of its entity, and its own patterns."""
        return {**FEATURES[self.entity].declared, **pattern_features(self.patterns)}

    def cap(self, group: str) -> float:
        """The largest weight of a group in this rule."""
        return self.caps.get(group, GROUPS[group])


def pattern_features(patterns: Iterable[Pattern]) -> dict[str, Feature]:
    """The columns that patterns make."""
    return {pattern.feature: Feature(f"flows with {pattern.about}", "flows") for pattern in patterns}
