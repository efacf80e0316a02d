"""What a change is made of, in words: its shares, the change without them, its fewest cells, who carries it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from netwatch.explain.causes import DIMENSIONS, NAME
from netwatch.explain.counterfactual import trial_words
from netwatch.explain.windows import WEEK, Span, Windows
from netwatch.explain.words import FAMILY_WORDS, Names, amount, carried_by, listed, percent, share_words, times, when
from netwatch.model.finding import Composition, Share
from netwatch.model.text import bit_rate, count

MINER_OCTETS = 30.0
"""Octets a second of one Monero miner at its pool, measured: 240 bit/s at the median."""
_CELLS = 5
_HARDLY = 0.05
"""A share of all that is no change worth telling."""
_DIMENSION_WORDS = {"asn": "network", "port": "service"}
_SMALL = 0.1
"""Share of an addition below which a family does not explain it."""


def composition_words(
    counter: str, compositions: Sequence[Composition], windows: Windows, names: Names, length: int
) -> list[str]:
    """What the change is made of, and whether it would be there without the parts of it; ``length``: the run's, ns."""
    words = []
    main = {c.dimension: c for c in compositions if c.counter == counter}
    after, before = (_spans(side, length) for side in (windows.after, windows.before))
    families = main.get("family")
    if families is not None:
        verb = "added" if families.total >= 0 else "lost"
        parts = listed([share_words(s, names) for s in families.shares])
        words.append(
            f"{after}, compared with {before}: {amount(abs(families.total), counter)} {verb}, of which "
            f"{parts or 'nothing'} (95 % intervals in brackets; {percent(families.residual)} is left over)."
        )
    words += trial_words(compositions, counter, names)
    return words + _cause_words(main.get(NAME), names)


def _cause_words(causes: Composition | None, names: Names) -> list[str]:
    """The fewest cells of several dimensions at once, each with its own ratio."""
    if causes is None or not causes.shares:
        return []
    told = "; ".join(f"{share_words(s, names)}, {_itself(s)}" for s in causes.shares[:_CELLS])
    more = f" and {len(causes.shares) - _CELLS} more" if len(causes.shares) > _CELLS else ""
    return [
        f"The fewest parts that account for it, over {listed([_DIMENSION_WORDS.get(d, d) for d in DIMENSIONS])} at "
        f"once: {told}{more}; {percent(causes.residual)} is left over."
    ]


def _itself(share: Share) -> str:
    if share.before <= 0:
        return "new"
    return "gone since" if share.after <= 0 else f"itself at {times(share.after / share.before)}"


def carrier_words(counter: str, compositions: Sequence[Composition], names: Names) -> list[str]:
    """Who and what carries the change, and how the other counters divide."""
    words = []
    main = {c.dimension: c for c in compositions if c.counter == counter}
    for name, noun in (("class", "Kinds of traffic"), ("asn", "Networks"), ("port", "Services"), ("host", "Hosts")):
        if name in main and (told := carried_by(main[name], names)):
            words.append(f"{noun} that moved most: {told}.")
    others = [c for c in compositions if c.counter != counter and c.shares]
    if others:
        words.append(f"Other counters in these windows: {'; '.join(_divided(c, names) for c in others)}.")
    return words


def _divided(families: Composition, names: Names) -> str:
    """``flows 1.6×: mining 98 %``; shares of next to no change say nothing."""
    before, after = (sum(side) for side in zip(*((s.before, s.after) for s in families.shares), strict=True))
    if before <= 0:
        return f"{families.counter} appeared: {carried_by(families, names, 2)}"
    ratio = after / before
    if abs(ratio - 1) < _HARDLY:
        return f"{families.counter} hardly changed, {times(ratio)}"
    return f"{families.counter} {times(ratio)}: {carried_by(families, names, 2)}"


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
        f"{bit_rate(octets.total)} would take about {count(float(f'{needed:.2g}'))} miners."
    ]
    told = f"Mining is {percent(share)} of the added octets and {percent(active)} of the added flows"
    if share < _SMALL and active >= _SMALL:
        words.append(f"{told}: it explains activity, it cannot explain the volume.")
    elif share < _SMALL:
        words.append(f"{told}: it cannot explain the volume.")
    else:
        words.append(f"{told}.")
    return words


def parts_words(levels: dict[str, tuple[float, float]]) -> list[str]:
    """What share of the octets each family was before and after, where that changed; ``levels``: rates by family."""
    before, after = (sum(side) for side in zip(*levels.values(), strict=True)) if levels else (0.0, 0.0)
    if before <= 0 or after <= 0:
        return []
    shares = {name: (b / before, a / after) for name, (b, a) in levels.items()}
    moved = sorted(
        (name for name, (b, a) in shares.items() if abs(a - b) >= _HARDLY), key=lambda n: shares[n][0] - shares[n][1]
    )
    if not moved:
        return ["Its make-up hardly changed either: no kind of traffic moved by five points of the octets."]
    told = listed([f"{FAMILY_WORDS[n]} from {percent(shares[n][0])} to {percent(shares[n][1])}" for n in moved])
    return [f"Its make-up did change: {told} of the octets."]


def _spans(spans: Sequence[Span], window: int) -> str:
    widths = {b - a for a, b in spans}
    if len(spans) > 1 and len(widths) == 1 and all(b[0] - a[0] == WEEK for a, b in itertools.pairwise(spans)):
        return f"the same hours of the {len(spans)} weeks before"
    cuts = " with passing departures left out" if len(spans) > 1 else ""
    return f"{when(spans[0][0], window)} to {when(spans[-1][1], window)}{cuts}"
