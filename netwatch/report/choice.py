"""What of a report is put first: its main series, its main rise, its verdicts by weight."""

from __future__ import annotations

import math

import numpy as np

from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Finding
from netwatch.model.series import Series
from netwatch.model.taxonomy import family
from netwatch.model.verdict import Verdict
from netwatch.report.report import Report
from netwatch.report.words import about_capture

SECTIONS = (
    "summary", "volume", "composition", "classes", "rhythm", "episodes", "mining", "attacks", "tops", "findings",
    "method", "inputs", "account", "attribution",
)  # fmt: skip
ALWAYS = ("summary", "account")
"""No report leaves out its answer, nor what that does not rest on."""
_LEVELS = (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP)


def main_series(report: Report, counter: str = "octets") -> Series | None:
    """The series of all that is watched."""
    for kind in ("scope", "watch", "direction"):
        found = report.series.of(kind, counter)
        whole = [s for s in found if s.entity.value == "all"]
        if found:
            return (whole or found)[0]
    return None


def counted(report: Report, counter: str) -> float | None:
    """What was counted over the window of all that is watched, corrected for sampling alone; None where unknown."""
    values = report.series.counted.get(counter)
    return None if values is None else float(values.sum())


def nothing_found(report: Report) -> str:
    """What is said where there is no finding; it differs by whether there was anything to look at."""
    octets = main_series(report)
    if octets is None:
        outside = sum(d.units for t in report.tallies if t.stage == "scope" for d in t.dropped.values())
        why = f": {outside:,} flows were read, none of them its own" if outside else ""
        return f"No finding: nothing was observed of {report.subject}{why}."
    if not np.isfinite(octets.values).any():
        return "No finding: what was observed is too short for a rate."
    return "No finding: no series left its baseline and no fingerprint matched."


def changes_of(report: Report, series: Series) -> list[Change]:
    """The changes of one series, in order of time."""
    mine = [c for c in report.changes if c.entity == series.entity and c.counter == series.counter]
    return sorted(mine, key=lambda c: (c.since, c.kind))


def telling(changes: list[Change], most: int) -> list[Change]:
    """The changes of the network most worth a label: levels before points, larger before smaller; in order of time."""

    def weight(change: Change) -> tuple[bool, float]:
        size = abs(math.log(change.ratio)) if change.ratio > 0 and math.isfinite(change.ratio) else 0.0
        return change.kind in _LEVELS, size

    own = [c for c in changes if not about_capture(c)]
    return sorted(sorted(own, key=weight, reverse=True)[:most], key=lambda c: c.since)


def main_rise(report: Report) -> Finding | None:
    """The finding whose composition is drawn: the first about volume that has one, octets before other counters."""
    volume = [f for f in report.findings if f.kind == "volume" and any(c.shares for c in f.compositions)]
    octets = [f for f in volume if f.change is not None and f.change.counter == "octets"]
    return next(iter(octets or volume), None)


def verdicts_of(report: Report, *families: str) -> list[Verdict]:
    """The reported verdicts of some families, most probable first, then by octets."""
    chosen = [v for v in report.verdicts if family(v.class_id) in families and v.posterior >= 0.5]
    return sorted(chosen, key=lambda v: (-v.posterior, -v.octets, v.class_id, v.subject, v.peer, v.since))
