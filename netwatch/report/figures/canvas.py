"""One look for all figures, and how they become SVG and PNG: the same octets on every machine.

Colours are those of Okabe and Ito (2008), told apart by the colour-blind; hatches and line styles tell them apart in
grey. Fonts are DejaVu Sans, which comes with matplotlib; SVG text is drawn as paths, so no reader needs the font.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from matplotlib import get_data_path, style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

FONTS = Path(get_data_path()) / "fonts" / "ttf"
"""The fonts that come with matplotlib."""

WIDTH = 6.7
"""Inches: the text width of an A4 page."""
INK, MUTED, GRID, SHADE, PAPER = "#1b1f24", "#5b6470", "#d9dde2", "#eef0f3", "#ffffff"
BLUE, SKY, GREEN, ORANGE, VERMILLION, PURPLE = "#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7"

FAMILY_LOOKS: dict[str, tuple[str, str, str]] = {
    "ordinary": (SKY, "", "-"),
    "unknown": ("#a4abb5", "....", ":"),
    "chain": (GREEN, "----", "-."),
    "mining": (ORANGE, "////", "--"),
    "attack": (VERMILLION, "xxxx", "-"),
}
"""Colour, hatch and line style of each family of classes."""

_STYLE: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 7.5,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "lines.linewidth": 0.9,
    "lines.solid_capstyle": "butt",
    "legend.frameon": False,
    "legend.fontsize": 7,
    "hatch.linewidth": 0.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path",
    "path.simplify": True,
}


@dataclass(frozen=True)
class Drawing:
    """A figure with what stands below it, what it says to those who cannot see it, and the numbers in it."""

    name: str
    figure: Figure
    caption: str
    alternative: str
    data: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Lay the figure out once: the layout engine moves things a little at each drawing."""
        with dressed():
            self.figure.draw_without_rendering()
            self.figure.set_layout_engine("none")

    def svg(self) -> str:
        """The figure as one SVG element."""
        octets = io.StringIO()
        with dressed({"svg.hashsalt": self.name}):
            self.figure.savefig(octets, format="svg", metadata={"Date": None, "Creator": None})
        text = octets.getvalue()
        return text[text.index("<svg") :]

    def png(self) -> bytes:
        """The figure as a PNG of 200 pixels an inch."""
        octets = io.BytesIO()
        with dressed():
            FigureCanvasAgg(self.figure)
            self.figure.savefig(octets, format="png", dpi=200, metadata={"Software": "netwatch"})
        return octets.getvalue()


@contextmanager
def dressed(more: dict[str, object] | None = None) -> Iterator[None]:
    """The look of the figures for a block, whatever the user's matplotlibrc says; matplotlib's state is put back."""
    with style.context(["default", {**_STYLE, **(more or {})}]):
        yield


def sheet(height: float) -> Figure:
    """An empty figure of the page's width."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.04)  # type: ignore[union-attr,call-arg]
    return figure


def si_scale(axes: Axes, greatest: float, unit: str) -> float:
    """What values are divided by so that the y axis reads well; labels the axis with the prefixed unit."""
    step = 0
    while greatest >= 1000 ** (step + 1) and step < 6:
        step += 1
    axes.set_ylabel(f"{('', 'k', 'M', 'G', 'T', 'P', 'E')[step]}{unit}")
    return float(1000**step)


def log_scale(axes: Axes, unit: str) -> None:
    """A logarithmic y axis whose labels are plain under 1 and have SI prefixes from 1,000 on."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    prefixed = EngFormatter(unit="", sep=" ")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}" if value < 1000 else prefixed(value))
    axes.set_ylabel(unit)


def drawable(text: str) -> str:
    """The text with characters that the figures' font lacks as escapes."""
    return "".join(c if ord(c) in _glyphs() else f"\\u{ord(c):04x}" for c in text)


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(FT2Font(str(FONTS / "DejaVuSans.ttf")).get_charmap())
