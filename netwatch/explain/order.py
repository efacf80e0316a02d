"""The order in which findings are told: what the run was asked first, then by what matters to whoever is watched."""

from __future__ import annotations

from netwatch.explain.headline import LEVELS
from netwatch.model.finding import Finding, Severity

_SEVERITIES = [*Severity]
OVERALL = "overall"
"""Detector of the finding over the whole window."""


def rank(finding: Finding) -> tuple[int, int, int, int, str, str]:
    """Key to sort by: group, severity, time, names."""
    severity = -_SEVERITIES.index(finding.severity)
    within = severity if finding.kind in ("mining", "attack") else 0
    contact = any(v.class_id == "mining.contact" for v in finding.verdicts[:1])
    small = finding.kind == "attack" and not any(v.class_id.startswith("dos.") for v in finding.verdicts[:1])
    return _group(finding), within, int(contact or small), finding.since, finding.subject, finding.title


def _group(finding: Finding) -> int:
    """Overall, lasting changes of the scope, mining, attacks, short departures of the scope, rhythm, upstream, parts,
    the capture, and last what is told in sum.
    """
    change = finding.change
    if finding.kind == "volume":
        if change is None:
            return 10
        if change.detector == OVERALL:
            return 0
        if change.entity.kind == "scope":
            if change.kind not in LEVELS:
                return 5
            return 1 if change.counter == "octets" else 2
        return 7 if change.entity.kind == "upstream" else 8
    if finding.kind == "rhythm":
        return 6 if change is not None else 10
    return {"mining": 3, "attack": 4, "upstream": 7, "quality": 9}[finding.kind]
