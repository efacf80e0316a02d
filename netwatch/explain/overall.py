"""The whole window in one finding: how much more at its end than at its begin, in steps and in growth, and of what."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from netwatch.explain import severity
from netwatch.explain.causes import split_by_causes
from netwatch.explain.cells import prepared
from netwatch.explain.composed import carrier_words, composition_words, mining_words, parts_words
from netwatch.explain.counterfactual import trial_figures
from netwatch.explain.decomposition import split
from netwatch.explain.episodes import marked
from netwatch.explain.order import OVERALL
from netwatch.explain.trend import growth_and_steps, ratio_of_means
from netwatch.explain.volume import Ground, levels_of, splits_of, told_levels
from netwatch.explain.windows import DAY, WEEK, Span, Windows, observed
from netwatch.explain.words import amount, listed, times, when
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Composition, Estimate, Finding
from netwatch.model.series import Entity, Series
from netwatch.model.text import day, digits, duration

LEAST = 4 * WEEK
"""Shorter windows do not tell of a trend."""
LONG_BLOCK, SHORT_BLOCK = 28, 7
"""Days drawn together: a month where the periods are years, else a week."""
_KEPT = "kept its level within what is known"
_JOINED = {_KEPT: ",", "rose": "", "fell": " to"}
"""What stands between a verb and its ratio."""
_DIMENSIONS = ("family", "class", "asn", "port", "host", "direction", "episode")


class Periods(NamedTuple):
    """Two comparable spans, the first and the last of the window, and how they are called."""

    first: Span
    last: Span
    names: tuple[str, str]
    block: int


def overall_finding(ground: Ground) -> Finding | None:
    """The rise or fall over the whole window; None where it is too short to tell."""
    series = ground.series.get("scope", "all", "octets")
    periods = None if series is None else comparable(series)
    if series is None or periods is None:
        return None
    rates = daily_rates(series)
    first, last = (_days(series, span) for span in (periods.first, periods.last))
    ratio = ratio_of_means(rates, first, last)
    if math.isnan(ratio.value):
        return None
    change = _change(series, ratio, float(np.nanmean(rates[first])), float(np.nanmean(rates[last])))
    steps = [
        c for c in ground.changes
        if c.kind is ChangeKind.LEVEL_SHIFT and c.entity == series.entity and c.counter == "octets"
    ]  # fmt: skip
    at = [round((c.since - series.bins.start) / DAY) for c in steps]
    growth, factors = growth_and_steps(rates, at)
    compositions, levels, told = _made_of(ground, series, periods, unmoved(change))
    words = [_words(change, periods, (growth, factors), steps), *_around(steps, factors), *told]
    figures: dict[str, object] = {
        "ratio": ratio.value, "ratio_low": ratio.low, "ratio_high": ratio.high,
        "before_per_second": change.before, "after_per_second": change.after,
        "periods": list(periods.names), "growth_per_year": growth._asdict(), "levels_by_family": told_levels(levels),
        "without": trial_figures(compositions, "octets"),
        "steps": [{"since": day(c.since), **f._asdict()} for c, f in zip(steps, factors, strict=True)],
    }  # fmt: skip
    limits = ["Steps and growth are fitted together on the logarithm of daily volume, with weekdays and season."]
    if periods.block == SHORT_BLOCK:
        limits.append("The window is too short to tell growth from the season.")
    if any(c.counter == "flows" for c in compositions):
        limits.append("Flows and peers are compared only over days that were sampled alike.")
    return Finding(
        "volume", _title(change, periods), tuple(words), severity.of_volume(change), change.since, None,
        str(series.entity), change, (), tuple(compositions), figures, tuple(limits),
    )  # fmt: skip


def unmoved(change: Change) -> bool:
    """Whether what is known of a change allows that there is none."""
    return not (change.ratio_low > 1 or change.ratio_high < 1)


def _made_of(
    ground: Ground, series: Series, periods: Periods, even: bool
) -> tuple[list[Composition], dict[str, tuple[float, float]], list[str]]:
    """What was added or lost between the periods split up, the rate of each family in them, and both in words.

    A difference that may be none at all is not split: its parts would be large shares of next to nothing.
    """
    windows = Windows((periods.first,), (periods.last,), _seconds(series, (periods.first,), (periods.last,)))
    flows = prepared(marked(ground.flows, ground.threats), windows)
    options = replace(ground.options, block=periods.block)
    if even:
        levels = levels_of([split(flows, ["family"], "octets", options)], "octets")
        return [], levels, parts_words(levels)
    compositions = [
        *splits_of(flows, "octets", _DIMENSIONS, options), split_by_causes(flows, "octets", options),
        *_counted_alike(ground, series, periods),
    ]  # fmt: skip
    levels = levels_of(compositions, "octets")
    words = [
        *composition_words("octets", compositions, windows, ground.names, ground.length),
        *mining_words(compositions, levels), *carrier_words("octets", compositions, ground.names),
    ]  # fmt: skip
    return compositions, levels, words


def comparable(series: Series) -> Periods | None:
    """First and last full calendar year where there are two, else whole weeks of the first and last quarter."""
    begin, end = series.bins.start, series.bins.end
    if end - begin < LEAST:
        return None
    years = [y for y in range(_year(begin), _year(end) + 1) if begin <= _january(y) and _january(y + 1) <= end]
    if len(years) >= 2:
        spans = [(_january(y), _january(y + 1)) for y in (years[0], years[-1])]
        found = Periods(spans[0], spans[1], (str(years[0]), str(years[-1])), LONG_BLOCK)
    else:
        length = (end - begin) // 4 // WEEK * WEEK
        spans = [(begin, begin + length), (end - length, end)]
        known = series.bins.times()[np.isfinite(series.values)]
        if len(known) and known[0] < spans[0][1] and known[-1] >= spans[1][0]:
            # Of captures far apart only the weeks that were seen are compared.
            seen = int(known[known < spans[0][1]][-1]) - begin, end - int(known[known >= spans[1][0]][0])
            spans = [(begin, begin + _weeks(seen[0])), (end - _weeks(seen[1]), end)]
        names = [_named(span) for span in spans]
        found = Periods(spans[0], spans[1], (names[0], names[1]), SHORT_BLOCK)
    return found if min(_seconds(series, (found.first,), (found.last,))) > 0 else None


def _weeks(length: int) -> int:
    """A length in whole weeks, ns; one at least."""
    return max(1, round(length / WEEK)) * WEEK


def _named(span: Span) -> str:
    weeks = (span[1] - span[0]) // WEEK
    return f"the {'week' if weeks == 1 else f'{weeks} weeks'} from {day(span[0])}"


def daily_rates(series: Series) -> np.ndarray:
    """Mean rate of each whole day from the first bin on, float64 (days,), NaN where nothing was observed."""
    width = series.bins.width
    if DAY % width:
        at = np.arange(series.bins.count) * width // DAY
        days = int(at[-1]) + 1
    else:
        at = np.arange(series.bins.count) // (DAY // width)
        days = max(series.bins.count // (DAY // width), 1)
    known = np.isfinite(series.values) & (at < days)
    counts = np.bincount(at[known], minlength=days)
    sums = np.bincount(at[known], series.values[known], minlength=days)
    with np.errstate(invalid="ignore"):
        rates: np.ndarray = np.where(counts > 0, sums / (np.maximum(counts, 1) * width / 1e9), np.nan)
    return rates


def _days(series: Series, span: Span) -> slice:
    return slice((span[0] - series.bins.start) // DAY, (span[1] - series.bins.start) // DAY)


def _year(instant: int) -> int:
    return (dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=instant // 1000)).year


def _january(year: int) -> int:
    return (dt.date(year, 1, 1) - dt.date(1970, 1, 1)).days * DAY


def _seconds(series: Series, first: Sequence[Span], last: Sequence[Span]) -> tuple[float, float]:
    return observed(series, first), observed(series, last)


def _change(series: Series, ratio: Estimate, before: float, after: float) -> Change:
    start = series.bins.start
    return Change(
        Entity("scope", "all"), "octets", ChangeKind.RAMP, start, None, start, start, *ratio, before, after, math.nan,
        OVERALL,
    )  # fmt: skip


def _counted_alike(ground: Ground, series: Series, periods: Periods) -> list[Composition]:
    """Splits of packets, flows and peers over families; where sampling changed, over days that were sampled alike."""
    width = series.bins.width
    length = min(periods.first[1] - periods.first[0], periods.last[1] - periods.last[0])
    firsts = [(span[0] - series.bins.start) // width for span in (periods.first, periods.last)]
    sampling = [series.sampling[at : at + length // width] for at in firsts]
    differ = np.flatnonzero(np.abs(sampling[0] - sampling[1]) > 0)
    alike = length if not len(differ) else int(differ[0]) * width // WEEK * WEEK
    if alike < min(LEAST, length):
        return []
    spans = [(span[0], span[0] + alike) for span in (periods.first, periods.last)]
    seconds = _seconds(series, spans[:1], spans[1:])
    if min(seconds) <= 0:
        return []
    flows = prepared(ground.flows, Windows((spans[0],), (spans[1],), seconds))
    return [split(flows, ["family"], counter, ground.options) for counter in ("packets", "flows", "peers")]


def _verb(change: Change) -> str:
    if unmoved(change):
        return _KEPT
    return "rose" if change.ratio >= 1 else "fell"


def _title(change: Change, periods: Periods) -> str:
    verb = _verb(change)
    return f"Volume {verb}{_JOINED[verb]} {times(change.ratio)} from {periods.names[0]} to {periods.names[1]}"


def _words(change: Change, periods: Periods, fitted: tuple[Estimate, list[Estimate]], steps: Sequence[Change]) -> str:
    growth, factors = fitted
    low, high = change.ratio_low, change.ratio_high
    interval = "" if math.isnan(low) else f" (95 % interval {_interval(low, high)})"
    verb = _verb(change)
    opening = (
        f"Volume {verb}{_JOINED[verb]} {times(change.ratio)}{interval} from {periods.names[0]} to "
        f"{periods.names[1]}, from {amount(change.before, 'octets')} to {amount(change.after, 'octets')} on average"
    )
    parts = [
        f"a step of {times(f.value)} ({_interval(f.low, f.high)}) {_date(c)}"
        for c, f in zip(steps, factors, strict=True)
    ]
    if periods.block == LONG_BLOCK:
        name = "growth" if growth.value >= 0 else "decline"
        if math.isnan(growth.value):
            parts.append("growth cannot be told from it, as most days were not observed")
        elif growth.low <= 0 <= growth.high:
            parts.append(f"no growth beside {'it' if parts else 'that'} that can be told from none")
        else:
            rate = f"{abs(growth.value) * 100:.2g} % a year ({_percents(growth)})"
            parts.append(f"{name} of {rate}{' beside it' if parts else ''}")
    return f"{opening}: {listed(parts)}." if parts else f"{opening}, without a step."


def _around(steps: Sequence[Change], factors: Sequence[Estimate]) -> list[str]:
    """Why the finding on a step tells another factor, where it does."""
    told = [
        f"{times(c.ratio)} ({_interval(c.ratio_low, c.ratio_high)}) on {day(c.since)}"
        for c, f in zip(steps, factors, strict=True) if times(c.ratio) != times(f.value)
    ]  # fmt: skip
    if not told:
        return []
    return [
        f"The days around a step alone give {listed(told)}: the fit over the whole window rests on more days and takes "
        "growth, weekdays and season out of it."
    ]


def _interval(low: float, high: float) -> str:
    return f"{digits(low)} to {digits(high)}"


def _percents(growth: Estimate) -> str:
    low, high = sorted(abs(edge) * 100 for edge in (growth.low, growth.high))
    return f"{low:.2g} to {high:.2g} %"


def _date(change: Change) -> str:
    if change.unseen:
        return f"between {day(change.since_low)} and {day(change.since)}"
    half = max(change.since - change.since_low, change.since_high - change.since)
    return f"on {when(change.since, LEAST * 4)} ± {duration(half)}" if half > 0 else f"on {day(change.since)}"
