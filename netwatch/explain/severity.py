"""How much a finding asks for attention: the rules, in one place.

* Mining: high when confirmed, medium when likely, low when suspected or a mere contact.
* Attack: high when the watched side is its source or reflects it and it is at least likely; medium when it is the
  target of a flood, of guessing or of an exploit; low for scans, backscatter, and all that is only suspected.
* Volume: medium from a factor of 2 (passing: 3) up or down, low from 1.2, else info; where the mean rates tell of
  another factor than typical bins do, the one nearer to 1 counts.
* Quality: medium for a gap of a day or more, else low. Upstream: medium. Rhythm: low.
"""

from __future__ import annotations

import math

from netwatch.explain.headline import otherwise
from netwatch.explain.windows import DAY
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Severity
from netwatch.model.verdict import Verdict

_PASSING = (ChangeKind.EPISODE, ChangeKind.SPIKE, ChangeKind.DROP)


def of_mining(verdict: Verdict) -> Severity:
    """Severity of mining."""
    if verdict.class_id == "mining.contact":
        return Severity.LOW
    return {"confirmed": Severity.HIGH, "likely": Severity.MEDIUM}.get(verdict.confidence, Severity.LOW)


def of_attack(verdict: Verdict) -> Severity:
    """Severity of an attack."""
    if verdict.confidence == "suspected" or verdict.class_id == "dos.backscatter":
        return Severity.LOW
    if verdict.role in ("source", "reflector", "internal"):
        return Severity.HIGH
    return Severity.LOW if verdict.class_id.startswith("scan.") else Severity.MEDIUM


def of_volume(change: Change) -> Severity:
    """Severity of a change of volume."""
    told = (change.ratio, otherwise(change))
    ratio = min(max(r, 1 / r) if r > 0 and math.isfinite(r) else math.inf for r in told if r is not None)
    if math.isnan(change.ratio) or change.kind is ChangeKind.RECORD:
        return Severity.INFO
    if ratio >= (3 if change.kind in _PASSING else 2):
        return Severity.MEDIUM
    return Severity.LOW if ratio >= 1.2 else Severity.INFO


def of_quality(change: Change, end: int) -> Severity:
    """Severity of something about the capture."""
    long = change.kind is ChangeKind.GAP and (change.until or end) - change.since >= DAY
    return Severity.MEDIUM if long else Severity.LOW
