"""Hour of the week before and after, and the difference."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.patches import Rectangle

from netwatch.report.clock import DAY, Clock
from netwatch.report.figures.canvas import INK, SHADE, Drawing, dressed, sheet
from netwatch.report.report import Report
from netwatch.report.words import RATE_UNITS

SHORTEST = 14 * DAY
"""Windows shorter than that hold no hour of the week twice."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def draw(report: Report, clock: Clock) -> Drawing | None:
    """The rhythm of the first counter that has one; volume comes first."""
    if report.until - report.since < SHORTEST:
        return None
    usable = [r for r in report.rhythms if np.isfinite(r.before).any() and np.isfinite(r.after).any()]
    if not usable:
        return None
    rhythm = next((r for r in usable if r.counter == "octets"), usable[0])
    unit = RATE_UNITS.get(rhythm.counter, rhythm.counter)
    sides = [side * (8 if rhythm.counter == "octets" else 1) for side in (rhythm.before, rhythm.after)]
    shapes = [_shape(side) for side in sides]
    moved = shapes[1] - shapes[0]
    widest = float(np.nanmax(np.abs(moved))) if np.isfinite(moved).any() else 1.0
    with dressed({"axes.grid": False}):
        figure = sheet(2.25)
        axes = figure.subplots(1, 3, sharey=True)
        step, prefix = _prefix(max(float(np.nanmax(side)) for side in sides))
        names = ("before", "after")
        for one, side, name in zip(axes[:2], sides, names, strict=True):
            _heat(one, side / step, f"Mean {name}, {prefix}{unit}", _sequential(), (0.0, None))
        _heat(axes[2], moved, "Difference of shape", _diverging(), (-widest or -1, widest or 1))
        axes[0].set_yticks(range(7), DAYS)
        for one in axes:
            one.set_xlabel(f"hour of day ({clock.name})")
    caption = (
        f"Mean rate by hour of the week. Before: {_window(clock, rhythm.before_window)}; after:"
        f" {_window(clock, rhythm.after_window)}. Right: the change of shape, in units of each side's own mean (+0.5:"
        " the hour moved up by half an average hour). Hatched: not observed."
    )
    data = {"before": rhythm.before, "after": rhythm.after, "counter": rhythm.counter}
    return Drawing("rhythm", figure, caption, "Heat maps of the hours of the week before, after, and difference.", data)


def _shape(matrix: np.ndarray) -> np.ndarray:
    mean = float(np.nanmean(matrix))
    shape: np.ndarray = matrix / mean if mean else matrix * np.nan
    return shape


def _window(clock: Clock, window: tuple[int, int]) -> str:
    length = window[1] - window[0]
    return f"{clock.when(window[0], length)} to {clock.when(window[1], length)}"


def _prefix(greatest: float) -> tuple[float, str]:
    step = 0
    while greatest >= 1000 ** (step + 1) and step < 6:
        step += 1
    return float(1000**step), ("", "k", "M", "G", "T", "P", "E")[step]


def _heat(
    axes: Axes, matrix: np.ndarray, title: str, colours: Colormap, limits: tuple[float | None, float | None]
) -> None:
    for day, hour in np.argwhere(~np.isfinite(matrix)):
        axes.add_patch(_unseen(float(hour), float(day)))
    picture = axes.pcolormesh(
        np.arange(25) - 0.5, np.arange(8) - 0.5, np.ma.masked_invalid(matrix), cmap=colours, vmin=limits[0],
        vmax=limits[1], edgecolors="face", linewidth=0.25,
    )  # fmt: skip
    axes.set_xlim(-0.5, 23.5)
    axes.set_ylim(6.5, -0.5)
    axes.set_xticks([0, 6, 12, 18])
    axes.set_title(title)
    bar = axes.figure.colorbar(picture, ax=axes, orientation="horizontal", aspect=28, pad=0.02)
    if bar.solids is not None:
        bar.solids.set(rasterized=False, edgecolor="face")
    bar.outline.set_linewidth(0.4)
    bar.ax.tick_params(labelsize=6.5)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _unseen(hour: float, day: float) -> Rectangle:
    """One hour that was not observed."""
    return Rectangle((hour - 0.5, day - 0.5), 1, 1, facecolor=SHADE, edgecolor=INK, hatch="/////", linewidth=0)


def _sequential() -> Colormap:
    """Light to dark in one hue: reads in grey."""
    return LinearSegmentedColormap.from_list("volume", ["#f4f8fb", "#9cc4e0", "#3483bd", "#08306b"])


def _diverging() -> Colormap:
    """Blue through white to orange: told apart by the colour-blind."""
    return LinearSegmentedColormap.from_list("moved", ["#0b4f8a", "#8fbde0", "#f7f7f7", "#f2b27a", "#a64b00"])
