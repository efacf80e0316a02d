"""``Notice``: what is said to people and machines about one finding at one moment of its life."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from netwatch.model.finding import Severity


class Life(StrEnum):
    """Where a finding stands. Only the first three are told; the others silence it."""

    NEW = "new"
    ONGOING = "ongoing"  # told again only where it grew: another severity
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class FlowSample:
    """One flow behind a finding: addresses as text, ``since`` and ``until`` in ns UTC, counters of both directions."""

    source: str
    destination: str
    source_port: int
    destination_port: int
    protocol: int
    since: int
    until: int
    octets: int
    packets: int


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told once.

    ``key`` is unique to this telling (receivers may tell repeats by it); ``id`` is the finding's identity, the same
    from its beginning to its end. ``kind``, ``title``, ``words``, ``subject``, ``since``, ``until`` as in ``Finding``.
    ``said``: ns UTC of the pass that made it. ``classes``: ids of the taxonomy, ``attack_techniques``: of ATT&CK.
    ``watch``: the watch group, "" for none. ``figures``: numbers by name, JSON-ready. ``flows``: a few that show it.
    Text from the wire stands in here as it came: who writes it out escapes it.
    """

    key: str
    id: str
    kind: str
    life: Life
    severity: Severity
    title: str
    words: tuple[str, ...]
    since: int
    until: int | None
    said: int
    subject: str
    watch: str = ""
    classes: tuple[str, ...] = ()
    attack_techniques: tuple[str, ...] = ()
    figures: dict[str, object] = field(default_factory=dict)
    flows: tuple[FlowSample, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one notice at one sink.

    ``key``: the notice's. ``sink``: its name in the configuration, never with its secrets. ``fault``: why it was not
    delivered, "" where it was; ``held``: not sent on purpose for now (quiet hours, rate limit, digest): offer it again.
    ``reason``: why it is held, or why this sink is not told of it at all (then neither fault nor held).
    """

    key: str
    sink: str
    fault: str = ""
    held: bool = False
    reason: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do: told, or not for this sink."""
        return not self.fault and not self.held
