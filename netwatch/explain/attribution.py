"""Short departures of volume that an attack made: told with the attack and not beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from netwatch.explain.headline import PASSING
from netwatch.explain.words import amount, appeared, percent, spans, times
from netwatch.model.change import Change
from netwatch.model.finding import Estimate, Finding, Share
from netwatch.model.taxonomy import family
from netwatch.model.text import digits, duration

MOSTLY = 0.7
"""Share of a departure from which on it is one attack's."""
_COUNTED = {"octets": "volume", "packets": "packets", "flows": "flows", "peers": "distinct peers"}


def joined(volume: Sequence[Finding], threats: Sequence[Finding]) -> list[Finding]:
    """All findings, those of volume that are almost all one attack made part of that attack's."""
    told = list(threats)
    kept = []
    for finding in volume:
        led = _leader(finding)
        at = None if led is None else _attack_of(led, told)
        if led is None or at is None:
            kept.append(finding)
        else:
            told[at] = _with(told[at], finding, led.change, led.share)
    return kept + [_titled(threat) for threat in told]


def _titled(threat: Finding) -> Finding:
    """The attack with what it raised in its title, where the whole shows nothing of it."""
    parts = [str(raised["title"]) for raised in _raises(threat) if isinstance(raised, dict) and "title" in raised]
    if threat.change is not None or not parts:
        return threat
    return replace(threat, title=f"{threat.title}; {parts[0]}")


class Led(NamedTuple):
    """A departure that one class of attack leads: its part of it."""

    change: Change
    class_id: str
    share: Share


def _attack_of(led: Led, threats: Sequence[Finding]) -> int | None:
    """Position of the attack of that class at that time, the largest."""
    change, until = led.change, led.change.until or led.change.since
    found = [
        (sum(v.packets for v in threat.verdicts), -at)
        for at, threat in enumerate(threats)
        if any(v.class_id == led.class_id and v.since < until and change.since < v.until for v in threat.verdicts)
    ]
    return -max(found)[1] if found else None


def _leader(finding: Finding) -> Led | None:
    """The attack that makes up most of a passing rise, if one does."""
    change = finding.change
    if change is None or change.kind not in PASSING or change.ratio <= 1 or change.until is None:
        return None
    for composition in finding.compositions:
        if composition.counter == change.counter and composition.dimension == "class" and composition.shares:
            best = max(composition.shares, key=lambda s: s.share)
            if best.share >= MOSTLY and family(best.cell["class"]) == "attack":
                return Led(change, best.cell["class"], best)
    return None


def _with(attack: Finding, finding: Finding, change: Change, share: Share) -> Finding:
    title = attack.title if attack.change is not None else f"{attack.title}; {_short(change)}"
    figures = {**attack.figures, "raised": [*_raises(attack), finding.figures]}
    return replace(
        attack, title=title, words=_said(attack, _raised(change, share)), change=attack.change or change,
        compositions=attack.compositions or finding.compositions, figures=figures,
    )  # fmt: skip


def _said(attack: Finding, words: str) -> tuple[str, ...]:
    """The attack's words with a sentence after its numbers."""
    return (*attack.words[:2], words, *attack.words[2:])


def _raises(attack: Finding) -> list[object]:
    told = attack.figures.get("raised")
    return told if isinstance(told, list) else []


def without_parts_of(changes: Sequence[Change], threats: list[Finding]) -> list[Change]:
    """The changes but for short departures of prefixes that an attack on or from a host in them made.

    ``threats`` are changed in place: each says what it raised. It made it where the flows of its verdicts come to
    :data:`MOSTLY` of the departure.
    """
    kept = []
    for change in changes:
        at = next((i for i, threat in enumerate(threats) if _made(threat, change)), None)
        if at is None:
            kept.append(change)
            continue
        attack = threats[at]
        raised: dict[str, object] = {"prefix": change.entity.value, "counter": change.counter, "ratio": change.ratio}
        words = attack.words
        if change.counter == "octets":
            where = f"in {change.entity.value} "
            words = _said(attack, f"It raised volume {where}{_fold(change)}, {_until(change)}.")
            raised["title"] = f"volume {where}{_times(change)}"
        figures = {**attack.figures, "raised": [*_raises(attack), raised]}
        threats[at] = replace(attack, words=words, figures=figures)
    return kept


def _made(threat: Finding, change: Change) -> bool:
    if threat.kind != "attack" or change.entity.kind != "prefix" or change.kind not in PASSING or change.until is None:
        return False
    if change.ratio <= 1 or change.counter not in ("octets", "packets", "flows"):
        return False
    within = [
        v for v in threat.verdicts
        if v.since < change.until and change.since < v.until and _inside(v.subject, change.entity.value)
    ]  # fmt: skip
    seconds = (change.until - change.since) / 1e9
    moved = sum(getattr(v, change.counter) for v in within)
    return bool(within) and bool(moved >= MOSTLY * (change.after - change.before) * seconds)


def _inside(subject: str, prefix: str) -> bool:
    try:
        return ip_address(subject) in ip_network(prefix)
    except ValueError:  # a subject can be a prefix or a pair
        return False


def _raised(change: Change, share: Share) -> str:
    what = _COUNTED[change.counter]
    part = percent(min(share.share, 1.0))
    rest = "" if math.isnan(share.without.value) else f"; without it {what} would have stood at {_rest(share.without)}"
    return f"It raised {what} {_fold(change)}, {_until(change)}: {part} of that departure is this attack{rest}."


def _rest(without: Estimate) -> str:
    known = "" if math.isnan(without.low) else f" ({digits(without.low)} to {digits(without.high)})"
    return f"{times(without.value)}{known} the usual level"


def _fold(change: Change) -> str:
    rates = f"from {amount(change.before, change.counter)} to {amount(change.after, change.counter)}"
    if change.counter == "peers":
        return "from next to nothing" if appeared(change) else f"to {times(change.ratio)} the usual level"
    return rates if appeared(change) else f"to {times(change.ratio)} the usual level, {rates}"


def _until(change: Change) -> str:
    return spans(change.since, change.until if change.until is not None else change.since)


def _short(change: Change) -> str:
    until = change.until if change.until is not None else change.since
    return f"{_COUNTED[change.counter]} {_times(change)} for {duration(until - change.since)}"


def _times(change: Change) -> str:
    if change.counter == "peers":
        return "many times over" if appeared(change) else f"to {times(change.ratio)}"
    return f"to {amount(change.after, change.counter)}" if appeared(change) else f"to {times(change.ratio)}"
