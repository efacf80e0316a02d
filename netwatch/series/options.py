"""How flows are folded into series."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("scope", "direction", "family", "watch", "class", "asn", "port", "prefix", "upstream")
"""Kinds of entity that can have series."""


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """Settings of the series.

    ``bin``: width of a bin in seconds; None chooses one by the span (:func:`netwatch.series.widths.width`).
    ``by``: kinds of entity that get series. ``top``: most entities of one kind; the rest is added up as "other".
    ``watch``: names of the watch groups by index, as people call them.
    ``gap_p``: chance, under an exporter's usual rate of records, below which its silence is a gap and not quiet.
    """

    bin: float | None = None
    by: tuple[str, ...] = KINDS
    top: int = 20
    watch: tuple[str, ...] = ()
    gap_p: float = 1e-6
