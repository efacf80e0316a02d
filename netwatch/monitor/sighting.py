"""``Sighting``: a finding as one pass sees it, in values that can be kept and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from netwatch.model.change import Change
from netwatch.model.finding import Finding
from netwatch.monitor.samples import Sample

VERDICTS = 3
"""Verdicts that are kept of a finding with all their evidence."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """``until`` None: still going on. ``slack`` (ns): how far the beginning may move from pass to pass and be the same;
    None where what overlaps in time is the same. ``weight``: octets by which growth is told. ``change``: name
    of the change that it rests on, by :func:`change_name`.
    """

    id: str
    kind: str
    severity: str
    title: str
    words: list[str]
    since: int
    until: int | None
    subject: str
    watch: str = ""
    classes: list[str] = field(default_factory=list)
    attack_techniques: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    flows: list[dict[str, Any]] = field(default_factory=list)
    slack: int | None = None
    weight: float = 0.0
    change: str = ""
    verdicts: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


def sighted(finding: Finding, samples: Sequence[Sample] = (), watches: Sequence[str] = ()) -> Sighting:
    """The finding with some of the flows behind it; ``watches``: names of the watch groups by index."""
    change, verdicts = finding.change, finding.verdicts
    index = samples[0].watch if samples else len(watches)
    watch = watches[index] if index < len(watches) else ""
    if change is not None and change.entity.kind == "watch":
        watch = change.entity.value
    slack = None
    if change is not None:
        slack = max(86_400 * 10**9, change.since_high - change.since_low)
    return Sighting(
        finding.identity, finding.kind, str(finding.severity), finding.title, list(finding.words),
        finding.since, finding.until, finding.subject, watch,
        sorted({v.class_id for v in verdicts}),
        sorted({t for v in verdicts for t in v.attack_techniques}),
        sorted({v.port for v in verdicts if v.port}),
        sorted({v.peer for v in verdicts if v.peer}),
        _plain(finding.figures), [asdict(sample.flow) for sample in samples], slack,
        float(sum(v.octets for v in verdicts)) if verdicts else 0.0,
        "" if change is None else change_name(change),
        [_plain(asdict(verdict)) for verdict in verdicts[:VERDICTS]],
    )  # fmt: skip


def change_name(change: Change) -> str:
    """What a change is a change of; together with its beginning it names the change."""
    return f"{change.kind}|{change.entity.kind}|{change.entity.value}|{change.counter}"


def _plain(value: Any) -> Any:
    """JSON-ready values; what is no finite number is None."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, int | str | bool | None) else str(value)
