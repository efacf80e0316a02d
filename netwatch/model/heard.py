"""``Heard``: what a reader knows of how much of an Exporting Process' records it received, and when."""

from __future__ import annotations

from typing import NamedTuple


class Heard(NamedTuple):
    """A span in which nothing of an Observation Domain was lost, or a known share of it.

    ``exporter``: halves of its address, and ``domain``: both as in the flows' columns (zeros: metered here).
    ``since``, ``until``: ns UTC, of exports or, where metered here, of packets. ``share``: of the records sent, how
    many came, from 0 to 1. Of what no span covers nothing is known, unless ``ran``: the span is the run of a capture,
    and what was sent before and after it is not in this input.
    """

    exporter: tuple[int, int]
    domain: int
    since: int
    until: int
    share: float
    ran: bool = False
