"""Small multiples: one row per series over the same time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from netwatch.errors import OutputError
from netwatch.model import text
from netwatch.model.change import Change
from netwatch.model.series import Series
from netwatch.report.choice import changes_of, main_series, telling
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import BLUE, SKY, VERMILLION, Drawing, drawable, dressed, log_scale, sheet, si_scale
from netwatch.report.figures.coarse import MOST, coarse
from netwatch.report.figures.timeline import TimeAxis, shade_coverage
from netwatch.report.report import Report
from netwatch.report.words import COUNTER_NAMES, RATE_UNITS, harmless, shortened

ROWS = 24
"""Series that one picture holds."""
DWARFING = 40.0
"""The largest against the median of a row from which on a linear scale shows nothing but the largest."""
FEW = 200
"""Points of a line that stands without its band."""


def draw(report: Report, clock: Clock) -> Drawing | None:
    """Packets, flows and peers of all that is watched."""
    found = [main_series(report, counter) for counter in ("packets", "flows", "peers")]
    chosen = [s for s in found if s is not None and np.isfinite(s.values).any()]
    if not chosen:
        return None
    titles = [COUNTER_NAMES.get(s.counter, s.counter) for s in chosen]
    figure = multiples(chosen, titles, clock, [telling(changes_of(report, s), 8) for s in chosen])
    caption = (
        "Packets, flows and distinct peers over the same time. Peers are counted per"
        f" {text.duration(chosen[0].bins.width)} bin; the others are rates. Pale: least and greatest bin. Vertical"
        " lines: starts of changes. A scale is logarithmic where the largest would leave nothing else to be seen."
    )
    return Drawing("counters", figure, caption, "Line charts of packets, flows and peers over time.")


def multiples(
    series: Sequence[Series],
    titles: Sequence[str],
    clock: Clock,
    changes: Sequence[Sequence[Change]],
    *,
    banded: bool = True,
) -> Figure:
    """One row of axes per series, all with the same time axis and each with its own scale; logarithmic where a row's
    largest is :data:`DWARFING` times its median. ``banded``: with the least and greatest bin under each mean.
    """
    with dressed():
        figure = sheet(0.45 + 1.05 * len(series))
        rows = figure.subplots(len(series), 1, sharex=True, squeeze=False)[:, 0]
        for axes, one, title, marks in zip(rows, series, titles, changes, strict=True):
            axis = TimeAxis(clock, one.bins.start, one.bins.end)
            _row(axes, axis, one, banded=banded)
            for change in marks:
                axes.axvline(float(axis.at(change.since)), color=VERMILLION, linewidth=0.8, linestyle=(0, (5, 1.5)))
            logarithmic = " (logarithmic)" if axes.get_yscale() == "log" else ""
            axes.set_title(drawable(title) + logarithmic)
            axis.apply(axes, label=axes is rows[-1])
    return figure


def _row(axes: Axes, axis: TimeAxis, one: Series, *, banded: bool) -> None:
    """One series: its mean, and the least and greatest bin in it."""
    drawn = coarse(one, MOST if banded else FEW)
    factor = 8 if one.counter == "octets" else 1
    highest = drawn.greatest if banded else drawn.mean
    finite = highest[np.isfinite(highest)]
    greatest = float(finite.max()) * factor if len(finite) else 0.0
    shade_coverage(axes, axis, one)
    x = axis.at(drawn.centres)
    low, mean, high = drawn.least * factor, drawn.mean * factor, drawn.greatest * factor
    unit = RATE_UNITS.get(one.counter, one.counter)
    usual = mean[mean > 0]
    seen = np.isfinite(mean).sum()
    if 2 * len(usual) >= max(seen, 1) and greatest > DWARFING * float(np.median(usual)):
        scale, floor = 1.0, float(usual.min()) / 2
        log_scale(axes, unit)
        axes.set_ylim(floor, greatest * 2)
        low, mean = np.where(low > 0, low, floor), np.where(mean > 0, mean, np.nan)
    else:
        scale = si_scale(axes, greatest, unit)
        axes.set_ylim(0, greatest / scale * 1.08 if greatest else 1)
    if banded and drawn.bins.width > one.bins.width:
        axes.fill_between(x, low / scale, high / scale, color=SKY, alpha=0.35, linewidth=0)
    axes.plot(x, mean / scale, color=BLUE, marker=drawn.marker)


def draw_series(series: Sequence[Series], path: Path, timezone: str = "UTC") -> None:
    """Write the series as one PNG, largest first as given, at most ``ROWS`` of them.

    Raises:
        OutputError: nothing to draw, or the file could not be written.

    """
    chosen = list(series)[:ROWS]
    if not chosen:
        raise OutputError(f"{path}: no series to draw")
    titles = [shortened(harmless(f"{s.entity}: {s.counter}"), 90) for s in chosen]
    figure = multiples(chosen, titles, Clock.of(timezone), [() for _ in chosen])
    picture = Drawing("series", figure, "", "").png()
    try:
        path.write_bytes(picture)
    except OSError as fault:
        raise OutputError(f"{path}: {fault.strerror or fault}") from None
