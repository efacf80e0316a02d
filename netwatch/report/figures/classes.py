"""Volume by class, stacked, and by family of classes on a logarithmic scale, since mining moves few octets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from netwatch.model.series import Series
from netwatch.model.taxonomy import FAMILIES, family
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import BLUE, FAMILY_LOOKS, INK, Drawing, dressed, log_scale, sheet, si_scale
from netwatch.report.figures.coarse import Coarse, coarse
from netwatch.report.figures.timeline import TimeAxis, shade_coverage
from netwatch.report.report import Report

_MOST = 400
_ORDER = ("ordinary", "unknown", "chain", "mining", "attack")
"""Families from the bottom of the stack up."""
_ORDINARY = ((BLUE, ""), ("#c3e2f4", ""), ("#1d3f5e", ""), ("#9fd3c7", ""), ("#4f8f86", ""))
"""Looks of the largest ordinary classes: blues and greens that differ in lightness, so that they part in grey."""
_ONE_LINE = 5
"""Names in a line of the legend."""


def draw(report: Report, clock: Clock) -> Drawing | None:
    """Stacked areas of the largest classes, logarithmic lines by family."""
    families = _by_family(report)
    if not families:
        return None
    first = next(iter(families.values()))
    axis = TimeAxis(clock, first.bins.start, first.bins.end)
    layers = _layers(report, families)
    names = [n for n in _ORDER if n in families]
    lines = {name: coarse(families[name], _MOST) for name in names}
    with dressed():
        figure = sheet(4.5)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1))
        _stacked(upper, axis, layers)
        shade_coverage(upper, axis, first)
        _logarithmic(lower, axis, lines, names)
        axis.apply(lower)
    caption = (
        "Mean rate in bit/s. Above: the largest classes stacked, on a linear scale. Below: each family of classes on a"
        " logarithmic scale, on which small families can be seen; a break is a time without such traffic."
    )
    data: dict[str, object] = {name: lines[name].mean for name in names}
    data["stacked"] = {layer.name: layer.drawn.mean for layer in layers}
    return Drawing("classes", figure, caption, "Stacked areas of volume by class, lines by family of classes.", data)


class Layer(NamedTuple):
    """A layer of the stack: its name, its look (colour, hatch), and its rate."""

    name: str
    look: tuple[str, str]
    drawn: Coarse


def _layers(report: Report, families: Mapping[str, Series]) -> list[Layer]:
    """The largest ordinary classes each, what is left of ordinary use, then the other families."""
    classes = [s for s in report.series.of("class", "octets") if family(s.entity.value) == "ordinary"]
    largest = sorted((s for s in classes if np.nansum(s.values) > 0), key=lambda s: -float(np.nansum(s.values)))
    told = largest[: len(_ORDINARY)] if "ordinary" in families else []
    layers = [
        Layer(s.entity.value, look, coarse(s, _MOST)) for s, look in zip(told, _ORDINARY, strict=False)
    ]  # fmt: skip
    for name in (n for n in _ORDER if n in families):
        drawn, shown = coarse(families[name], _MOST), name
        if name == "ordinary" and told:
            rest = drawn.mean - np.sum([np.nan_to_num(layer.drawn.mean) for layer in layers], axis=0)
            drawn, shown = replace(drawn, mean=np.clip(rest, 0, None)), "other ordinary"
            if not np.nansum(drawn.mean) > 0:
                continue
        layers.append(Layer(shown, FAMILY_LOOKS[name][:2], drawn))
    return layers


def _stacked(axes: Axes, axis: TimeAxis, layers: Sequence[Layer]) -> None:
    total = np.sum([np.nan_to_num(layer.drawn.mean) for layer in layers], axis=0)
    scale = si_scale(axes, float(total.max()) * 8, "bit/s") / 8
    unseen = np.all([np.isnan(layer.drawn.mean) for layer in layers], axis=0)
    base = np.where(unseen, np.nan, 0.0)
    for layer in layers:
        colour, hatch = layer.look
        top = base + np.nan_to_num(layer.drawn.mean) / scale
        x, low, high = _steps(axis, layer.drawn, base, top)
        axes.fill_between(
            x, low, high, facecolor=colour, edgecolor=INK if hatch else colour, hatch=hatch, linewidth=0.0 if hatch
            else 0.2, label=layer.name,
        )  # fmt: skip
        base = top
    axes.set_ylim(0, float(total.max()) / scale * 1.05 or 1)
    axes.set_title("By class, stacked", pad=26 if len(layers) > _ONE_LINE else 16)
    axes.legend(ncols=_ONE_LINE, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.1, handlelength=1.8)


def _steps(
    axis: TimeAxis, drawn: Coarse, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each bin as a step, so that a lone bin between gaps still has a width."""
    times = drawn.bins.times()
    edges = np.stack([times, times + drawn.bins.width], axis=1).ravel()
    return axis.at(edges), np.repeat(low, 2), np.repeat(high, 2)


def _logarithmic(axes: Axes, axis: TimeAxis, drawn: Mapping[str, Coarse], names: Sequence[str]) -> None:
    log_scale(axes, "bit/s")
    for name in names:
        colour, _, line = FAMILY_LOOKS[name]
        values = np.where(drawn[name].mean > 0, drawn[name].mean, np.nan) * 8
        x, marker = axis.at(drawn[name].centres), drawn[name].marker
        axes.plot(x, values, color=colour, linestyle=line, marker=marker, label=name, linewidth=1.1)
    axes.set_title("By family, logarithmic")
    axes.legend(ncols=_ONE_LINE, loc="lower right", bbox_to_anchor=(1, 1.0), borderaxespad=0.1, handlelength=2.6)


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
