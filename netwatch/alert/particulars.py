"""What every machine-readable record says of a notice beyond its format's own fields, and words that formats share."""

from __future__ import annotations

import ipaddress
from typing import Any

from netwatch.alert.community_id import ICMP, ICMP6, SCTP, TCP, UDP, of_flow
from netwatch.alert.plaintext import WORDS, json_ready, line
from netwatch.model.notice import FlowSample, Notice
from netwatch.model.text import instant

PROTOCOLS = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", 47: "GRE", 50: "ESP", ICMP6: "IPv6-ICMP", SCTP: "SCTP"}

TECHNIQUES = {
    "T1046": "Network Service Discovery",
    "T1110": "Brute Force",
    "T1110.001": "Password Guessing",
    "T1496": "Resource Hijacking",
    "T1496.001": "Compute Hijacking",
    "T1498": "Network Denial of Service",
    "T1498.001": "Direct Network Flood",
    "T1498.002": "Reflection Amplification",
    "T1499": "Endpoint Denial of Service",
    "T1499.001": "OS Exhaustion Flood",
    "T1499.002": "Service Exhaustion Flood",
    "T1595": "Active Scanning",
    "T1595.001": "Scanning IP Blocks",
}
"""Names of the ATT&CK techniques that netwatch speaks of."""


def particulars(notice: Notice) -> dict[str, Any]:
    """All that a notice says; ``key`` comes first, by which a repeat is told."""
    return {
        "key": line(notice.key),
        "id": line(notice.id),
        "kind": line(notice.kind),
        "life": str(notice.life),
        "severity": str(notice.severity),
        "title": line(notice.title),
        "words": [line(words, WORDS) for words in notice.words],
        "since": instant(notice.since, fraction=True),
        "until": None if notice.until is None else instant(notice.until, fraction=True),
        "subject": line(notice.subject),
        "watch": line(notice.watch),
        "classes": [line(name) for name in notice.classes],
        "attack_techniques": [line(name) for name in notice.attack_techniques],
        "figures": json_ready(notice.figures),
        "flows": [flow_particulars(flow) for flow in notice.flows],
    }


def flow_particulars(flow: FlowSample) -> dict[str, Any]:
    """One flow, with its Community ID."""
    return {
        "source": line(flow.source),
        "source_port": flow.source_port,
        "destination": line(flow.destination),
        "destination_port": flow.destination_port,
        "protocol": protocol_name(flow.protocol),
        "community_id": of_flow(flow),
        "since": instant(flow.since, fraction=True),
        "until": instant(flow.until, fraction=True),
        "octets": flow.octets,
        "packets": flow.packets,
    }


def protocol_name(number: int) -> str:
    """The name of an IP protocol, or its number as text."""
    return PROTOCOLS.get(number, str(number))


def is_icmp(flow: FlowSample) -> bool:
    """Whether the destination port is a type and code."""
    return flow.protocol in (ICMP, ICMP6)


def address(text: str) -> str:
    """The text as an address in its one canonical form, or an empty text where it is none.

    A zone (``fe80::1%eth0``) makes it none: it would carry any text along.
    """
    try:
        return "" if "%" in text else str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def first_class(notice: Notice) -> str:
    """The first class of the taxonomy, or the kind where there is none."""
    return notice.classes[0] if notice.classes else notice.kind
