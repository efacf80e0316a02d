"""How findings are made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """Settings of the explanation.

    ``window``: longest window, in days, that is compared on each side of a change. ``cells``: most cells told of one
    split; the rest is its residual. ``resamples``: block-bootstrap draws behind an interval. ``block``: days that are
    drawn together. ``seed``: of those draws. ``full``: changes that are split over every dimension, the largest; the
    others over the first few. ``parts``: lasting changes of single networks, services and classes that get a finding
    of their own, the largest.
    """

    window: int = 56
    cells: int = 10
    resamples: int = 400
    block: int = 7
    seed: int = 1
    full: int = 12
    parts: int = 10
