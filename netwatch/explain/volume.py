"""Findings about volume: by how much it changed, when, and what the change is made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from netwatch.explain import severity
from netwatch.explain.cells import Prepared, count_levels, prepared
from netwatch.explain.decomposition import split
from netwatch.explain.headline import LEVELS, PASSING, headline, title
from netwatch.explain.options import ExplainOptions
from netwatch.explain.windows import DAY, WEEK, Windows, windows_for
from netwatch.explain.words import (
    Names,
    amount,
    appeared,
    carried_by,
    counted,
    listed,
    percent,
    share_words,
    times,
    when,
)
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Composition, Finding, Severity
from netwatch.model.series import SeriesSet
from netwatch.model.text import bit_rate, count, instant

MINER_OCTETS = 30.0
"""Octets a second of one Monero miner at its pool, measured: 240 bit/s at the median."""
_LASTING = ("family", "class", "asn", "port", "host", "prefix", "direction", "upstream")
_PASSING = ("family", "class", "asn", "port", "host")
_BRIEF = ("family", "class", "host")
"""What a change is split by: one that lasts, one that passes, and one of the smaller."""
_COUNTERS = ("packets", "flows", "peers")
_NEAR = 3 * DAY
_SMALL = 0.1
"""Share of an addition below which a family does not explain it."""


class Ground(NamedTuple):
    """What findings are made from."""

    series: SeriesSet
    changes: Sequence[Change]
    flows: Any
    options: ExplainOptions
    names: Names = Names()

    @property
    def length(self) -> int:
        """Length of the window, ns."""
        return self.series.bins.end - self.series.bins.start


def volume_findings(ground: Ground) -> list[Finding]:
    """One finding for each change of the whole scope, with the changes of its parts beside it; then what is left over:
    the largest lasting changes of single parts each, the rest together.
    """
    primary = _primary(ground.changes)
    full = sorted(primary, key=_moved, reverse=True)[: ground.options.full]
    findings: list[Finding] = []
    told: set[int] = set()
    for change in primary:
        beside = [c for c in ground.changes if c is not change and c not in primary and _near(c, change, ground)]
        told.update(id(c) for c in beside)
        findings.append(_explained(ground, change, beside, _split_by(change) if change in full else _BRIEF))
    left = [c for c in ground.changes if c not in primary and id(c) not in told]
    lasting = sorted((c for c in left if c.kind in LEVELS and c.counter == "octets"), key=_moved, reverse=True)
    singly = lasting[: ground.options.parts]
    findings += [_part(c, ground) for c in sorted(singly, key=lambda c: c.since)]
    short = [c for c in left if c not in singly and c.kind in (*LEVELS, *PASSING, ChangeKind.RECORD, ChangeKind.SPREAD)]
    return findings + ([_short(short, ground)] if short else [])


def _primary(changes: Sequence[Change]) -> list[Change]:
    """Changes of the scope's octets, and those of its other counters that no change of octets goes with."""
    whole = [c for c in changes if c.entity.kind == "scope" and c.kind in (*LEVELS, *PASSING)]
    octets = [c for c in whole if c.counter == "octets"]
    chosen = list(octets)
    for change in whole:
        if change.counter != "octets" and not any(
            abs(change.since - other.since) <= _NEAR and (change.kind in LEVELS) == (other.kind in LEVELS)
            for other in chosen
        ):
            chosen.append(change)
    return sorted(chosen, key=lambda c: (c.since, c.counter))


def _moved(change: Change) -> float:
    lasting = ((change.until or change.since + 365 * DAY) - change.since) / DAY
    return abs(change.after - change.before) * (lasting if change.kind in PASSING else 365)


def _split_by(change: Change) -> tuple[str, ...]:
    return _LASTING if change.kind in LEVELS else _PASSING


def _near(change: Change, other: Change, ground: Ground) -> bool:
    if change.kind not in (*LEVELS, *PASSING, ChangeKind.RECORD, ChangeKind.SPREAD):
        return False
    tolerance = max(3 * ground.series.bins.width, min(_NEAR, max((other.until or 0) - other.since, 0) or _NEAR))
    return abs(change.since - other.since) <= tolerance or other.since_low <= change.since <= other.since_high


def _explained(ground: Ground, change: Change, beside: Sequence[Change], dimensions: Sequence[str]) -> Finding:
    series = ground.series.get(change.entity.kind, change.entity.value, change.counter)
    others = [c for c in ground.changes if c.entity == change.entity and c.counter == change.counter]
    windows = None
    if series is not None:
        windows = windows_for(change, series, others, ground.options.window * DAY)
    words = [headline(change, ground.names, ground.length)]
    figures = _figures(change, beside)
    compositions: list[Composition] = []
    if windows is not None:
        flows = prepared(ground.flows, windows)
        compositions = compositions_of(flows, change.counter, dimensions, ground.options)
        levels = count_levels(flows, "family", change.counter)
        words += composition_words(change.counter, compositions, windows, ground)
        if change.kind in LEVELS:
            words += mining_words(compositions, levels)
        words += _without(levels, change.counter)
        figures |= {"windows": _window_figures(windows), "levels_by_family": _told_levels(levels)}
    if beside:
        words.append(_beside_words(beside, ground))
    line = title(change, ground.names, ground.length)
    return Finding(
        "volume", line, tuple(words), severity.of_volume(change), change.since, change.until,
        str(change.entity), change, (), tuple(compositions), figures, _limits(change, windows),
    )  # fmt: skip


def compositions_of(
    flows: Prepared, counter: str, dimensions: Sequence[str], options: ExplainOptions
) -> list[Composition]:
    """The splits of one counter over the dimensions, and of the others over families."""
    main = [split(flows, [name], counter, options) for name in dimensions]
    others = [c for c in ("octets", *_COUNTERS) if c != counter]
    rest = [split(flows, ["family"], counter, options) for counter in others]
    # A dimension that the flows do not tell (one cell, unknown) says nothing.
    main = [c for c in main if not (len(c.shares) == 1 and set(c.shares[0].cell.values()) == {"unknown"})
            or c.dimension == "family"]  # fmt: skip
    return main + rest


def composition_words(counter: str, compositions: Sequence[Composition], windows: Windows, ground: Ground) -> list[str]:
    """What the change is made of, and who carries it."""
    words = []
    main = {c.dimension: c for c in compositions if c.counter == counter}
    spans = " against ".join(_spans(side, ground.length) for side in (windows.after, windows.before))
    families = main.get("family")
    if families is not None:
        verb = "added" if families.total >= 0 else "lost"
        parts = listed([share_words(s, ground.names) for s in families.shares])
        words.append(
            f"Compared are {spans}: {amount(abs(families.total), counter)} {verb}, of which "
            f"{parts or 'nothing'}; the shares and a rest of {percent(families.residual)} sum to 100 % "
            "(in brackets: 95 % intervals)."
        )
    for name, noun in (("class", "Kinds of traffic"), ("asn", "Networks"), ("port", "Services"), ("host", "Hosts")):
        if name in main and (told := carried_by(main[name], ground.names)):
            words.append(f"{noun} that carry most of it: {told}.")
    others = [c for c in compositions if c.counter != counter and c.shares]
    if others:
        divided = "; ".join(f"{c.counter} {carried_by(c, ground.names, 2)}" for c in others)
        words.append(f"The change of other counters divides differently: {divided}.")
    return words


def mining_words(compositions: Sequence[Composition], levels: dict[str, tuple[float, float]]) -> list[str]:
    """Whether mining can be what made the volume, in numbers, where there is mining or a rise."""
    octets = next((c for c in compositions if c.counter == "octets" and c.dimension == "family"), None)
    if octets is None or octets.total <= 0 or levels.get("mining", (0.0, 0.0))[1] <= 0:
        return []
    mine = next((s for s in octets.shares if s.cell["family"] == "mining"), None)
    share = mine.share if mine is not None else 0.0
    flows = next((c for c in compositions if c.counter == "flows"), None)
    active = next((s.share for s in flows.shares if s.cell["family"] == "mining"), 0.0) if flows else 0.0
    needed = octets.total / MINER_OCTETS
    words = [
        f"A Monero miner moves about {bit_rate(MINER_OCTETS)} to and from its pool (median measured), so the added "
        f"{bit_rate(octets.total)} would take about {count(needed)} miners."
    ]
    told = f"Mining is {percent(share)} of the added octets and {percent(active)} of the added flows"
    if share < _SMALL and active >= _SMALL:
        words.append(f"{told}: it explains activity, it cannot explain the volume.")
    elif share < _SMALL:
        words.append(f"{told}: it cannot explain the volume.")
    else:
        words.append(f"{told}.")
    return words


def _without(levels: dict[str, tuple[float, float]], counter: str) -> list[str]:
    """The counterfactual: the ratio with one family left out on both sides."""
    before, after = (sum(side) for side in zip(*levels.values(), strict=True)) if levels else (0.0, 0.0)
    parts = []
    for name in ("mining", "attack", "chain"):
        b, a = levels.get(name, (0.0, 0.0))
        if a + b > 0 and before - b > 0:
            parts.append(f"without {name} {times((after - a) / (before - b))}")
    if not parts or before <= 0:
        return []
    return [f"In these windows {counter} are {times(after / before)} as many; {listed(parts)}."]


def _spans(spans: Sequence[tuple[int, int]], window: int) -> str:
    widths = {b - a for a, b in spans}
    if len(spans) > 1 and len(widths) == 1 and all(b[0] - a[0] == WEEK for a, b in itertools.pairwise(spans)):
        return f"the same hours of the {len(spans)} weeks before"
    cuts = " with passing departures left out" if len(spans) > 1 else ""
    return f"{when(spans[0][0], window)} to {when(spans[-1][1], window)}{cuts}"


def _beside_words(beside: Sequence[Change], ground: Ground) -> str:
    first = sorted(beside, key=lambda c: -abs(c.after - c.before))[:4]
    parts = [
        f"{c.counter} of {ground.names.entity(c.entity)} ({c.kind}, {'appeared' if appeared(c) else times(c.ratio)})"
        for c in first
    ]
    more = f" and {len(beside) - len(first)} more" if len(beside) > len(first) else ""
    return f"At about the same time changed {listed(parts)}{more}: a coincidence in time, not a proof of cause."


def _figures(change: Change, beside: Sequence[Change]) -> dict[str, object]:
    return {
        "ratio": change.ratio,
        "ratio_low": change.ratio_low,
        "ratio_high": change.ratio_high,
        "before_per_second": change.before,
        "after_per_second": change.after,
        "beside": [
            {
                "entity": str(c.entity),
                "counter": c.counter,
                "kind": str(c.kind),
                "since": instant(c.since),
                "ratio": c.ratio,
            }
            for c in sorted(beside, key=lambda c: -abs(c.after - c.before))[:20]
        ],
    }


def _window_figures(windows: Windows) -> dict[str, object]:
    return {
        side: {"spans": [[instant(a), instant(b)] for a, b in spans], "observed_seconds": seconds}
        for side, spans, seconds in zip(("before", "after"), windows[:2], windows.seconds, strict=True)
    }


def _told_levels(levels: dict[str, tuple[float, float]]) -> dict[str, dict[str, float]]:
    return {name: {"before": b, "after": a} for name, (b, a) in sorted(levels.items())}


def _limits(change: Change, windows: Windows | None) -> tuple[str, ...]:
    limits = ["Shares tell what moved with the change, not why it came about."]
    if windows is None:
        limits.append("One side of the change was not observed, so it was not split up.")
    elif min(windows.seconds) < 28 * DAY / 1e9:
        limits.append("Less than four weeks on one side: the intervals of the shares rest on little data.")
    if change.provisional:
        limits.append("The change is too recent for its date to be settled.")
    return tuple(limits)


def _part(change: Change, ground: Ground) -> Finding:
    limits = ("The scope as a whole shows no change at that time.", *_limits(change, None)[:1])
    line, words = (say(change, ground.names, ground.length) for say in (title, headline))
    return Finding(
        "volume", line, (words,), severity.of_volume(change), change.since, change.until,
        str(change.entity), change, (), (), _figures(change, ()), limits,
    )  # fmt: skip


def _short(changes: Sequence[Change], ground: Ground) -> Finding:
    first = sorted(changes, key=lambda c: -abs(math.log(c.ratio)) if c.ratio > 0 else -math.inf)
    words = [f"{len(changes)} smaller or short departures and records of single counters, networks and classes."]
    words += [headline(change, ground.names, ground.length) for change in first[:5]]
    figures = _figures(first[0], first)
    return Finding(
        "volume", f"{counted(len(changes), 'smaller departure')} of single parts", tuple(words), Severity.INFO,
        min(c.since for c in changes), None, "parts of the scope", None, (), (), {"departures": figures["beside"]},
        ("They are not split up further.",),
    )  # fmt: skip
