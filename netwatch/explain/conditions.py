"""Findings about how the capture was made, and about rhythm and upstreams."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from netwatch.explain import severity
from netwatch.explain.words import Names, between, percent, times
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Finding, Severity
from netwatch.model.series import SeriesSet
from netwatch.model.text import day, duration, instant

_CAPTURE = (ChangeKind.GAP, ChangeKind.INTERMITTENT, ChangeKind.SAMPLING)
_MANY = 10
"""Gaps from which on only unusual ones are told one by one."""
_UNUSUAL, _SINGLY = 2.0, 5
"""So many times the usual length is unusual; so many of them are told, the longest."""


def condition_findings(changes: Sequence[Change], series: SeriesSet, names: Names) -> list[Finding]:
    """Gaps and sampling changes once each, however many series show them; rhythm and upstream changes each."""
    once = {(c.kind, c.since, c.until): c for c in reversed(changes) if c.kind in _CAPTURE}
    findings = [_capture(change, series.bins.end) for change in once.values()]
    rhythms = [c for c in changes if c.kind is ChangeKind.RHYTHM]
    whole = [c for c in rhythms if c.entity.kind == "scope" and c.counter == "octets"]
    findings += [_rhythm(c, names) for c in whole]
    rest = [c for c in rhythms if c not in whole]
    findings += [_rhythms(rest, names)] if rest else []
    return findings + [_upstream(c, names) for c in changes if c.kind is ChangeKind.UPSTREAM]


def gaps_together(changes: Sequence[Change]) -> tuple[list[Change], list[Finding]]:
    """The changes without the gaps that one finding tells of together where there are many, and that finding."""
    gaps = sorted({(c.since, c.until): c for c in changes if c.kind is ChangeKind.GAP}.values(), key=_length)
    if len(gaps) < _MANY:
        return list(changes), []
    usual = median(_length(gap) for gap in gaps)
    kept = {(gap.since, gap.until) for gap in gaps[-_SINGLY:] if _length(gap) > _UNUSUAL * usual}
    often = [gap for gap in gaps if (gap.since, gap.until) not in kept]
    rest = [c for c in changes if c.kind is not ChangeKind.GAP or (c.since, c.until) in kept]
    return rest, [_gaps(often, longer=len(kept))]


def _length(gap: Change) -> int:
    return (gap.until or gap.since) - gap.since


def _gaps(gaps: Sequence[Change], longer: int) -> Finding:
    """``gaps`` in order of length; ``longer``: how many stand beside it by themselves."""
    shortest, longest, usual = (duration(_length(g)) for g in (gaps[0], gaps[-1], gaps[len(gaps) // 2]))
    since, until = min(g.since for g in gaps), max(g.until or g.since for g in gaps)
    whole = sum(_length(g) for g in gaps)
    lengths = f"each {usual}" if shortest == longest else f"{shortest} to {longest}, {usual} as a rule"
    words = [
        f"Between {instant(since)} and {instant(until)} the capture stopped {len(gaps):,} times, {lengths}.",
        "The time counts as unknown, not as silence: it enters no average and no baseline.",
    ]
    if longer:
        words.insert(1, f"{longer} longer {'gap stands by itself' if longer == 1 else 'gaps stand by themselves'}.")
    return Finding(
        "quality", f"Nothing was captured {len(gaps):,} times, for {duration(whole)} in all", tuple(words),
        max((severity.of_quality(g, until) for g in gaps), key=list(Severity).index), since, until, "capture",
        None, (), (), {"gaps": len(gaps), "seconds": whole / 1e9}, ("What happened in that time is not known.",),
    )  # fmt: skip


def _capture(change: Change, end: int) -> Finding:
    last = change.until if change.until is not None else end
    if change.kind is ChangeKind.GAP:
        title = f"Nothing was captured for {duration(last - change.since)} from {day(change.since)}"
        words = (
            f"From {instant(change.since)} to {instant(last)} no packet or record covers the watched networks.",
            "The time counts as unknown, not as silence: it enters no average and no baseline.",
        )
        limits = ("What happened in that time is not known.",)
    elif change.kind is ChangeKind.INTERMITTENT:
        facts: dict[str, Any] = change.facts
        runs = f"{facts['captures']:,} times, for {duration(round(facts['run'] * 1e9))} as a rule"
        title = f"Captures ran {runs}: {percent(change.ratio)} of the window"
        words = (
            f"Between {instant(change.since)} and {instant(last)} most of the time nothing was captured.",
            "That time counts as unknown, not as silence: rates and changes are those of the times captured.",
        )
        limits = ("Of the traffic between the captures nothing is known; at another time of day it may be another.",)
    else:
        epochs = [f"1:{change.facts[f'interval_{side}']:.6g}" for side in ("before", "after")]
        title = f"Sampling changed from {epochs[0]} to {epochs[1]} on {day(change.since)}"
        words = (
            f"Since {instant(change.since)} one packet in {change.facts['interval_after']:.6g} is seen, "
            f"before it one in {change.facts['interval_before']:.6g}.",
            "Octets and packets are multiplied by the interval in force; flows that sampling misses stay uncounted.",
        )
        limits = ("Numbers of flows and peers before and after it do not compare.",)
    return Finding(
        "quality", title, words, severity.of_quality(change, end), change.since, change.until, "capture", change, (),
        (), {"before": change.before, "after": change.after, "seconds": (last - change.since) / 1e9}, limits,
    )  # fmt: skip


def _rhythm(change: Change, names: Names) -> Finding:
    words = [
        f"The daily and weekly course of {change.counter} of {names.entity(change.entity)} is another one "
        f"since {_when(change)}."
    ]
    words += _told_facts(change)
    title = f"The rhythm of {names.entity(change.entity)} changed, {day(change.since)}"
    return Finding(
        "rhythm", title, tuple(words), Severity.LOW,
        change.since, change.until, str(change.entity), change, (), (), _figures(change),
        ("A rhythm tells when machines and people are active, not who they are.",),
    )  # fmt: skip


def _rhythms(changes: Sequence[Change], names: Names) -> Finding:
    """Those of parts and of other counters, together."""
    first = sorted(changes, key=lambda c: (c.since, str(c.entity), c.counter))
    told = [f"{c.counter} of {names.entity(c.entity)} on {day(c.since)}" for c in first]
    more = f" and {len(told) - 8} more" if len(told) > 8 else ""
    return Finding(
        "rhythm", f"The rhythm of parts of the traffic changed {len(told)} times",
        (f"The daily and weekly course is another one in {', '.join(told[:8])}{more}.",), Severity.INFO,
        first[0].since, None, "parts of the scope", None, (), (), {"changes": told},
    )  # fmt: skip


def _upstream(change: Change, names: Names) -> Finding:
    told = f"changed {times(change.ratio)}"
    if 0 <= change.before <= 1 and 0 <= change.after <= 1:
        told = f"went from {percent(change.before)} to {percent(change.after)}"
    words = [
        f"The share of {names.entity(change.entity)} in {change.counter} {told} since {_when(change)}, "
        f"{times(change.ratio)} {between(change.ratio_low, change.ratio_high)}.",
        *_told_facts(change),
    ]
    title = f"Traffic moved between upstreams: {names.network(change.entity.value)}, {day(change.since)}"
    return Finding(
        "upstream", title, tuple(words),
        Severity.MEDIUM, change.since, change.until, str(change.entity), change, (), (), _figures(change),
        ("Seen is the next AS as the exporter told it.",),
    )  # fmt: skip


def _when(change: Change) -> str:
    return f"{instant(change.since)} (between {day(change.since_low)} and {day(change.since_high)} with 95 %)"


def _told_facts(change: Change) -> list[str]:
    """The detector's numbers, by name: ``weekend share 0.31 before, 0.22 after``."""
    numbers = {name: value for name, value in change.facts.items() if isinstance(value, float)}
    parts = []
    for name, value in numbers.items():
        stem = name.removesuffix("_before")
        if f"{stem}_after" in numbers and stem != name:
            parts.append(f"{stem.replace('_', ' ')} {value:.2g} before, {numbers[f'{stem}_after']:.2g} after")
        elif not name.endswith("_after"):
            parts.append(f"{name.replace('_', ' ')} {value:.3g}")
    return [f"In numbers: {'; '.join(parts)}."] if parts else []


def _figures(change: Change) -> dict[str, object]:
    return {"before": change.before, "after": change.after, "ratio": change.ratio, **change.facts}
