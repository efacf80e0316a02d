"""What a replayed history tells, as a table, as lines and in numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netwatch.cli.console import stdout, table
from netwatch.model.text import count, duration, instant

if TYPE_CHECKING:
    from netwatch.detect import Backtest, Told
    from netwatch.model.change import Change

SECOND, DAY = 10**9, 86_400 * 10**9
MONTH = 30.44 * DAY
SHOWN = 60
COLUMNS = ("told", "entity_kind", "entity", "counter", "kind", "since", "until", "ratio", "delay_seconds", "outcome",
           "as_kind", "as_since", "as_ratio", "detector", "channel")  # fmt: skip


def rows(result: Backtest) -> Iterator[tuple[object, ...]]:
    """What was told and what was not, by ``COLUMNS``."""
    for told in result.told:
        yield _row(told.change, told)
    for change in result.missed:
        yield _row(change, None)


def _row(change: Change, told: Told | None) -> tuple[object, ...]:
    by = told.by if told is not None else None
    return (
        None if told is None else instant(told.told), change.entity.kind, change.entity.value, change.counter,
        str(change.kind), instant(change.since), None if change.until is None else instant(change.until),
        _number(change.ratio), None if told is None else told.delay // SECOND,
        "not told" if told is None else told.outcome,
        None if by is None else str(by.kind), None if by is None else instant(by.since),
        None if by is None else _number(by.ratio), change.detector, change.facts.get("channel"),
    )  # fmt: skip


def _number(ratio: float) -> float | None:
    return round(ratio, 4) if math.isfinite(ratio) else None


def summary(result: Backtest) -> dict[str, object]:
    """Counts against the budget, in all and by month and series."""
    months = (result.until - result.since) / MONTH
    sudden = _counted(t for t in result.told if t.change.detector == "points")
    lasting = _counted(t for t in result.told if t.change.detector != "points")
    return {
        "since": instant(result.since), "until": instant(result.until), "months": round(months, 2),
        "series": result.series, "budget_per_month": result.budget, "sudden": sudden, "lasting": lasting,
        "not_told": len(result.missed),
        "withdrawn_sudden_per_month": round(sudden["withdrawn"] / months, 4) if months > 0 else None,
        "by_month": [
            {"month": month, "series": name, **counts} for (month, name), counts in _monthly(result).items()
        ],
    }  # fmt: skip


def _counted(told: Iterable[Told]) -> dict[str, int]:
    counts = dict.fromkeys(("told", "confirmed", "part of", "withdrawn"), 0)
    for one in told:
        counts["told"] += 1
        counts[one.outcome] += 1
    return counts


def _monthly(result: Backtest) -> dict[tuple[str, str], dict[str, int]]:
    """What was told of each series in each month, and what began then and never was; only where there is any."""
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(("told", "confirmed", "part of", "withdrawn", "not told"), 0)
    )
    for told in result.told:
        cell = counts[instant(told.told)[:7], _named(told.change)]
        cell["told"] += 1
        cell[told.outcome] += 1
    for change in result.missed:
        counts[instant(change.since)[:7], _named(change)]["not told"] += 1
    return dict(sorted(counts.items()))


def _named(change: Change) -> str:
    return f"{change.entity} {change.counter}"


def show(result: Backtest) -> None:
    """What was told, how it went by month, and in all."""
    out = stdout()
    months = (result.until - result.since) / MONTH
    if months <= 0:
        out.print("the history is shorter than the two weeks that the detectors learn from: nothing could be told")
        return
    body = [
        (instant(t.told), _named(t.change), str(t.change.kind), duration(t.delay), f"{t.change.ratio:.3g}×", _fate(t))
        for t in result.told[:SHOWN]
    ]
    body += [
        ("never", _named(c), str(c.kind), "", f"{c.ratio:.3g}×", f"not told; since {instant(c.since)}")
        for c in result.missed[: max(0, SHOWN - len(body))]
    ]
    out.print(table(("told", "series", "change", "delay", "ratio", "outcome"), body, numbers=(3, 4)))
    more = len(result.told) + len(result.missed) - len(body)
    if more > 0:
        out.print(f"and {count(more)} more (--csv or --json has all)")
    out.print()
    heads = ("month", "series", "told", "confirmed", "part of", "withdrawn", "not told")
    rows = [(*key, *map(str, counts.values())) for key, counts in _monthly(result).items()]
    out.print(table(heads, rows, numbers=range(2, 7)))
    out.print()
    for words in _words(result, months):
        out.print(words, markup=False)


def _fate(told: Told) -> str:
    if told.by is None:
        return "withdrawn"
    if told.outcome == "confirmed":
        return f"confirmed: {told.by.ratio:.3g}×, since {instant(told.by.since)}"
    return f"part of {told.by.kind} since {instant(told.by.since)}"


def _words(result: Backtest, months: float) -> Iterator[str]:
    for name, what in (("points", "spikes and drops"), ("", "lasting changes")):
        counts = _counted(t for t in result.told if (t.change.detector == "points") == bool(name))
        yield (
            f"{what}: {count(counts['told'])} told in {months:.1f} months, {count(counts['confirmed'])} confirmed, "
            f"{count(counts['part of'])} part of another change, {count(counts['withdrawn'])} withdrawn"
        )
    rate = sum(t.outcome == "withdrawn" for t in result.told if t.change.detector == "points") / months
    yield (
        f"withdrawn spikes and drops: {rate:.2f} a month over {count(result.series)} series; asked for at most "
        f"{result.budget:g} false ones a month"
    )
