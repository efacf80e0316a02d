"""The figures of a report, by name: functions of the report that draw, or give None where nothing is to draw."""

from __future__ import annotations

from collections.abc import Callable

from netwatch.report.clock import Clock
from netwatch.report.figures import classes, composition, counters, episodes, networks, rhythm, volume
from netwatch.report.figures.canvas import Drawing
from netwatch.report.figures.counters import draw_series
from netwatch.report.report import Report

__all__ = ["FIGURES", "Drawing", "draw_all", "draw_series"]

FIGURES: dict[str, Callable[[Report, Clock], Drawing | None]] = {
    "volume": volume.draw,
    "counters": counters.draw,
    "composition": composition.draw,
    "classes": classes.draw,
    "rhythm": rhythm.draw,
    "episodes": episodes.draw,
    "networks": networks.draw,
}


def draw_all(report: Report, clock: Clock) -> dict[str, Drawing]:
    """Every figure for which the report has something to draw, by name."""
    drawn = {name: draw(report, clock) for name, draw in FIGURES.items()}
    return {name: drawing for name, drawing in drawn.items() if drawing is not None}
