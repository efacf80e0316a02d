"""The largest networks over time, one row each."""

from __future__ import annotations

import numpy as np

from netwatch.model import text
from netwatch.report.choice import changes_of, telling
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import Drawing
from netwatch.report.figures.coarse import coarse
from netwatch.report.figures.counters import FEW, multiples
from netwatch.report.report import Report
from netwatch.report.words import harmless, named, shortened

ROWS = 4


def draw(report: Report, clock: Clock) -> Drawing | None:
    """Volume of the largest networks (AS), where series by network were kept."""
    chosen = [s for s in report.series.of("asn", "octets") if np.nansum(s.values) > 0][:ROWS]
    if not chosen:
        return None
    titles = [shortened(harmless(named("asn", s.entity.value, report.names)), 90) for s in chosen]
    figure = multiples(chosen, titles, clock, [telling(changes_of(report, s), 4) for s in chosen], banded=False)
    wide = text.duration(coarse(chosen[0], FEW).bins.width)
    caption = (
        f"Volume of the {len(chosen)} largest networks, mean of each {wide}, each on its own scale. Vertical lines:"
        " starts of changes."
    )
    return Drawing("networks", figure, caption, "Line charts of volume by network over time.")
