"""``Finding``: what a person is told."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from netwatch.model.change import Change
from netwatch.model.verdict import Verdict


class Severity(StrEnum):
    """How much a finding asks for attention; ``--fail-on`` compares by this order."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Estimate(NamedTuple):
    """A value with its 95 % interval, NaN where it is not known."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a change: ``cell`` names it by dimension ({"class": "mining.getwork"}); ``amount`` is what it
    added (negative: took away) per second, ``share`` of the whole change, ``low`` and ``high`` its 95 % interval.
    ``before``, ``after``: its own rates. ``without``: ratio of all the rest after to before, the counterfactual.
    """

    cell: dict[str, str]
    amount: float
    share: float
    low: float
    high: float
    before: float = math.nan
    after: float = math.nan
    without: Estimate = UNKNOWN


@dataclass(frozen=True, slots=True)
class Composition:
    """How a change splits over classes, for one counter; ``shares`` and ``residual`` (a share) sum to 1."""

    counter: str
    dimension: str
    total: float
    shares: tuple[Share, ...]
    residual: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the analysis holds to be so.

    ``kind``: "volume", "mining", "attack", "rhythm", "upstream" or "quality". ``title``: one line; ``words``: sentences
    that a reader can check against ``figures`` (numbers by name, JSON-ready) and the evidence. ``since`` and ``until``
    in ns UTC. ``change``/``verdicts``: what it rests on. ``limits``: what it does not show.
    """

    kind: str
    title: str
    words: tuple[str, ...]
    severity: Severity
    since: int
    until: int | None
    subject: str
    change: Change | None = None
    verdicts: tuple[Verdict, ...] = ()
    compositions: tuple[Composition, ...] = ()
    figures: dict[str, object] = field(default_factory=dict)
    limits: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Stable across runs over the same matter: 12 hexadecimal digits of kind, of class or change kind (and counter,
        where that is not octets), and of subject.
        """
        what: str = self.title
        if self.verdicts:
            what = self.verdicts[0].class_id
        elif self.change:
            what = self.change.kind + ("" if self.change.counter == "octets" else f" of {self.change.counter}")
        return hashlib.sha256(f"{self.kind}|{what}|{self.subject}".encode()).hexdigest()[:12]
