"""``Report``: all that a report says, before it takes a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from netwatch.model.change import Change
from netwatch.model.finding import Finding
from netwatch.model.series import Bins, Entity, SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.verdict import Verdict


class Baseline(Protocol):
    """What a series was expected to be: float64 (count,) per bin in the counter's unit, NaN where unknown."""

    @property
    def expected(self) -> np.ndarray:
        """The level with its rhythm."""

    @property
    def low(self) -> np.ndarray:
        """Lower edge of the band that holds an ordinary bin."""

    @property
    def high(self) -> np.ndarray:
        """Upper edge of that band."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input: its name as given, size in octets, SHA-256 in hexadecimal, format, and span in ns (None unknown)."""

    name: str
    size: int
    sha256: str
    format: str
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class TopRow:
    """One row of a top table: ``name`` as people write it, ``detail`` beside it ("KR, Example Telecom", "tcp")."""

    name: str
    octets: float
    packets: float
    flows: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TopTable:
    """The largest networks, hosts or ports; percentages are of ``octets``, the sum over all, listed or not."""

    name: str
    rows: tuple[TopRow, ...]
    octets: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Mean rate by hour of the week, 7 × 24 float64 (Monday first, NaN unobserved), in the counter's unit per second.

    ``before_window`` and ``after_window``: the (since, until) ns that each matrix is made of.
    """

    counter: str
    before: np.ndarray
    after: np.ndarray
    before_window: tuple[int, int]
    after_window: tuple[int, int]


@dataclass(frozen=True)
class Report:
    """All that a report says.

    ``subject``: what is watched, in words. ``answer``: questions with their answers, for the first page. ``findings``:
    in the order in which they are told. ``names``: who holds an AS (``AS4808``). ``since``, ``until``: the window, ns
    UTC, half-open. ``tallies``: of all stages and inputs. ``parameters`` and ``versions``: JSON-ready.
    ``attribution``: one line per source of data that asks for it. ``timezone``: IANA name of the zone in which times
    are printed and hours of the week counted.
    """

    title: str
    subject: str
    since: int
    until: int
    inputs: tuple[InputFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    changes: tuple[Change, ...] = ()
    series: SeriesSet = field(default_factory=lambda: SeriesSet(Bins(0, 1, 0)))
    baselines: Mapping[tuple[Entity, str], Baseline] = field(default_factory=dict)
    tallies: tuple[Tally, ...] = ()
    tops: tuple[TopTable, ...] = ()
    rhythms: tuple[Rhythm, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    attribution: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    answer: tuple[tuple[str, str], ...] = ()
    timezone: str = "UTC"
