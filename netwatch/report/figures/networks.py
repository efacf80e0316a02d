"""The largest networks over time, one row each."""

from __future__ import annotations

import numpy as np

from netwatch.report.choice import changes_of, telling
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import Drawing
from netwatch.report.figures.counters import multiples
from netwatch.report.report import Report
from netwatch.report.words import harmless, named, shortened

ROWS = 4


def draw(report: Report, clock: Clock) -> Drawing | None:
    """Volume of the largest networks (AS), where series by network were kept."""
    chosen = [s for s in report.series.of("asn", "octets") if np.nansum(s.values) > 0][:ROWS]
    if not chosen:
        return None
    titles = [shortened(harmless(named("asn", s.entity.value, report.names)), 90) for s in chosen]
    figure = multiples(chosen, titles, clock, [telling(changes_of(report, s), 4) for s in chosen])
    caption = f"Volume of the {len(chosen)} largest networks, each on its own scale. Vertical lines: starts of changes."
    return Drawing("networks", figure, caption, "Line charts of volume by network over time.")
