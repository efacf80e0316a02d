"""When mining and attacks were seen: one row per verdict."""

from __future__ import annotations

from netwatch.model.taxonomy import family
from netwatch.model.verdict import Verdict
from netwatch.report.choice import verdicts_of
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import FAMILY_LOOKS, INK, Drawing, drawable, dressed, sheet
from netwatch.report.figures.timeline import TimeAxis
from netwatch.report.report import Report
from netwatch.report.words import harmless, shortened

ROWS = 24


def draw(report: Report, clock: Clock) -> Drawing | None:
    """A bar from first to last sight of each verdict on mining or attack."""
    found = verdicts_of(report, "mining", "attack")
    if not found:
        return None
    shown = sorted(found[:ROWS], key=lambda v: (v.since, v.class_id, v.subject))
    axis = TimeAxis(clock, report.since, max(report.until, report.since + 1))
    with dressed():
        figure = sheet(0.75 + 0.2 * len(shown))
        axes = figure.subplots()
        left, right = float(axis.at(axis.since)), float(axis.at(axis.until))
        least = (right - left) * 0.006
        for row, verdict in enumerate(shown):
            start, end = float(axis.at(verdict.since)), float(axis.at(verdict.until))
            colour, hatch, _ = FAMILY_LOOKS[family(verdict.class_id)]
            axes.barh(
                row, max(end - start, least), left=start, height=0.62, facecolor=colour, hatch=hatch, edgecolor=INK,
                linewidth=0.25,
            )  # fmt: skip
        axes.set_yticks(range(len(shown)), [_label(v) for v in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.grid(True, axis="x")
        axis.apply(axes)
    more = f" The {len(shown)} most probable of {len(found):,}." if len(found) > len(shown) else ""
    caption = (
        "First to last sight of each verdict on mining (orange, hatched) and attack (vermillion, crossed); a bar is"
        f" at least as wide as can be seen.{more}"
    )
    return Drawing("episodes", figure, caption, "Bars over time, one for each verdict; the tables list them.")


def _label(verdict: Verdict) -> str:
    role = f" ({verdict.role})" if verdict.role else ""
    return shortened(drawable(harmless(f"{verdict.class_id}{role}  {verdict.subject}")), 56)
