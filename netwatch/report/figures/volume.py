"""The headline: volume over time with baseline, changes and what was not observed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from netwatch.model import text
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series
from netwatch.report.choice import changes_of, main_series, telling
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import BLUE, INK, MUTED, SKY, VERMILLION, Drawing, dressed, sheet, si_scale
from netwatch.report.figures.coarse import Coarse, coarse, fold_mean, per_second, spans, wide_bins
from netwatch.report.figures.timeline import TimeAxis, shade_coverage
from netwatch.report.report import Report
from netwatch.report.words import ratio

_TURNS = (ChangeKind.RHYTHM, ChangeKind.SPREAD, ChangeKind.UPSTREAM)
"""Changes that lift no level."""
_LONG = 7 * 86_400 * 10**9
"""Gaps, ns, over which no baseline is drawn."""
LABELS = 6
"""Changes that carry a label; the others are marked."""


def draw(report: Report, clock: Clock) -> Drawing | None:
    """Volume of all that is watched, in bit/s."""
    series = main_series(report)
    if series is None or not np.isfinite(series.values).any():
        return None
    drawn = coarse(series)
    axis = TimeAxis(clock, series.bins.start, series.bins.end)
    with dressed():
        figure = sheet(2.7)
        axes = figure.subplots()
        greatest = float(np.nanmax(drawn.greatest)) * 8
        scale = si_scale(axes, greatest, "bit/s") / 8
        gaps, partial = shade_coverage(axes, axis, series)
        banded = _baseline(axes, axis, report, series, scale)
        x = axis.at(drawn.centres)
        if drawn.bins.width > series.bins.width:
            axes.fill_between(
                x, drawn.least / scale, drawn.greatest / scale, color=SKY, alpha=0.35, linewidth=0, zorder=1.1,
                label=f"least to greatest {text.duration(series.bins.width)}",
            )  # fmt: skip
        label = f"mean of {text.duration(drawn.bins.width)}"
        axes.plot(x, drawn.mean / scale, color=BLUE, marker=drawn.marker, label=label)
        axes.set_ylim(0, greatest * 1.18 / 8 / scale if greatest else 1)
        changes = changes_of(report, series)
        _mark(axes, axis, changes, drawn, scale)
        axis.apply(axes)
        axes.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.1, handlelength=1.8)
    data = {
        "bin_seconds": drawn.bins.width / 1e9,
        "start": clock.instant(drawn.bins.start),
        "mean_octets_per_second": drawn.mean,
        "least_octets_per_second": drawn.least,
        "greatest_octets_per_second": drawn.greatest,
        "coverage": drawn.coverage,
    }
    return Drawing(
        "volume", figure, _caption(series, drawn, banded, (gaps, partial), changes), _alternative(drawn, changes), data
    )


def _divided(changes: list[Change]) -> bool:
    """Whether a level shift divides so few days that their profile is drawn from both sides of it."""
    return any(change.brief and change.kind is ChangeKind.LEVEL_SHIFT for change in changes)


def _baseline(axes: Axes, axis: TimeAxis, report: Report, series: Series, scale: float) -> bool:
    baseline = report.baselines.get((series.entity, series.counter))
    if baseline is None or _divided(changes_of(report, series)):
        return False
    if len(baseline.expected) != series.bins.count or not np.isfinite(baseline.expected).any():
        return False
    wide, factor = wide_bins(series.bins)
    low, expected, high = (
        fold_mean(edge, series.bins, wide, factor) / per_second(series) / scale
        for edge in (baseline.low, baseline.expected, baseline.high)
    )
    times = wide.times()
    for since, until in spans(np.isnan(series.values), series.bins):
        if until - since > _LONG:  # there it is a mere line between the two ends
            expected[(times >= since) & (times < until)] = np.nan
    low, high = (np.where(np.isnan(expected), np.nan, edge) for edge in (low, high))
    x = axis.at(times + wide.width // 2)
    axes.fill_between(x, low, high, color=MUTED, alpha=0.25, linewidth=0, zorder=1.2, label="range of an ordinary bin")
    axes.plot(x, expected, color=INK, linewidth=0.45, linestyle=(0, (4, 2)), zorder=2.4, label="baseline")
    return True


def _mark(axes: Axes, axis: TimeAxis, changes: list[Change], drawn: Coarse, scale: float) -> None:
    """Levels as bars with their uncertain start, points as triangles, the most telling with a label."""
    labelled = telling(changes, LABELS)
    taken: list[tuple[float, int]] = []
    width = float(axis.at(axis.until) - axis.at(axis.since)) or 1.0
    for change in labelled:
        start = float(axis.at(change.since))
        colour = VERMILLION
        if change.kind in (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP):
            axes.axvspan(float(axis.at(change.since_low)), float(axis.at(change.since_high)), color=colour, alpha=0.18)
            axes.axvline(start, color=colour, linewidth=0.9, linestyle=(0, (5, 1.5)))
            end = float(axis.at(axis.until if change.until is None else change.until))
            first = change.before if change.kind is ChangeKind.RAMP else change.after
            axes.plot([start, end], [first / scale, change.after / scale], color=colour, linewidth=1.1, zorder=3)
        elif change.kind in _TURNS:
            axes.axvline(start, color=colour, linewidth=0.8, linestyle=(0, (1.5, 2)))
        else:
            top = _height(drawn, change, axis) / scale
            axes.plot([start], [top], marker="v", markersize=4, color=colour, clip_on=False, zorder=3)
        words = (
            f"{change.kind}\n{ratio(change).partition(' ')[0]}" if change.ratio == change.ratio else str(change.kind)
        )
        place = (start - float(axis.at(axis.since))) / width
        near = {row for at, row in taken if abs(place - at) < 0.11}
        row = next(row for row in range(len(near) + 1) if row not in near)
        taken.append((place, row))
        axes.annotate(
            words,
            (min(max(place, 0.0), 1.0), 0.995 - 0.12 * (row % 4)),
            xycoords="axes fraction",
            xytext=(3 if place < 0.9 else -3, 0),
            textcoords="offset points",
            ha="left" if place < 0.9 else "right",
            va="top",
            fontsize=6.3,
            color=INK,
            linespacing=1.1,
            bbox={"boxstyle": "square,pad=0.12", "facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.8},
        )


def _height(drawn: Coarse, change: Change, axis: TimeAxis) -> float:
    until = axis.until if change.until is None else change.until
    first = max(0, (change.since - drawn.bins.start) // drawn.bins.width)
    last = max(first + 1, -(-(until - drawn.bins.start) // drawn.bins.width))
    inside = drawn.greatest[first:last]
    return float(np.nanmax(inside)) if np.isfinite(inside).any() else 0.0


def _caption(series: Series, drawn: Coarse, banded: bool, unseen: tuple[bool, bool], changes: list[Change]) -> str:
    own = text.duration(series.bins.width)
    line = "Dots" if drawn.marker else "Line"
    parts = ["Layer-3 volume over time, mean rate in bit/s (SI prefixes)."]
    if drawn.bins.width > series.bins.width:
        wide = text.duration(drawn.bins.width)
        parts.append(f"{line}: mean of each {wide}; pale band: least and greatest {own} bin in it.")
    else:
        parts.append(f"{line}: mean of each {own} bin.")
    if banded:
        parts.append("Dashed with grey band: baseline and the range of an ordinary bin.")
    elif _divided(changes):
        parts.append("No baseline is drawn: so few days, and a change between them, tell of none.")
    if telling(changes, LABELS):
        parts.append("Vermillion: changes with their ratio; the tinted strip holds the start with 95 %.")
    if unseen[0]:
        parts.append("Hatched: not observed.")
    if drawn.marker and not unseen[0]:
        parts.append("Between the dots nothing was observed.")
    if unseen[1]:
        parts.append("Tinted grey: observed in part.")
    return " ".join(parts)


def _alternative(drawn: Coarse, changes: list[Change]) -> str:
    low, high = float(np.nanmin(drawn.mean)), float(np.nanmax(drawn.mean))
    return (
        f"Line chart of volume: {text.bit_rate(low)} to {text.bit_rate(high)}, {len(changes)} changes marked; the table"
        " of changes lists them."
    )
