"""A change in one line and in one sentence."""

from __future__ import annotations

import math

from netwatch.explain.words import Names, amount, appeared, between, counted, spans, times, when
from netwatch.model.change import Change, ChangeKind
from netwatch.model.text import day, instant

LEVELS = (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP)
PASSING = (ChangeKind.EPISODE, ChangeKind.SPIKE, ChangeKind.DROP)
_SAME = 0.03
"""Difference of two ratios, as a logarithm, that needs no word."""
_APART = math.log(1.5)
"""Difference of two ratios, as a logarithm, from which on they tell of different changes."""
_COUNTED = {"octets": "Volume", "packets": "Packets", "flows": "Flows", "peers": "Distinct peers"}


def title(change: Change, names: Names, window: int) -> str:
    """One line: ``VPN traffic (benign.vpn) appeared: 3.4 Mbit/s, 2017-01-22``; ``window`` is the run's length, ns."""
    what = _what(change, names)
    if change.kind is ChangeKind.RECORD:
        much = "" if change.counter == "peers" else f"{amount(change.after, change.counter)}, "
        return f"{what} at {much}{_record(change)}, {when(change.since, window)}"
    if change.kind in PASSING:
        usual = "next to nothing before" if appeared(change) else f"{times(change.ratio)} the usual level"
        until = when(change.since, window) if change.until is None else spans(change.since, change.until)
        much = "" if change.counter == "peers" else f"{amount(change.after, change.counter)}, "
        return f"{what} at {much}{usual}, {until}"
    if appeared(change):
        if change.counter == "peers":
            return f"{what} appeared, {when(change.since, window)}"
        return f"{what} appeared: {amount(change.after, change.counter)}, {when(change.since, window)}"
    up, down = ("grew", "shrank") if change.kind is ChangeKind.RAMP else ("rose", "fell")
    until = f" to {day(change.until)}" if change.until is not None else ""
    moved = f"{up if change.ratio >= 1 else down} to {times(change.ratio)}"
    if (plain := otherwise(change)) is not None:
        what = what[0].lower() + what[1:] if what.startswith(tuple(_COUNTED.values())) else what
        what, moved = f"Typical {what}", f"{moved} (its mean to {times(plain)})"
    return f"{what} {moved}, {when(change.since, window)}{until}"


def otherwise(change: Change) -> float | None:
    """The ratio of the two mean rates where it tells of another change than the fitted one, that of a typical bin."""
    if change.kind not in LEVELS or not (change.before > 0 < change.after < math.inf and change.ratio > 0):
        return None
    plain = change.after / change.before
    within = change.ratio_low <= plain <= change.ratio_high
    return None if within or abs(math.log(plain / change.ratio)) < _APART else plain


def _what(change: Change, names: Names) -> str:
    whose = names.entity(change.entity)
    if change.entity.kind == "scope":
        return _COUNTED[change.counter]
    if change.entity.kind in ("class", "upstream") and change.counter == "octets":
        return whose[0].upper() + whose[1:]
    return f"{_COUNTED[change.counter]} of {whose}"


def headline(change: Change, names: Names, window: int) -> str:
    """The numbers of a change with their intervals."""
    if change.kind is ChangeKind.RECORD:
        return _record_words(change, names)
    ratio = f"{times(change.ratio)} {between(change.ratio_low, change.ratio_high)}"
    if appeared(change):
        ratio = "from next to nothing"
    rates = f"from {amount(change.before, change.counter)} to {amount(change.after, change.counter)}"
    if change.counter == "peers":
        rates = "as distinct addresses in a bin"
    since = f"since {when(change.since, window)}"
    if day(change.since_low) < day(change.since_high):
        since += f" (begin between {day(change.since_low)} and {day(change.since_high)} with 95 %)"
    if change.until is not None:
        since += f" until {when(change.until, window)}"
    p = "" if math.isnan(change.p_value) else f", {chance(change.p_value)}"
    kind = change.kind.capitalize()
    words = f"{kind} of {change.counter} of {names.entity(change.entity)}: {ratio}, {rates}, {since}{p}."
    return f"{words}{_means(change)}{_set(change)}"


def _record(change: Change) -> str:
    """``the highest hour in 14 months``."""
    facts = change.facts
    hours = float(str(facts["hours"]))
    what = "hour" if hours == 1 else f"{hours:g} hours" if hours > 1 else "bin"
    return f"the {facts['record']} {what} in {counted(float(str(facts['months'])), 'month')}"


def _record_words(change: Change, names: Names) -> str:
    ever = ", all that was seen" if change.facts["ever_seen"] else ""
    rates = ""
    if change.counter != "peers":
        rates = f": {amount(change.after, change.counter)} after {amount(change.before, change.counter)}"
    before, best = _minute(str(change.facts["record_before"])), change.facts["record"]
    return (
        f"{_record(change)[4:].capitalize()}{ever}, of {change.counter} of {names.entity(change.entity)}, "
        f"{_minute(instant(change.since))}{rates}, {times(change.ratio)} the {best} of the year before ({before})."
    )


def _set(change: Change) -> str:
    """That a spike or drop set a record, where it did."""
    return f" It holds {_record(change)}." if "record" in change.facts else ""


def _minute(text: str) -> str:
    """``2019-03-02 14:00 UTC``."""
    return f"{text[:10]} {text[11:16]} UTC"


def _means(change: Change) -> str:
    """Why the ratio is not that of the two rates, where it is another."""
    if appeared(change) or change.kind not in LEVELS or not (change.before > 0 < change.after < math.inf):
        return ""
    plain = change.after / change.before
    if not change.ratio > 0 or abs(math.log(plain / change.ratio)) < _SAME:
        return ""
    return (
        f" The two mean rates alone give {times(plain)}: the ratio is that of typical bins, fitted to logarithms, with "
        "rhythm, growth and single high hours taken out."
    )


def chance(p: float) -> str:
    """``p = 0.012``; what is too small to mean its digits as a bound."""
    return "p < 1e-6" if p < 1e-6 else f"p = {p:.2g}"
