"""Findings about volume: by how much it changed, when, and what the change is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from netwatch.explain import severity
from netwatch.explain.causes import split_by_causes
from netwatch.explain.cells import COUNTERS, Prepared, prepared
from netwatch.explain.composed import carrier_words, composition_words, mining_words
from netwatch.explain.counterfactual import trial_figures
from netwatch.explain.decomposition import split
from netwatch.explain.headline import LEVELS, PASSING, headline, title
from netwatch.explain.options import ExplainOptions
from netwatch.explain.windows import DAY, Windows, windows_for
from netwatch.explain.words import (
    Names,
    appeared,
    counted,
    listed,
    times,
)
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Composition, Finding, Severity
from netwatch.model.series import SeriesSet
from netwatch.model.text import instant

_LASTING = ("family", "class", "asn", "port", "host", "prefix", "direction", "upstream")
_PASSING = ("family", "class", "asn", "port", "host")
_BRIEF = ("family", "class", "host")
"""What a change is split by: one that lasts, one that passes, and one of the smaller."""
_NEAR = 3 * DAY


class Ground(NamedTuple):
    """What findings are made from; ``threats`` are those of mining and attacks; ``flows_since``: from when on (ns)
    there are flows to explain with, where those before have expired.
    """

    series: SeriesSet
    changes: Sequence[Change]
    flows: Any
    options: ExplainOptions
    names: Names = Names()
    threats: Sequence[Finding] = ()
    flows_since: int = 0

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
    whole = [c for c in changes if c.entity.kind == "scope" and c.kind in (*LEVELS, *PASSING, ChangeKind.RECORD)]
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
    return abs(change.after - change.before) * (365 if change.kind in LEVELS else lasting)


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
    if windows is not None and min(begin for begin, _ in (*windows.before, *windows.after)) < ground.flows_since:
        windows = None
        words.append("What it is made of cannot be told: flows to compare it with have expired.")
    figures = _figures(change, beside)
    compositions: list[Composition] = []
    if windows is not None:
        flows = prepared(ground.flows, windows)
        beside_it = [counter for counter in COUNTERS if counter != change.counter]
        compositions = splits_of(flows, change.counter, dimensions, ground.options)
        if dimensions == _LASTING and change.counter != "peers":
            compositions.append(split_by_causes(flows, change.counter, ground.options))
        compositions += [split(flows, ["family"], counter, ground.options) for counter in beside_it]
        levels = levels_of(compositions, change.counter)
        words += composition_words(change.counter, compositions, windows, ground.names, ground.length)
        if change.kind in LEVELS and change.counter != "peers":
            words += mining_words(compositions, levels)
        words += carrier_words(change.counter, compositions, ground.names)
        figures |= {
            "windows": _window_figures(windows), "levels_by_family": told_levels(levels),
            "without": trial_figures(compositions, change.counter),
        }  # fmt: skip
    if beside:
        words.append(_beside_words(beside, ground))
    line = title(change, ground.names, ground.length)
    return Finding(
        "volume", line, tuple(words), severity.of_volume(change), change.since, change.until,
        str(change.entity), change, (), tuple(compositions), figures, _limits(change, windows),
    )  # fmt: skip


def splits_of(flows: Prepared, counter: str, dimensions: Sequence[str], options: ExplainOptions) -> list[Composition]:
    """The splits of one counter over the dimensions, but for those that the flows do not tell: one cell, unknown."""
    found = [split(flows, [name], counter, options) for name in dimensions]
    return [c for c in found if c.dimension == "family" or len(c.shares) != 1
            or set(c.shares[0].cell.values()) != {"unknown"}]  # fmt: skip


def levels_of(compositions: Sequence[Composition], counter: str) -> dict[str, tuple[float, float]]:
    """Rate before and after of each family, by the split over families."""
    families = next(c for c in compositions if c.counter == counter and c.dimension == "family")
    return {s.cell["family"]: (s.before, s.after) for s in families.shares}


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


def told_levels(levels: dict[str, tuple[float, float]]) -> dict[str, dict[str, float]]:
    """Rates by family, JSON-ready."""
    return {name: {"before": b, "after": a} for name, (b, a) in sorted(levels.items())}


def _limits(change: Change, windows: Windows | None) -> tuple[str, ...]:
    limits = ["Shares tell what moved with the change, not why it came about."]
    if windows is None:
        limits.append("One side of the change was not observed, so it was not split up.")
    elif min(windows.seconds) < 28 * DAY / 1e9:
        limits.append("Less than four weeks on one side: the intervals of the shares rest on little data.")
    if change.brief:
        limits.append("In less than a week the rhythm is hardly known: at that time of the day it may be usual.")
    elif change.provisional:
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
