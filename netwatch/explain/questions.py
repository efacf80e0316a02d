"""The answer on one page: how much and did it jump, what made it, and is the capture to blame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from netwatch.explain.composed import parts_words
from netwatch.explain.counterfactual import brief_words, ended_by, ratio_words, trials
from netwatch.explain.headline import LEVELS
from netwatch.explain.order import OVERALL
from netwatch.explain.overall import LEAST
from netwatch.explain.threats import miner_words
from netwatch.explain.words import (
    FAMILY_WORDS,
    Names,
    amount,
    attack_name,
    class_words,
    counted,
    interval_words,
    listed,
    percent,
    times,
)
from netwatch.model.finding import Composition, Finding
from netwatch.model.series import Series, SeriesSet
from netwatch.model.tally import BEYOND, OUTSIDE_SPAN, Tally
from netwatch.model.text import count, day, duration, instant, printable, volume

HOW_MUCH, WHAT, CAPTURE = "How much, and did it jump?", "What made it?", "Is the capture to blame?"
_TOLD = 3
_NAMELESS = Names()
FAR = 4.0
"""A bin so many times the average is told of."""
LEAST_SEEN = 0.95
"""Share of the window below which what was not observed may have made the answer."""
SMALL = 0.1
"""Share of all octets below which mining did not make the volume."""


def answer(
    series: SeriesSet, findings: Sequence[Finding], tallies: Sequence[Tally], names: Names = _NAMELESS
) -> tuple[tuple[str, str], ...]:
    """The three questions with their answers in words, a paragraph a line, each resting on findings that say more;
    none without series.
    """
    whole = series.get("scope", "all", "octets")
    if whole is None or not np.isfinite(whole.values).any():
        return ()
    return (
        (HOW_MUCH, "\n".join(_how_much(whole, findings, series, names))),
        (
            WHAT,
            "\n".join(
                [
                    " ".join(_made_of(findings) or [*_all_made_of(series), *_parts(findings)]),
                    *_without(findings, names),
                    *_mining(whole, findings, series),
                    *_attacks(whole, findings, series),
                ]
            ),
        ),
        (CAPTURE, _capture(whole, findings, tallies)),
    )


def _overall(findings: Sequence[Finding]) -> Finding | None:
    return next((f for f in findings if f.change is not None and f.change.detector == OVERALL), None)


def _lasting(findings: Sequence[Finding], counter: str) -> list[Finding]:
    return [
        f for f in findings
        if f.kind == "volume" and f.change is not None and f.change.entity.kind == "scope" and f.change.kind in LEVELS
        and f.change.detector != OVERALL and f.change.counter == counter
    ]  # fmt: skip


def _peak(whole: Series, series: SeriesSet, mean: float) -> list[str]:
    """The highest bin and what it is made of, where it stands far above the mean."""
    seconds = whole.bins.width / 1e9
    at = int(np.nanargmax(whole.values))
    highest = float(whole.values[at]) / seconds
    if not highest > FAR * mean:
        return []
    parts = {s.entity.value: float(np.nan_to_num(s.values[at])) for s in series.of("family", "octets")}
    name, most = max(parts.items(), key=lambda item: item[1], default=("", 0.0))
    share = f", {percent(most / float(whole.values[at]))} of it {FAMILY_WORDS[name]}" if most > 0 else ""
    start = instant(whole.bins.start + at * whole.bins.width)
    return [
        f"Highest in {duration(whole.bins.width)}: {amount(highest, 'octets')} at {start}, {times(highest / mean)} the "
        f"average{share}."
    ]


def _how_much(whole: Series, findings: Sequence[Finding], series: SeriesSet, names: Names) -> list[str]:
    overall = _overall(findings)
    shifts = _lasting(findings, "octets")
    length = whole.bins.end - whole.bins.start
    mean = float(np.nanmean(whole.values)) / (whole.bins.width / 1e9)
    if overall is not None:
        words = [overall.words[0]]
    elif shifts:
        words = [f.words[0] for f in shifts[:_TOLD]]
    else:
        words = [f"No lasting change: {amount(mean, 'octets')} on average over {duration(length)}."]
        if length < LEAST:
            words[0] += " A window this short cannot tell growth."
        words += _peak(whole, series, mean)
    others = [f for counter in ("flows", "packets", "peers") for f in _lasting(findings, counter)]
    if others:
        words.append(f"Beside the octets: {'; '.join(_beside(f, names) for f in others[:_TOLD])}.")
    passing = [f.title for f in findings if f.kind == "volume" and f.change is not None
               and f.change.entity.kind == "scope" and f.change.kind not in LEVELS]  # fmt: skip
    if passing:
        more = f" and {len(passing) - _TOLD} more" if len(passing) > _TOLD else ""
        words.append(f"For a while: {'; '.join(t[0].lower() + t[1:] for t in passing[:_TOLD])}{more}.")
    return words


def _beside(finding: Finding, names: Names) -> str:
    """A change of another counter in a clause, with what it would be without mining or attacks where that ends it."""
    ended = ended_by(finding.compositions, finding.change.counter, names) if finding.change is not None else ""
    return finding.title[0].lower() + finding.title[1:] + (f" ({ended})" if ended else "")


def _main(findings: Sequence[Finding]) -> Finding | None:
    """The finding that tells of the main change of the octets: of the whole window, or else the largest within it."""
    overall = _overall(findings)
    if overall is not None and overall.compositions:
        return overall
    return max(_lasting(findings, "octets"), key=_size, default=None)


def _size(finding: Finding) -> float:
    """By how much the change of a finding moved, as a logarithm."""
    ratio = finding.change.ratio if finding.change is not None else 1.0
    return abs(math.log(ratio)) if 0 < ratio < math.inf else math.inf


def _without(findings: Sequence[Finding], names: Names) -> list[str]:
    """Whether that change would be there without any one part."""
    main = _main(findings)
    return [] if main is None else brief_words(main.compositions, "octets", names)


def _made_of(findings: Sequence[Finding]) -> list[str]:
    """Shares of the octets that the main change added or took away."""
    main = _main(findings)
    if main is None:
        return []
    splits = {(c.counter, c.dimension): c for c in main.compositions}
    families = splits.get(("octets", "family"))
    if families is None:
        return []
    verb = "added" if families.total >= 0 else "lost"
    whole = main.change is not None and main.change.detector == OVERALL
    moved = f"the {verb} octets" if whole else f"the octets {verb} from {day(main.since)} on,"
    octets = _family_shares(families)
    inside = [
        f"{class_words(s.cell['class']).removesuffix(' traffic')} {percent(s.share)}"
        for s in splits.get(("octets", "class"), families).shares[:_TOLD]
        if s.cell.get("class", "").startswith("benign.")
    ]
    detail = f" ({', '.join(inside)})" if inside else ""
    words = [
        f"Of {moved} ordinary use is {octets['ordinary']}{detail}, mining {octets['mining']}, attacks "
        f"{octets['attack']} and unknown {octets['unknown']}."
    ]
    flows = splits.get(("flows", "family"))
    if flows is not None and flows.total > 0:
        shares = _family_shares(flows)
        told = [f"{n} {shares[k]}" for k, n in
                (("mining", "mining"), ("ordinary", "ordinary use"), ("attack", "attacks"))]  # fmt: skip
        words.append(f"Of the added flows: {listed(told)}.")
    return words


def _parts(findings: Sequence[Finding]) -> list[str]:
    """How the make-up of a volume that kept its level changed."""
    overall = _overall(findings)
    if overall is None:
        return []
    levels = cast(dict[str, dict[str, float]], overall.figures["levels_by_family"])
    return parts_words({name: (level["before"], level["after"]) for name, level in levels.items()})


def _all_made_of(series: SeriesSet) -> list[str]:
    """Shares of all octets, where nothing was added that lasts."""
    sums = {s.entity.value: float(np.nansum(s.values)) for s in series.of("family", "octets")}
    total = sum(sums.values())
    if not total:
        return []
    told = [f"{FAMILY_WORDS[name]} {percent(octets / total)}" for name, octets in sums.items() if octets]
    return [f"Of all octets: {listed(told)}."]


def _family_shares(composition: Composition) -> dict[str, str]:
    """Share of each family with its 95 % interval, in words."""
    shares = dict.fromkeys(("ordinary", "unknown", "mining", "attack", "chain"), percent(0.0))
    for share in composition.shares:
        shares[share.cell["family"]] = f"{percent(share.share)}{interval_words(share)}"
    return shares


def _mining(whole: Series, findings: Sequence[Finding], series: SeriesSet) -> list[str]:
    found = [f for f in findings if f.kind == "mining" and f.verdicts and f.verdicts[0].class_id != "mining.contact"]
    if not found:
        contact = any(f.kind == "mining" for f in findings)
        return ["Hosts asked for mining pools, none was seen to mine." if contact else "No mining was seen."]
    moved, share = _moved("mining", found, whole, series)
    told = [miner_words(f) for f in found[:_TOLD]]
    more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    small = ": too little to have made the volume" if share < SMALL else ""
    return [f"Mining: {'; '.join(told)}{more}; {volume(moved)}, {percent(share)} of all octets{small}."]


def _moved(name: str, found: Sequence[Finding], whole: Series, series: SeriesSet) -> tuple[float, float]:
    """Octets of a family and their share of all: by its series, else by the verdicts of its findings."""
    octets = float(np.nansum(whole.values))
    of_family = series.get("family", name, "octets")
    moved = sum(v.octets for f in found for v in f.verdicts)
    if of_family is not None:
        moved = float(np.nansum(of_family.values))
    return moved, moved / octets if octets else 0.0


def _attacks(whole: Series, findings: Sequence[Finding], series: SeriesSet) -> list[str]:
    """Attacks by direction, with their part of all octets."""
    found = [f for f in findings if f.kind == "attack" and f.verdicts]
    if not found:
        return ["No attack was seen."]
    floods = [f for f in found if f.verdicts[0].class_id.startswith("dos.")]
    sides = [
        (direction, [f for f in floods if f.verdicts[0].role in roles])
        for direction, roles in (
            ("against here", ("target",)),
            ("from here", ("source", "internal")),
            ("by way of here", ("reflector", "backscatter-victim")),
        )
    ]
    parts = [f"{counted(len(some), 'flood')} {where} ({_names(some)})" for where, some in sides if some]
    rest: dict[str, int] = {}
    for finding in found:
        if finding not in floods:
            name = _name(finding)
            rest[name] = rest.get(name, 0) + _episodes(finding)
    parts += [counted(number, "episode") + f" of {name}" for name, number in rest.items()]
    moved, part = _moved("attack", found, whole, series)
    share = f"; together {volume(moved)}, {percent(part)} of all octets"
    return [f"Attacks: {listed(parts)}{share}{_level_without(findings)}."]


def _level_without(findings: Sequence[Finding]) -> str:
    """What the main change is without all attacks, where that is known."""
    main = _main(findings)
    tried = [] if main is None else trials(main.compositions, "octets")
    share = next((t.share for t in tried if t.dimension == "family" and t.share.cell["family"] == "attack"), None)
    return "" if share is None else f"; without all of them the volume is {ratio_words(share.without)}"


def _episodes(finding: Finding) -> int:
    told = finding.figures.get("episodes")
    return len(told) if isinstance(told, list) else 1


def _name(finding: Finding) -> str:
    first = finding.verdicts[0]
    return attack_name(first.class_id, first.facts.get("service", ""))


def _names(findings: Sequence[Finding]) -> str:
    names = dict.fromkeys(_name(f) for f in findings)
    return printable(", ".join(names))


def _capture(whole: Series, findings: Sequence[Finding], tallies: Sequence[Tally]) -> str:
    """Gaps, sampling and losses in one line."""
    quality = [f for f in findings if f.kind == "quality"]
    parts = [f.title[0].lower() + f.title[1:] for f in quality[:_TOLD]]
    if len(quality) > _TOLD:
        parts.append(f"{len(quality) - _TOLD} more of the kind")
    if lost := sum(t.lost for t in tallies):
        parts.append(f"{count(lost)} records or packets are known to be lost")
    if cut := [printable(Path(t.input).name or t.stage) for t in tallies if t.incomplete]:
        parts.append(f"{listed(cut) if len(cut) <= _TOLD else counted(len(cut), 'input')} ended early")
    odd = sum(t.dropped[why].units for t in tallies for why in (OUTSIDE_SPAN, BEYOND) if why in t.dropped)
    if odd:
        parts.append(
            f"{counted(odd, 'flow')} with times or counters that cannot be right {'is' if odd == 1 else 'are'} left out"
        )
    share = _observed(whole.coverage)
    seen = "all" if share >= 0.9995 else f"{share * 100:.3g} %"
    if not parts and share < LEAST_SEEN:
        return f"It may be: only {seen} of the window was observed; the rest counts as unknown, not as silence."
    if not parts:
        return f"Nothing speaks for it: {seen} of the window was observed, nothing is known to be lost."
    return (
        f"In part, and it is allowed for: {'; '.join(parts)}. {seen[0].upper()}{seen[1:]} of the window was observed; "
        "gaps count as unknown, sampled counters are multiplied."
    )


def _observed(coverage: np.ndarray) -> float:
    """Observed share of the window, which begins within the first bin and ends within the last."""
    outside = (1 - coverage[0]) + (1 - coverage[-1]) if len(coverage) > 2 else 0.0
    return float(np.nansum(coverage) / max(len(coverage) - outside, 1e-9))
