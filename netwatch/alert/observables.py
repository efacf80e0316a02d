"""STIX Cyber-observable Objects: addresses, networks and flows, under the deterministic ids of the standard."""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from typing import Any

from netwatch.alert.particulars import address, is_icmp
from netwatch.model.notice import FlowSample, Notice
from netwatch.model.text import instant

_SCO = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace of the standard for observables (2.9)."""
_OURS = uuid.UUID("5a0a5ca6-21a0-5b8f-9d0c-6c3b3f6d4e17")
"""Our namespace, for every other object."""
_TRANSPORT = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6", 132: "sctp"}


def stix_id(kind: str, what: str) -> str:
    """The id of an object of ours, the same for the same words."""
    return f"{kind}--{uuid.uuid5(_OURS, f'{kind}|{what}'.encode(errors='backslashreplace').decode())}"


def observable_id(kind: str, contributing: dict[str, Any]) -> str:
    """The id of an observable: over its ID Contributing Properties as canonical JSON (RFC 8785)."""
    canonical = json.dumps(contributing, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{kind}--{uuid.uuid5(_SCO, canonical)}"


def stix_time(nanoseconds: int) -> str:
    """``2026-11-23T21:00:00.000Z``: milliseconds, as object versions have them."""
    return f"{instant(nanoseconds).rstrip('Z')}.{nanoseconds // 1_000_000 % 1000:03d}Z"


def _flow_time(nanoseconds: int) -> str:
    """To the microsecond, without zeros that say nothing: the form in which other producers derive ids from it."""
    return instant(nanoseconds // 1000 * 1000, fraction=True)


def observables(notice: Notice) -> list[dict[str, Any]]:
    """What the notice is about: its flows with both ends, and its subject where that is a network or address."""
    found: dict[str, dict[str, Any]] = {}
    subject = _address(notice.subject) or _system(notice.subject)
    for one in ([subject] if subject else []) + [o for flow in notice.flows for o in _traffic(flow)]:
        found.setdefault(one["id"], one)
    return list(found.values())


def _address(text: str) -> dict[str, Any] | None:
    """An address or, in CIDR notation, a block of them."""
    try:
        value = address(text) or (str(ipaddress.ip_network(text, strict=False)) if "/" in text else "")
    except ValueError:
        return None
    return _observable("ipv6-addr" if ":" in value else "ipv4-addr", {"value": value}) if value else None


def _system(text: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"(?:asn )?AS(\d{1,10})", text, re.ASCII)
    return _observable("autonomous-system", {"number": int(match[1])}) if match else None


def _observable(kind: str, contributing: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": observable_id(kind, contributing), **contributing}


def _traffic(flow: FlowSample) -> list[dict[str, Any]]:
    ends = [_address(address(flow.source)), _address(address(flow.destination))]
    source, destination = ends
    if source is None or destination is None:
        return [end for end in ends if end is not None]
    contributing: dict[str, Any] = {
        "start": _flow_time(flow.since),
        "end": _flow_time(max(flow.since, flow.until)),
        "src_ref": source["id"],
        "dst_ref": destination["id"],
        "protocols": ["ipv6" if ":" in source["value"] else "ipv4", _TRANSPORT.get(flow.protocol, str(flow.protocol))],
    }
    if is_icmp(flow):
        type_, code = divmod(flow.destination_port, 256)
        contributing["extensions"] = {"icmp-ext": {"icmp_type_hex": f"{type_:02x}", "icmp_code_hex": f"{code:02x}"}}
    elif flow.protocol in (6, 17, 132):
        contributing |= {"src_port": flow.source_port, "dst_port": flow.destination_port}
    # The standard wants is_active where there is an end; it does not count towards the id.
    return [source, destination, _observable("network-traffic", contributing) | {"is_active": False}]
