"""Would the change still be there without one class, network, host or flood? The ratio of all the rest answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from netwatch.explain.dimensions import NO_FLOOD
from netwatch.explain.words import Names, listed, times
from netwatch.model.finding import Composition, Estimate, Share
from netwatch.model.text import digits

_FAMILIES = ("mining", "attack", "chain")
_LARGEST = ("class", "asn", "port", "host", "episode")
"""Dimensions of which the part that moved most with the change is left out."""


class Trial(NamedTuple):
    """The change with one part left out: its dimension, the part, and what became of the change.

    ``outcome``: "stays", "gone" (no change that can be told), "turns" (the opposite change) or "unknown".
    """

    dimension: str
    share: Share
    outcome: str


def trials(compositions: Sequence[Composition], counter: str) -> list[Trial]:
    """One part left out at a time: mining, attacks, blockchain nodes, and the parts that carry most of the change."""
    found = []
    for composition in compositions:
        if composition.counter != counter or not composition.total:
            continue
        name = composition.dimension
        if name == "family":
            chosen = [s for s in composition.shares if s.cell["family"] in _FAMILIES]
        elif name in _LARGEST:
            parts = [s for s in composition.shares if s.share > 0 and s.cell[name] not in (NO_FLOOD, "unknown")]
            chosen = sorted(parts, key=lambda s: -s.share)[:1]
        else:
            chosen = []
        found += [Trial(name, s, outcome(composition.total > 0, s.without)) for s in chosen]
    return found


def outcome(rose: bool, without: Estimate) -> str:
    """What became of a rise (else a fall) from the ratio without the part and its interval."""
    if any(math.isnan(edge) for edge in without):
        return "unknown"
    if without.low <= 1 <= without.high:
        return "gone"
    return "stays" if (without.value > 1) == rose else "turns"


def trial_words(compositions: Sequence[Composition], counter: str, names: Names) -> list[str]:
    """The counterfactual in words; none where nothing can be left out."""
    tried = trials(compositions, counter)
    if not tried:
        return []
    change = "rise" if _rose(compositions, counter) else "fall"
    told = listed([f"{ratio_words(t.share.without)} without {_part(t, names)}" for t in tried])
    return [f"With one part left out at a time, all the rest went to {told}. {_verdict(tried, change, names)}"]


def trial_figures(compositions: Sequence[Composition], counter: str) -> list[dict[str, object]]:
    """The trials, JSON-ready."""
    return [
        {"dimension": t.dimension, "part": t.share.cell[t.dimension], "outcome": t.outcome, **t.share.without._asdict()}
        for t in trials(compositions, counter)
    ]


def brief_words(compositions: Sequence[Composition], counter: str, names: Names) -> list[str]:
    """The same for the first page: whether the change stays, and the trial that takes most from it."""
    tried = [t for t in trials(compositions, counter) if t.outcome != "unknown"]
    if not tried:
        return []
    change = "rise" if _rose(compositions, counter) else "fall"
    ended = [t for t in tried if t.outcome != "stays"]
    if ended:
        told = listed([f"without {_part(t, names)} it is {ratio_words(t.share.without)}" for t in ended])
        return [f"Would the {change} be there without it? Not always: {told}."]
    hardest = max(tried, key=lambda t: t.share.share)
    kinds = [_part(t, names) for t in tried if t.dimension == "family"]
    also = f"neither {' nor '.join(kinds)} nor" if kinds else "not"
    return [
        f"Would the {change} be there without it? Yes: left out one at a time, {also} any one class, network, service "
        f"or host undoes it. Without {_part(hardest, names)}, which moved most, all the rest is still at "
        f"{ratio_words(hardest.share.without)}."
    ]


def _verdict(tried: Sequence[Trial], change: str, names: Names) -> str:
    """Whether the change stays, in a sentence."""
    ended = [_part(t, names) for t in tried if t.outcome in ("gone", "turns")]
    if ended:
        return f"So the {change} is gone (the interval holds 1, or lies beyond it) without {listed(ended)}."
    if all(t.outcome == "unknown" for t in tried):
        return f"Whether the {change} stays cannot be said with 95 %: too little data."
    return f"So the {change} is there each time: no one of them makes it alone."


def ended_by(compositions: Sequence[Composition], counter: str, names: Names) -> str:
    """The first kind of traffic without which the change is gone, with what is left; an empty text for none."""
    ended = [t for t in trials(compositions, counter) if t.dimension == "family" and t.outcome in ("gone", "turns")]
    return f"without {_part(ended[0], names)} {ratio_words(ended[0].share.without)}" if ended else ""


def _rose(compositions: Sequence[Composition], counter: str) -> bool:
    return next(c.total for c in compositions if c.counter == counter) > 0


def _part(trial: Trial, names: Names) -> str:
    value = trial.share.cell[trial.dimension]
    return f"the {value}" if trial.dimension == "episode" else names.value(trial.dimension, value)


def ratio_words(without: Estimate) -> str:
    """``3.05× (2.93 to 3.18)``."""
    if math.isnan(without.value):
        return "unknown, as nothing is left"
    if math.isnan(without.low):
        return times(without.value)
    return f"{times(without.value)} ({digits(without.low)} to {digits(without.high)})"
