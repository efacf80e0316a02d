"""``Sighting``: a finding as one pass sees it, in values that can be kept and compared."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from netwatch.model.address import text
from netwatch.model.change import Change
from netwatch.model.finding import Finding
from netwatch.model.notice import FlowSample
from netwatch.model.taxonomy import CODE
from netwatch.model.verdict import Verdict

SAMPLES = 5
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


def sighted(finding: Finding, flows: Any, watches: Sequence[str]) -> Sighting:
    """The finding with some of the flows behind it; ``flows``: an Ibis table, or None; ``watches``: names by index."""
    change, verdicts = finding.change, finding.verdicts
    samples: list[dict[str, Any]] = []
    watch = ""
    if flows is not None and verdicts:
        samples, watch = _samples(flows, verdicts[0], watches)
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
        _plain(finding.figures), samples, slack,
        float(sum(v.octets for v in verdicts)) if verdicts else 0.0,
        "" if change is None else change_name(change),
        [_plain(asdict(verdict)) for verdict in verdicts[:VERDICTS]],
    )  # fmt: skip


def change_name(change: Change) -> str:
    """What a change is a change of; together with its beginning it names the change."""
    return f"{change.kind}|{change.entity.kind}|{change.entity.value}|{change.counter}"


def _samples(flows: Any, verdict: Verdict, watches: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """A few flows of a verdict's class and subject, and the watch group that claims it."""
    try:
        network = ipaddress.ip_network(verdict.subject, strict=False)
    except ValueError:
        return [], ""
    low, high = (_octets(int(edge), network.version) for edge in (network.network_address, network.broadcast_address))
    touching = flows.source_address.between(low, high) | flows.destination_address.between(low, high)
    touching &= flows.traffic_class == CODE[verdict.class_id]
    rows = flows.filter(touching).order_by(["flow_start", "first_frame"]).limit(SAMPLES).to_pyarrow().to_pylist()
    if not rows:
        return [], ""
    index = int(rows[0]["watch"])
    return [asdict(_sample(row)) for row in rows], watches[index] if index < len(watches) else ""


def _octets(number: int, version: int) -> bytes:
    return (number if version == 6 else number | 0xFFFF << 32).to_bytes(16, "big")


def _sample(row: dict[str, Any]) -> FlowSample:
    start, end = (int(np.datetime64(row[name], "ns").astype(np.int64)) for name in ("flow_start", "flow_end"))
    ends = [int.from_bytes(row[f"{side}_address"], "big") for side in ("source", "destination")]
    source, destination = (text(end >> 64, end & 0xFFFF_FFFF_FFFF_FFFF) for end in ends)
    return FlowSample(
        source, destination, row["source_transport_port"], row["destination_transport_port"],
        row["protocol_identifier"], start, end,
        row["octet_delta_count"] + row["reverse_octet_delta_count"],
        row["packet_delta_count"] + row["reverse_packet_delta_count"],
    )  # fmt: skip


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
