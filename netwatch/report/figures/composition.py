"""What a change is made of: a waterfall from the level before to the level after, and shares by counter."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from netwatch.model.finding import Composition, Share
from netwatch.model.taxonomy import CLASSES, family
from netwatch.report.choice import main_rise
from netwatch.report.clock import Clock
from netwatch.report.figures.canvas import FAMILY_LOOKS, INK, MUTED, Drawing, drawable, dressed, sheet
from netwatch.report.report import Report
from netwatch.report.words import RATE_UNITS, harmless, named, rate, shortened

BARS = 9
"""Parts that are drawn one by one; the smaller ones are drawn together."""
_PLAIN = ("#8fb8d8", "", "-")
_LEVEL = "#7d8692"


def draw(report: Report, _clock: Clock) -> Drawing | None:
    """The composition of the main rise."""
    finding = main_rise(report)
    if finding is None:
        return None
    parts = [c for c in finding.compositions if c.shares]
    main = next((c for c in parts if c.dimension == "class" and c.counter == parts[0].counter), parts[0])
    before = finding.change.before if finding.change and finding.change.counter == main.counter else math.nan
    before = math.nan if main.counter == "peers" else before  # a bin's peers are not a day's
    by_family = [c for c in parts if c.dimension == "family"] or [c for c in parts if _is_class(c)]
    families = [_families(c) for c in by_family]
    shown, rest = _largest(main)
    with dressed():
        figure = sheet(1.0 + 0.24 * (len(shown) + 3) + (0.55 + 0.24 * len(families) if families else 0))
        if families:
            upper, lower = figure.subplots(2, 1, height_ratios=(len(shown) + 4, len(families) + 1.6))
            _by_counter(lower, families)
        else:
            upper = figure.subplots()
        _waterfall(upper, main, (shown, rest), before)
    caption = (
        f"“{shortened(harmless(finding.title), 90)}”: the change of {main.counter} by {main.dimension}. Each bar adds"
        " to the one above; lines are 95 % intervals; shares and residual sum to 100 %."
    )
    if families:
        caption += " Below: the same change by family, for each counter."
    return Drawing(
        "composition", figure, caption, "Waterfall of the parts of a change; the table of shares has the numbers."
    )


def label(share: Share, holders: Mapping[str, str] | None = None, dimension: str = "") -> str:
    """The cell's values with what is known of them; for more than one ``dimension``, or another, with their names."""
    if len(share.cell) == 1 and dimension in ("", *share.cell):
        return named(*next(iter(share.cell.items())), holders or {})
    return ", ".join(f"{k} {named(k, v, holders or {})}" for k, v in share.cell.items()) or "all"


def _is_class(composition: Composition) -> bool:
    return all(share.cell.get("class", share.cell.get("family")) is not None for share in composition.shares)


def _look(share: Share) -> tuple[str, str, str]:
    class_id = share.cell.get("class", "")
    if class_id in CLASSES:
        return FAMILY_LOOKS[family(class_id)]
    return FAMILY_LOOKS.get(share.cell.get("family", class_id), _PLAIN)


def _largest(composition: Composition) -> tuple[list[Share], float]:
    """The parts drawn one by one, and the amount of all others with the residual."""
    ranked = sorted(composition.shares, key=lambda s: -abs(s.amount))
    shown = sorted(ranked[:BARS], key=lambda s: -s.amount)
    return shown, composition.total - sum(s.amount for s in shown)


def _waterfall(axes: Axes, main: Composition, parts: tuple[list[Share], float], before: float) -> None:
    shown, rest = parts
    scale = 8 if main.counter == "octets" else 1
    start = 0.0 if math.isnan(before) else before
    names, level = [], start
    y = 0
    if not math.isnan(before):
        axes.barh(y, start * scale, color=_LEVEL, height=0.66)
        names.append(f"before  {rate(main.counter, start)}")
        y += 1
    extent = [0.0, start, start + main.total]
    for share in shown:
        colour, hatch, _ = _look(share)
        axes.barh(
            y, share.amount * scale, left=level * scale, height=0.66, facecolor=colour, hatch=hatch, edgecolor=INK,
            linewidth=0.4,
        )  # fmt: skip
        low, high = (share.low * main.total + level, share.high * main.total + level)
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([low * scale, high * scale], [y, y], color=INK, linewidth=1.0, marker="|", markersize=5)
            extent += [low, high]
        names.append(f"{shortened(drawable(harmless(label(share))), 34)}  {share.share * 100:+.1f} %")
        level += share.amount
        extent.append(level)
        y += 1
    axes.barh(y, rest * scale, left=level * scale, height=0.66, facecolor="#ffffff", hatch="", edgecolor=MUTED)
    names.append(f"smaller parts, residual  {rest / main.total * 100 if main.total else 0:+.1f} %")
    y += 1
    if not math.isnan(before):
        axes.barh(y, (start + main.total) * scale, color=_LEVEL, height=0.66)
        names.append(f"after  {rate(main.counter, start + main.total)}")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.axvline(start * scale, color=MUTED, linewidth=0.5, linestyle=":")
    _rate_axis(axes, main.counter, max(abs(e) for e in extent) * scale)
    left = min(0.0, *extent) * scale
    axes.set_xlim(left * 1.03, max(extent) * scale * 1.03 or 1)
    axes.set_title("From before to after" if not math.isnan(before) else "What was added")


def _rate_axis(axes: Axes, counter: str, greatest: float) -> None:
    step = min(6, max(0, int(math.log10(greatest) // 3))) if greatest > 0 else 0
    prefix = ("", "k", "M", "G", "T", "P", "E")[step]
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000**step:g}")
    axes.set_xlabel(f"{prefix}{RATE_UNITS.get(counter, counter)}")


def _families(composition: Composition) -> tuple[str, dict[str, float]]:
    """Share of each family in a composition, with the residual as unknown's neighbour."""
    sums: dict[str, float] = {}
    for share in composition.shares:
        name = share.cell.get("family") or family(share.cell["class"])
        sums[name] = sums.get(name, 0.0) + share.share
    sums["residual"] = composition.residual
    return composition.counter, sums


def _by_counter(axes: Axes, families: list[tuple[str, dict[str, float]]]) -> None:
    """Shares of families, one stacked bar per counter; what shrank stands left of zero."""
    looks = {**FAMILY_LOOKS, "residual": ("#ffffff", "", "-")}
    for name, (colour, hatch, _) in looks.items():
        values = np.array([shares.get(name, 0.0) for _, shares in families]) * 100
        if not np.any(values):
            continue
        left = np.array([
            sum(v for k, v in shares.items() if _before(k, name, looks) and v * shares.get(name, 0.0) > 0)
            for _, shares in families
        ]) * 100  # fmt: skip
        axes.barh(
            range(len(families)), values, left=left, height=0.66, facecolor=colour, hatch=hatch, edgecolor=INK,
            linewidth=0.4, label=name,
        )  # fmt: skip
    axes.set_yticks(range(len(families)), [counter for counter, _ in families])
    axes.invert_yaxis()
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.set_xlabel("share of the change, %")
    axes.set_title("By family, for each counter", pad=16)
    axes.legend(ncols=6, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.1, handlelength=1.8)


def _before(one: str, other: str, order: dict[str, tuple[str, str, str]]) -> bool:
    names = list(order)
    return one in names and names.index(one) < names.index(other)
