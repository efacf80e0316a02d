"""Suricata's EVE: one ``alert`` record a notice, as JSON lines (docs.suricata.io, "EVE JSON Format")."""

from __future__ import annotations

import hashlib
from typing import Any

from netwatch.alert.community_id import of_flow
from netwatch.alert.files import JsonLines
from netwatch.alert.particulars import address, first_class, is_icmp, particulars, protocol_name
from netwatch.alert.plaintext import line
from netwatch.model.finding import Severity
from netwatch.model.notice import FlowSample, Notice
from netwatch.model.taxonomy import CODE
from netwatch.model.text import instant

GENERATOR = 9001
"""``gid``: keeps our ``signature_id`` apart from those of rules (gid 1)."""
_OTHER = 10_000
_KINDS = ("volume", "mining", "attack", "rhythm", "upstream", "quality")
_SEVERITY = {Severity.HIGH: 1, Severity.MEDIUM: 2, Severity.LOW: 3, Severity.INFO: 4}
_CATEGORY = {
    "mining": "Crypto Currency Mining Activity Detected",
    "dos": "Detection of a Denial of Service Attack",
    "scan": "Detection of a Network Scan",
    "bruteforce": "Attempted User Privilege Gain",
    "c2": "Malware Command and Control Activity Detected",
}
"""By the class's first word; the words are those of Suricata's classification.config."""


class EveSink(JsonLines):
    """JSON lines in the shape of Suricata's EVE alerts, with Community ID."""

    def record(self, notice: Notice) -> dict[str, Any]:
        """The record of a notice; its first flow gives the addresses, the others stand in ``netwatch.flows``."""
        first = notice.flows[0] if notice.flows else None
        return {
            "timestamp": eve_time(notice.said),
            "flow_id": flow_id(notice, first),
            "event_type": "alert",
            **(_tuple(first) if first else _subject(notice)),
            "alert": _alert(notice),
            **({"flow": {"start": eve_time(first.since)}} if first else {}),
            "netwatch": particulars(notice),
        }


def flow_id(notice: Notice, flow: FlowSample | None) -> int:
    """The same for the same flow whenever it is told; 53 bits, as in Suricata, so that JavaScript keeps it whole."""
    what = f"{of_flow(flow)}|{flow.since}" if flow else f"finding|{notice.id}"
    return int.from_bytes(hashlib.sha256(what.encode(errors="surrogatepass")).digest()[:8]) >> 11


def eve_time(nanoseconds: int) -> str:
    """``2026-11-23T21:00:00.000000+0000``."""
    return f"{instant(nanoseconds).rstrip('Z')}.{nanoseconds // 1000 % 1_000_000:06d}+0000"


def _tuple(flow: FlowSample) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for side, text, port in (
        ("src", flow.source, flow.source_port),
        ("dest", flow.destination, flow.destination_port),
    ):
        if ip := address(text):
            known[f"{side}_ip"] = ip
        if not is_icmp(flow):
            known[f"{side}_port"] = port
    known["proto"] = protocol_name(flow.protocol)
    if is_icmp(flow):
        known["icmp_type"], known["icmp_code"] = divmod(flow.destination_port, 256)
    if community := of_flow(flow):
        known["community_id"] = community
    return known


def _subject(notice: Notice) -> dict[str, Any]:
    who = address(notice.subject)
    return {"src_ip": who} if who else {}


def _alert(notice: Notice) -> dict[str, Any]:
    name = first_class(notice)
    number = CODE.get(name)
    if number is None:
        number = _OTHER + (_KINDS.index(notice.kind) if notice.kind in _KINDS else len(_KINDS))
    return {
        "action": "allowed",
        "gid": GENERATOR,
        "signature_id": number,
        "rev": 1,
        "signature": f"netwatch {line(notice.title)}",
        "category": _CATEGORY.get(name.partition(".")[0], "Misc activity"),
        "severity": _SEVERITY[notice.severity],
        "metadata": {
            "finding_id": [line(notice.id)],
            "life": [str(notice.life)],
            "class": [line(name)],
            **({"mitre_technique_id": [line(t) for t in notice.attack_techniques]} if notice.attack_techniques else {}),
        },
    }
