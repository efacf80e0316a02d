"""The time axis that figures share: zone, ticks, gaps and changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes

from netwatch.model.series import Series
from netwatch.report.clock import DAY, SECOND, Clock
from netwatch.report.figures.canvas import GRID, MUTED, SHADE
from netwatch.report.figures.coarse import spans, wide_bins

SHORT = 120 * SECOND
"""Below this span the axis counts seconds from its start."""
MOST_SPANS = 400
_NOW_AND_THEN = 10
"""So many spans that cover most of a figure are not marked."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Instants (ns) to positions, for the half-open window ``since`` to ``until``."""

    clock: Clock
    since: int
    until: int

    @property
    def relative(self) -> bool:
        """Whether the axis counts seconds from ``since``."""
        return self.until - self.since < SHORT

    def at(self, nanoseconds: np.ndarray | int) -> np.ndarray:
        """Positions: days since 1970, or seconds since the start on a short axis."""
        offset = np.asarray(nanoseconds, np.int64) - self.since
        return offset / SECOND if self.relative else offset / DAY + self.since / DAY

    def apply(self, axes: Axes, *, label: bool = True) -> None:
        """Limits, ticks and label of the x axis."""
        left, right = float(self.at(self.since)), float(self.at(self.until))
        axes.set_xlim(left, right if right > left else left + 1)
        zone = self.clock.name
        if self.relative:
            text = f"Seconds since {self.clock.instant(self.since)}"
        else:
            locator = dates.AutoDateLocator(tz=self.clock.zone, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(self._formatter(locator))
            text = f"Time ({zone})"
            if self.until - self.since < DAY:
                text = f"Time ({zone}), from {self.clock.instant(self.since)}"
        if label:
            axes.set_xlabel(text)

    def _formatter(self, locator: dates.AutoDateLocator) -> dates.DateFormatter | dates.ConciseDateFormatter:
        if self.until - self.since < DAY // 4:
            return dates.DateFormatter("%H:%M:%S", tz=self.clock.zone)  # type: ignore[no-untyped-call]
        return dates.ConciseDateFormatter(locator, tz=self.clock.zone, show_offset=False)  # type: ignore[no-untyped-call]


def shade_coverage(axes: Axes, axis: TimeAxis, series: Series) -> tuple[bool, bool]:
    """Hatch what was not observed and tint what was observed in part: whether there was any of each.

    Of captures that ran now and then the rest is not hatched: it would be the whole figure.
    """
    wide, factor = wide_bins(series.bins)
    seen = []
    looks: tuple[tuple[np.ndarray, dict[str, Any]], ...] = (
        (series.coverage <= 0, {"facecolor": SHADE, "edgecolor": MUTED, "hatch": "/////", "linewidth": 0}),
        ((series.coverage > 0) & (series.coverage < 0.95), {"facecolor": GRID, "alpha": 0.55, "linewidth": 0}),
    )
    for where, look in looks:
        runs = spans(where, series.bins)
        if len(runs) >= _NOW_AND_THEN and where.mean() > 0.5:
            runs = []
        if len(runs) > MOST_SPANS:  # finer than a page can show: those that fill a drawn bin
            folded = np.zeros(wide.count * factor, bool)
            at = (series.bins.start - wide.start) // series.bins.width
            folded[at : at + len(where)] = where
            runs = spans(folded.reshape(wide.count, factor).mean(axis=1) > 0.5, wide)
        for since, until in runs:
            axes.axvspan(float(axis.at(since)), float(axis.at(until)), zorder=0.5, **look)
        seen.append(bool(runs))
    return seen[0], seen[1]
