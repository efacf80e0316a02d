"""Volume by family of classes: stacked, and each on a logarithmic scale, since mining moves few octets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from netwatch.model.series import Series
from netwatch.model.taxonomy import FAMILIES, family
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import FAMILY_LOOKS, INK, Drawing, dressed, sheet, si_scale
from netwatch.report.figures.coarse import Coarse, coarse
from netwatch.report.figures.timeline import TimeAxis, shade_coverage
from netwatch.report.report import Report

_MOST = 400


def draw(report: Report, clock: Clock) -> Drawing | None:
    """Stacked areas and logarithmic lines by family."""
    families = _by_family(report)
    if not families:
        return None
    drawn = {name: coarse(series, _MOST) for name, series in families.items()}
    first = next(iter(families.values()))
    axis = TimeAxis(clock, first.bins.start, first.bins.end)
    names = [n for n in ("ordinary", "unknown", "chain", "mining", "attack") if n in drawn]
    with dressed():
        figure = sheet(4.3)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.2, 1))
        total = np.sum([np.nan_to_num(drawn[n].mean) for n in names], axis=0)
        scale = si_scale(upper, float(total.max()) * 8, "bit/s") / 8
        unseen = np.all([np.isnan(drawn[n].mean) for n in names], axis=0)
        base = np.where(unseen, np.nan, 0.0)
        for name in names:
            colour, hatch, _ = FAMILY_LOOKS[name]
            top = base + np.nan_to_num(drawn[name].mean) / scale
            x, low, high = _steps(axis, drawn[name], base, top)
            upper.fill_between(
                x, low, high, facecolor=colour, edgecolor=INK, hatch=hatch, linewidth=0.15, label=name, step=None
            )
            base = top
        shade_coverage(upper, axis, first)
        upper.set_ylim(0, float(total.max()) / scale * 1.05 or 1)
        upper.set_title("Stacked")
        upper.legend(ncols=len(names), loc="upper left", bbox_to_anchor=(0.1, 1.17), borderaxespad=0, handlelength=1.8)
        _logarithmic(lower, axis, drawn, names)
        axis.apply(lower)
    caption = (
        "Volume by family of classes, mean rate in bit/s. Above: stacked on a linear scale. Below: each family on a"
        " logarithmic scale, on which small families can be seen; a break is a time without such traffic."
    )
    data: dict[str, object] = {name: drawn[name].mean for name in names}
    return Drawing("classes", figure, caption, "Stacked areas and lines of volume by family of classes.", data)


def _steps(
    axis: TimeAxis, drawn: Coarse, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each bin as a step, so that a lone bin between gaps still has a width."""
    times = drawn.bins.times()
    edges = np.stack([times, times + drawn.bins.width], axis=1).ravel()
    return axis.at(edges), np.repeat(low, 2), np.repeat(high, 2)


def _logarithmic(axes: Axes, axis: TimeAxis, drawn: Mapping[str, Coarse], names: Sequence[str]) -> None:
    axes.set_yscale("log")
    for name in names:
        colour, _, line = FAMILY_LOOKS[name]
        values = np.where(drawn[name].mean > 0, drawn[name].mean, np.nan) * 8
        axes.plot(axis.at(drawn[name].centres), values, color=colour, linestyle=line, label=name, linewidth=1.1)
    axes.yaxis.set_major_formatter(EngFormatter(unit="", sep=" "))
    axes.set_ylabel("bit/s")
    axes.set_title("Each, logarithmic")


def _by_family(report: Report) -> dict[str, Series]:
    """Octets of each family that has any: the series kept by family, else the sum of those by class."""
    kept = {s.entity.value: s for s in report.series.of("family", "octets")}
    if not kept:
        for series in report.series.of("class", "octets"):
            name = family(series.entity.value)
            if name in kept:
                mine = kept[name].values
                summed = np.where(np.isnan(mine) & np.isnan(series.values), np.nan, np.nan_to_num(mine))
                kept[name] = _with_values(kept[name], summed + np.nan_to_num(series.values))
            else:
                kept[name] = series
    return {n: kept[n] for n in FAMILIES if n in kept and np.nansum(kept[n].values) > 0}


def _with_values(series: Series, values: np.ndarray) -> Series:
    return Series(series.entity, series.counter, series.bins, values, series.coverage, series.variance, series.sampling)
