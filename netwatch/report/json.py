"""The report as JSON: everything that the pages say, by the schema in ``schema.json`` (``docs/report.md``)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from netwatch.model.change import Change
from netwatch.model.finding import Composition, Finding
from netwatch.model.taxonomy import family
from netwatch.model.verdict import Verdict
from netwatch.report.choice import counted, main_series
from netwatch.report.clock import Clock
from netwatch.report.rendering import Rendering
from netwatch.report.report import InputFile, Report, Rhythm, TopTable

SCHEMA = "netwatch.report/1"
"""Name and major version: fields may be added under the same number; none changes its meaning or goes."""


class JsonWriter:
    """``report.json``."""

    def write(self, rendering: Rendering, directory: Path) -> list[Path]:
        """Write the one file."""
        path = Path("report.json")
        (directory / path).write_text(evidence(rendering), encoding="utf-8", newline="\n")
        return [path]


def evidence(rendering: Rendering) -> str:
    """The JSON text: keys in the schema's order, NaN and infinities as null, ASCII only, so that it can act nowhere."""
    return json.dumps(plain(document(rendering)), allow_nan=False, indent=1) + "\n"


def document(rendering: Rendering) -> dict[str, Any]:
    """The whole report as values."""
    report, clock = rendering.report, rendering.clock
    return {
        "schema": SCHEMA,
        "title": report.title,
        "subject": report.subject,
        "timezone": clock.name,
        "window": {"since": clock.instant(report.since), "until": clock.instant(report.until)},
        "units": {"octets": "layer-3 octets", "rate": "per second", "share": "of 1"},
        "totals": totals(report),
        "answer": [{"question": question, "words": words} for question, words in report.answer],
        "inputs": [_input(i, clock) for i in report.inputs],
        "findings": [_finding(f, clock) for f in report.findings],
        "changes": [_change(c, clock) for c in report.changes],
        "verdicts": [_verdict(v, clock) for v in report.verdicts],
        "tops": [_top(t) for t in report.tops],
        "rhythms": [_rhythm(r, clock) for r in report.rhythms],
        "figures": {name: {"caption": d.caption, "data": d.data} for name, d in rendering.drawings.items()},
        "tallies": [t.as_json() for t in report.tallies],
        "parameters": report.parameters,
        "versions": report.versions,
        "attribution": report.attribution,
        "names": report.names,
    }


def totals(report: Report) -> dict[str, Any]:
    """What was counted over the window of all that is watched, and how much of it was observed."""
    octets = main_series(report)
    return {
        **{counter: counted(report, counter) for counter in ("octets", "packets", "flows")},
        "coverage": float(np.mean(octets.coverage)) if octets is not None and octets.bins.count else 0.0,
        "bin_seconds": octets.bins.width / 1e9 if octets is not None else None,
    }


def plain(value: Any) -> Any:
    """Values that JSON knows: arrays as lists, NaN as null, enumerations as their text."""
    if isinstance(value, (bool, int, type(None))):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {plain(str(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(str(v)) for v in value)
    return [plain(v) for v in value] if isinstance(value, Sequence) else plain(str(value))


def _input(one: InputFile, clock: Clock) -> dict[str, Any]:
    return {
        "name": one.name,
        "format": one.format,
        "size": one.size,
        "sha256": one.sha256,
        "since": None if one.since is None else clock.instant(one.since),
        "until": None if one.until is None else clock.instant(one.until),
    }


def _finding(finding: Finding, clock: Clock) -> dict[str, Any]:
    return {
        "id": finding.identity,
        "kind": finding.kind,
        "severity": finding.severity,
        "title": finding.title,
        "words": finding.words,
        "subject": finding.subject,
        **_span(finding.since, finding.until, clock),
        "figures": finding.figures,
        "limits": finding.limits,
        "change": None if finding.change is None else _change(finding.change, clock),
        "classes": sorted({v.class_id for v in finding.verdicts}),
        "roles": sorted({v.role for v in finding.verdicts}),
        "compositions": [composition(c) for c in finding.compositions],
    }


def _span(since: int, until: int | None, clock: Clock) -> dict[str, Any]:
    return {"since": clock.instant(since), "until": None if until is None else clock.instant(until)}


def _change(change: Change, clock: Clock) -> dict[str, Any]:
    return {
        "entity": {"kind": change.entity.kind, "value": change.entity.value},
        "counter": change.counter,
        "kind": change.kind,
        **_span(change.since, change.until, clock),
        "since_interval": [clock.instant(change.since_low), clock.instant(change.since_high)],
        "ratio": change.ratio,
        "ratio_interval": [change.ratio_low, change.ratio_high],
        "before": change.before,
        "after": change.after,
        "p_value": change.p_value,
        "detector": change.detector,
        "provisional": change.provisional,
        "facts": change.facts,
    }


def composition(split: Composition) -> dict[str, Any]:
    """A split as ``report.json`` has it; `netwatch explain --json` too."""
    return {
        "counter": split.counter,
        "dimension": split.dimension,
        "total": split.total,
        "residual": split.residual,
        "shares": [
            {
                "cell": s.cell,
                "before": s.before,
                "after": s.after,
                "amount": s.amount,
                "share": s.share,
                "interval": [s.low, s.high],
                "without": {"ratio": s.without.value, "interval": [s.without.low, s.without.high]},
            }
            for s in split.shares
        ],
    }


def _verdict(verdict: Verdict, clock: Clock) -> dict[str, Any]:
    names = ("subject", "peer", "port", "protocol", "posterior", "prior", "confidence", "basis", "transport")
    counts = ("octets", "packets", "flows", "peers")
    return {
        "class": verdict.class_id,
        "family": family(verdict.class_id),
        "role": verdict.role,
        **{name: getattr(verdict, name) for name in names},
        **_span(verdict.since, verdict.until, clock),
        **{name: getattr(verdict, name) for name in counts},
        "evidence": [
            {
                "rule": e.rule,
                "group": e.group,
                "stand": e.stand,
                "observed": e.observed,
                "threshold": e.threshold,
                "weight": e.weight,
                "references": e.references,
            }
            for e in verdict.evidence
        ],
        "alternatives": [{"class": name, "posterior": p} for name, p in verdict.alternatives],
        "quality": verdict.quality,
        "attack_techniques": verdict.attack_techniques,
        "facts": verdict.facts,
    }


def _top(top: TopTable) -> dict[str, Any]:
    rows = [
        {"name": r.name, "detail": r.detail, "octets": r.octets, "packets": r.packets, "flows": r.flows}
        for r in top.rows
    ]
    return {"name": top.name, "octets": top.octets, "rows": rows}


def _rhythm(rhythm: Rhythm, clock: Clock) -> dict[str, Any]:
    return {
        "counter": rhythm.counter,
        "before": {**_span(*rhythm.before_window, clock), "rate": rhythm.before},
        "after": {**_span(*rhythm.after_window, clock), "rate": rhythm.after},
    }
