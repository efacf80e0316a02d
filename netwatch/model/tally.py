"""``Tally``: what became of everything that a stage saw.

The law: ``seen == kept + dropped``, for units and octets, at every stage and for every input.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

OUTSIDE_SPAN = "outside the span"
"""Far from the times of all others: of a clock that was not set, or went wild."""
BEYOND = "counter beyond 2^53"
"""What no link ever carried in one flow: 9 PB, corrected for sampling."""
FIRST = 8
"""Places of a drop that are remembered."""


@dataclass(slots=True)
class Drop:
    """What was left out for one reason, and the octet offsets in the input where it first happened."""

    units: int = 0
    octets: int = 0
    offsets: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """The account of one stage over one input, or over all when merged.

    ``unit`` says what is counted ("packet", "flow record", "message"). ``lost`` counts units known to exist but
    never seen (sequence gaps, an interface's drop counter). ``notes`` counts what was kept and is worth telling
    ("link type Ethernet", "cut by snaplen", "compressed octets").
    """

    stage: str
    unit: str
    input: str = ""
    seen: int = 0
    seen_octets: int = 0
    kept: int = 0
    kept_octets: int = 0
    lost: int = 0
    dropped: dict[str, Drop] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    incomplete: str = ""
    """Why the input ended before its end ("cut short in a packet at octet 1,234"); empty when it did not."""

    def keep(self, units: int, octets: int) -> None:
        """Count units seen and kept."""
        self.seen += units
        self.seen_octets += octets
        self.kept += units
        self.kept_octets += octets

    def drop(self, reason: str, units: int, octets: int, offset: int | None = None) -> None:
        """Count units seen and left out."""
        self.seen += units
        self.seen_octets += octets
        entry = self.dropped.setdefault(reason, Drop())
        entry.units += units
        entry.octets += octets
        if offset is not None and len(entry.offsets) < FIRST:
            entry.offsets.append(offset)

    @property
    def balanced(self) -> bool:
        """Whether the law holds."""
        units = self.kept + sum(d.units for d in self.dropped.values())
        octets = self.kept_octets + sum(d.octets for d in self.dropped.values())
        return units == self.seen and octets == self.seen_octets

    def as_json(self) -> dict[str, object]:
        """The account as JSON-ready values."""
        return {
            "stage": self.stage,
            "unit": self.unit,
            "input": self.input,
            "seen": self.seen,
            "seen_octets": self.seen_octets,
            "kept": self.kept,
            "kept_octets": self.kept_octets,
            "lost": self.lost,
            "dropped": {
                reason: {"units": drop.units, "octets": drop.octets, "first_offsets": list(drop.offsets)}
                for reason, drop in sorted(self.dropped.items())
            },
            "notes": dict(sorted(self.notes.items())),
            "incomplete": self.incomplete,
        }

    def merge(self, other: Tally) -> None:
        """Add another tally of the same stage and unit."""
        self.seen += other.seen
        self.seen_octets += other.seen_octets
        self.kept += other.kept
        self.kept_octets += other.kept_octets
        self.lost += other.lost
        self.notes += other.notes
        self.incomplete = self.incomplete or other.incomplete
        for reason, theirs in other.dropped.items():
            mine = self.dropped.setdefault(reason, Drop())
            mine.units += theirs.units
            mine.octets += theirs.octets
            mine.offsets = (mine.offsets + theirs.offsets)[:FIRST]
