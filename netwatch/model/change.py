"""``Change``: a bin or span in which a series left its baseline."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from netwatch.model.series import Entity


class ChangeKind(StrEnum):
    """What a series can do."""

    LEVEL_SHIFT = "level shift"
    RAMP = "ramp"
    EPISODE = "episode"  # a level that came and went back
    SPIKE = "spike"
    DROP = "drop"
    GAP = "gap"  # not observed: about the capture, not about the network
    INTERMITTENT = "intermittent capture"  # gaps are its habit; about the capture too
    RHYTHM = "rhythm change"
    SPREAD = "spread change"
    UPSTREAM = "upstream shift"
    SAMPLING = "sampling change"  # about the capture, not about the network
    RECORD = "record"  # highest or lowest in a long time


_DAY = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Change:
    """One departure of one series from its baseline.

    ``since`` and ``until``: ns UTC, half-open; ``until`` None where it lasts to the end of the data.
    ``since_low``, ``since_high``: range that holds the start with 95 %.
    ``ratio``: level after against before (for a ramp: end against start); ``ratio_low``, ``ratio_high``: 95 % interval.
    ``before``, ``after``: mean rate of each side in the counter's unit per second; of an upstream shift its shares.
    ``p_value``: chance of as much under no change, where the detector has one, else NaN.
    ``detector``: name in the registry. ``facts``: what else the detector can say, JSON-ready.
    """

    entity: Entity
    counter: str
    kind: ChangeKind
    since: int
    until: int | None
    since_low: int
    since_high: int
    ratio: float
    ratio_low: float
    ratio_high: float
    before: float
    after: float
    p_value: float
    detector: str
    provisional: bool = False
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def levels_per_day(self) -> float:
        """Levels a day that a level's change was found among; 1 of other changes."""
        levels = self.facts.get("levels_per_day")
        return levels if isinstance(levels, float) else 1.0

    @property
    def brief(self) -> bool:
        """Whether it was found in a capture of under a week: among levels finer than a quarter of a day."""
        return self.levels_per_day > 4

    @property
    def unseen(self) -> bool:
        """Whether it began while nothing was seen: long before it was first seen, or just then."""
        return self.since - self.since_low > 7 * max(_DAY, self.since_high - self.since)
