"""MISP: one event a notice, with ``ddos`` and ``network-connection`` objects and tags (MISP core format)."""

from __future__ import annotations

import re
import uuid
from typing import Any

from netwatch.alert.community_id import of_flow
from netwatch.alert.files import Documents
from netwatch.alert.indicator import telling_side
from netwatch.alert.particulars import TECHNIQUES, address, is_icmp, protocol_name
from netwatch.alert.plaintext import WORDS, line
from netwatch.model.finding import Severity
from netwatch.model.notice import FlowSample, Life, Notice
from netwatch.model.text import day, instant

_OURS = uuid.UUID("8d3f1f0e-5f7a-5c0f-a6ce-0c7d9be2a1f4")
_THREAT = {Severity.HIGH: "1", Severity.MEDIUM: "2", Severity.LOW: "3", Severity.INFO: "4"}
_ANALYSIS = {Life.NEW: "0", Life.ONGOING: "1"}
_RSIT = {
    "dos": 'rsit:availability="ddos"',
    "scan": 'rsit:information-gathering="scanner"',
    "bruteforce": 'rsit:intrusion-attempts="brute-force"',
    "mining": 'rsit:fraud="unauthorized-use-of-resources"',
    "c2": 'rsit:malicious-code="c2-server"',
}
"""By the class's first word: the Reference Security Incident Taxonomy."""
_TEMPLATES = {
    "ddos": ("e2f124d6-f57c-4f93-99e6-8450545fa05d", "10"),
    "network-connection": ("af16764b-f8e5-4603-9de1-de34d272f80b", "7"),
}
_TYPES = {
    "ip-src": "ip-src", "ip-dst": "ip-dst", "src-port": "port", "dst-port": "port", "first-seen": "datetime",
    "last-seen": "datetime", "first-packet-seen": "datetime", "last-packet-seen": "datetime", "total-bps": "integer",
    "total-pps": "integer", "total-bytes-sent": "size-in-bytes", "total-packets-sent": "counter",
    "community-id": "community-id",
}  # fmt: skip
"""Attribute types of the templates' relations; the others are text."""
_NETWORK = ("ip-src", "ip-dst", "port", "community-id")


class MispSink(Documents):
    """A directory of MISP events, ready to be imported."""

    def record(self, notice: Notice) -> dict[str, Any]:
        """The event of a notice: unpublished, for your organisation only, until somebody decides otherwise."""
        return {"Event": event(notice, self.options.tlp)}


def event(notice: Notice, tlp: str) -> dict[str, Any]:
    """The event; later tellings of the same matter are later versions of it (same UUID, later timestamp)."""
    identity = _uuid("event", notice.id, str(notice.since))
    stamp = str(max(0, notice.said // 10**9))
    flood = next((name for name in notice.classes if name.startswith("dos.")), "")
    objects = [_ddos(notice, identity, stamp)] if flood else []
    side = {"source": "ip-src", "destination": "ip-dst"}.get(telling_side(notice), "")
    objects += [_connection(flow, identity, stamp, side) for flow in notice.flows]
    return {
        "uuid": identity,
        "info": f"netwatch: {line(notice.title)}",
        "date": day(notice.since),
        "timestamp": stamp,
        "threat_level_id": _THREAT[notice.severity],
        "analysis": _ANALYSIS.get(notice.life, "2"),
        "distribution": "0",
        "published": False,
        "Tag": [{"name": name} for name in _tags(notice, tlp)],
        "Attribute": [
            _attribute(identity, stamp, "", ("text", "Other", "\n".join(line(words, WORDS) for words in notice.words))),
        ],
        "Object": [o for o in objects if o["Attribute"]],
    }


def _tags(notice: Notice, tlp: str) -> list[str]:
    tags = [f"tlp:{tlp}", f'netwatch:finding="{_word(notice.id)}"', f'netwatch:life="{notice.life}"']
    tags += [f'netwatch:class="{_word(name)}"' for name in notice.classes]
    tags += [_RSIT[top] for name in notice.classes if (top := name.partition(".")[0]) in _RSIT]
    tags += [
        f'misp-galaxy:mitre-attack-pattern="{TECHNIQUES[t]} - {t}"' for t in notice.attack_techniques if t in TECHNIQUES
    ]
    return list(dict.fromkeys(tags))


def _ddos(notice: Notice, identity: str, stamp: str) -> dict[str, Any]:
    until = notice.said if notice.until is None else notice.until
    seconds = max(1e-9, (until - notice.since) / 1e9)
    rows: list[tuple[str, str]] = [("first-seen", instant(notice.since))]
    if notice.until is not None:
        rows.append(("last-seen", instant(notice.until)))
    if victim := address(notice.subject):
        rows.append(("ip-src" if notice.figures.get("role") in ("source", "internal") else "ip-dst", victim))
    for figure, total, rate, factor in (
        ("octets", "total-bytes-sent", "total-bps", 8),
        ("packets", "total-packets-sent", "total-pps", 1),
    ):
        value = notice.figures.get(figure)
        if isinstance(value, int | float) and 0 <= value < 1e18:
            rows += [(total, str(round(value))), (rate, str(round(value * factor / seconds)))]
    if not any(relation in ("ip-src", "ip-dst") for relation, _ in rows):
        rows = []  # the template wants a side
    return _made("ddos", identity, stamp, rows)


def _connection(flow: FlowSample, identity: str, stamp: str, sign: str) -> dict[str, Any]:
    rows = [
        ("first-packet-seen", instant(flow.since, fraction=True)),
        ("last-packet-seen", instant(flow.until, fraction=True)),
    ]
    ends = (("ip-src", flow.source), ("ip-dst", flow.destination))
    rows += [(relation, ip) for relation, text in ends if (ip := address(text))]
    if not is_icmp(flow):
        ports = (("src-port", flow.source_port), ("dst-port", flow.destination_port))
        rows += [(relation, str(port)) for relation, port in ports if port]
    rows.append(("layer3-protocol", "ICMP" if is_icmp(flow) else "IP"))
    if not is_icmp(flow):
        rows.append(("layer4-protocol", protocol_name(flow.protocol)))
    if community := of_flow(flow):
        rows.append(("community-id", community))
    return _made("network-connection", identity, stamp, rows, sign)


def _made(name: str, identity: str, stamp: str, rows: list[tuple[str, str]], sign: str = "") -> dict[str, Any]:
    template, version = _TEMPLATES[name]
    own = _uuid(identity, name, *(f"{relation}={value}" for relation, value in rows))
    attributes = [_attribute(own, stamp, relation, _typed(relation, value)) for relation, value in rows]
    for attribute in attributes:
        attribute["to_ids"] = attribute["object_relation"] == sign
    return {
        "uuid": own,
        "name": name,
        "meta-category": "network",
        "template_uuid": template,
        "template_version": version,
        "timestamp": stamp,
        "distribution": "5",
        "Attribute": attributes,
    }


def _typed(relation: str, value: str) -> tuple[str, str, str]:
    type_ = _TYPES.get(relation, "text")
    return type_, "Network activity" if type_ in _NETWORK else "Other", value


def _attribute(owner: str, stamp: str, relation: str, typed: tuple[str, str, str]) -> dict[str, Any]:
    type_, category, value = typed
    made: dict[str, Any] = {
        "uuid": _uuid(owner, relation, type_, value),
        "type": type_,
        "category": category,
        "value": value,
        "to_ids": False,
        "disable_correlation": type_ not in ("ip-src", "ip-dst", "community-id"),
        "timestamp": stamp,
        "distribution": "5",
    }
    return made | ({"object_relation": relation} if relation else {})


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(_OURS, "|".join(parts).encode(errors="backslashreplace").decode()))


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)[:100]
