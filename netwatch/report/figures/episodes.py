"""When mining and attacks were seen: one row for each class, role and watched side."""

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
BARS = 500
"""Bars of one row."""


def draw(report: Report, clock: Clock) -> Drawing | None:
    """A bar from first to last sight of each verdict on mining or attack."""
    found = verdicts_of(report, "mining", "attack")
    if not found:
        return None
    groups = _groups(found)
    shown = groups[:ROWS]
    axis = TimeAxis(clock, report.since, max(report.until, report.since + 1))
    with dressed():
        figure = sheet(0.75 + 0.2 * len(shown))
        axes = figure.subplots()
        left, right = float(axis.at(axis.since)), float(axis.at(axis.until))
        least = (right - left) * 0.004
        for row, group in enumerate(shown):
            for verdict in group[:BARS]:
                start, end = float(axis.at(verdict.since)), float(axis.at(verdict.until))
                colour, hatch, _ = FAMILY_LOOKS[family(verdict.class_id)]
                axes.barh(
                    row, max(end - start, least), left=start, height=0.62, facecolor=colour, hatch=hatch, edgecolor=INK,
                    linewidth=0.25,
                )  # fmt: skip
        axes.set_yticks(range(len(shown)), [_label(group) for group in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.grid(True, axis="x")
        axis.apply(axes)
    more = f" The first {len(shown)} of {len(groups):,} rows." if len(groups) > len(shown) else ""
    caption = (
        "When mining (orange, hatched) and attacks (vermillion, crossed) were seen: one row for each class, role and"
        f" watched side; a bar is at least as wide as can be seen.{more}"
    )
    return Drawing("episodes", figure, caption, "Bars over time, one row for each kind; the tables list them.")


def _groups(found: list[Verdict]) -> list[list[Verdict]]:
    """Verdicts of one class, role and watched side, mining first, then floods, then by packets."""
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in found:
        groups.setdefault((verdict.class_id, verdict.role, verdict.subject), []).append(verdict)

    def order(group: list[Verdict]) -> tuple[bool, bool, float]:
        first = group[0].class_id
        return family(first) != "mining", not first.startswith("dos."), -sum(v.packets for v in group)

    return sorted(groups.values(), key=order)


def _label(group: list[Verdict]) -> str:
    verdict = group[0]
    many = f" ×{len(group):,}" if len(group) > 1 else ""
    role = f" ({verdict.role})" if verdict.role else ""
    return shortened(drawable(harmless(f"{verdict.class_id}{role}  {verdict.subject}{many}")), 60)
