"""Elastic Common Schema 8: one document a notice, as JSON lines (elastic.co, "ECS Field Reference")."""

from __future__ import annotations

from typing import Any

from netwatch.alert.community_id import of_flow
from netwatch.alert.files import JsonLines
from netwatch.alert.particulars import TECHNIQUES, address, first_class, is_icmp, particulars, protocol_name
from netwatch.alert.plaintext import WORDS, line
from netwatch.model.finding import Severity
from netwatch.model.notice import FlowSample, Notice
from netwatch.model.text import instant
from netwatch.version import __version__

VERSION = "8.11.0"
_SEVERITY = {Severity.INFO: 1, Severity.LOW: 21, Severity.MEDIUM: 47, Severity.HIGH: 73}
"""On Elastic's scale to 100."""
_ICMP6 = 58


class EcsSink(JsonLines):
    """JSON lines in the Elastic Common Schema, version 8."""

    def record(self, notice: Notice) -> dict[str, Any]:
        """The document of a notice; what ECS has no field for stands under ``netwatch``."""
        found: dict[str, Any] = {
            "@timestamp": instant(notice.said, fraction=True),
            "ecs": {"version": VERSION},
            "message": line(notice.title),
            "event": _event(notice),
            "rule": {
                "id": line(first_class(notice)),
                "name": line(notice.title),
                "category": line(notice.kind),
                "ruleset": "netwatch",
            },
            "observer": {"vendor": "netwatch", "product": "netwatch", "type": "ids", "version": __version__},
            "tags": ["netwatch", str(notice.life)],
        }
        if notice.attack_techniques:
            found["threat"] = _threat(notice.attack_techniques)
        if notice.flows:
            found |= _flow(notice.flows[0])
        if related := _related(notice):
            found["related"] = {"ip": related}
        return found | {"netwatch": particulars(notice)}


def _event(notice: Notice) -> dict[str, Any]:
    intrusion = notice.kind in ("mining", "attack")
    event: dict[str, Any] = {
        "kind": "alert",
        "category": ["network", "intrusion_detection"] if intrusion else ["network"],
        "type": ["info"],
        "action": str(notice.life),
        "id": line(notice.key),
        "code": line(first_class(notice)),
        "provider": "netwatch",
        "module": "netwatch",
        "dataset": "netwatch.alert",
        "severity": _SEVERITY[notice.severity],
        "reason": " ".join(line(words, WORDS) for words in notice.words[:3]),
        "created": instant(notice.said, fraction=True),
        "start": instant(notice.since, fraction=True),
    }
    if notice.until is not None:
        event["end"] = instant(notice.until, fraction=True)
        event["duration"] = max(0, notice.until - notice.since)
    return event


def _threat(techniques: tuple[str, ...]) -> dict[str, Any]:
    technique: dict[str, Any] = {"id": [line(t) for t in techniques]}
    if all(t in TECHNIQUES for t in techniques):
        technique["name"] = [TECHNIQUES[t] for t in techniques]
    return {"framework": "MITRE ATT&CK", "technique": technique}


def _flow(flow: FlowSample) -> dict[str, Any]:
    network: dict[str, Any] = {
        "transport": "ipv6-icmp" if flow.protocol == _ICMP6 else protocol_name(flow.protocol).lower(),
        "iana_number": str(flow.protocol),
        "bytes": flow.octets,
        "packets": flow.packets,
    }
    if community := of_flow(flow):
        network["community_id"] = community
        network["type"] = "ipv6" if ":" in flow.source else "ipv4"
    return {
        "source": _end(flow.source, flow.source_port),
        "destination": _end(flow.destination, 0 if is_icmp(flow) else flow.destination_port),
        "network": network,
    }


def _end(text: str, port: int) -> dict[str, Any]:
    found: dict[str, Any] = {"address": line(text)}
    if ip := address(text):
        found["ip"] = ip
    if port:
        found["port"] = port
    return found


def _related(notice: Notice) -> list[str]:
    named = [notice.subject, *(end for flow in notice.flows for end in (flow.source, flow.destination))]
    return sorted({ip for text in named if (ip := address(text))})
