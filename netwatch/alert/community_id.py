"""Community ID version 1: one name for a flow that other tools give it too (corelight/community-id-spec)."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct

from netwatch.model.notice import FlowSample

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
_PAIRS = {
    ICMP: ((8, 0), (13, 14), (15, 16), (10, 9), (17, 18)),
    ICMP6: ((128, 129), (130, 131), (133, 134), (135, 136), (139, 140), (144, 145)),
}
_ANSWERS = {proto: {**dict(pairs), **{b: a for a, b in pairs}} for proto, pairs in _PAIRS.items()}
"""The type that answers a type of message, both ways."""


def community_id(source: str, destination: str, protocol: int, ports: tuple[int, int], seed: int = 0) -> str:
    """The ID of a flow; ``ports`` are type and code for ICMP of either version.

    Raises:
        ValueError: not an address.

    """
    sender, receiver = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    ours, theirs = ports
    one_way = False
    if protocol in _ANSWERS:
        answer = _ANSWERS[protocol].get(ours)
        one_way, theirs = answer is None, theirs if answer is None else answer
    if not one_way and (receiver, theirs) < (sender, ours):
        sender, receiver, ours, theirs = receiver, sender, theirs, ours
    octets = struct.pack("!H", seed) + sender + receiver + bytes((protocol, 0))
    if protocol in (ICMP, TCP, UDP, ICMP6, SCTP):
        octets += struct.pack("!HH", ours, theirs)
    return "1:" + base64.b64encode(hashlib.sha1(octets, usedforsecurity=False).digest()).decode()


def of_flow(flow: FlowSample) -> str:
    """The ID of a flow, or an empty text where its addresses are none."""
    ports = (flow.source_port, flow.destination_port)
    if flow.protocol in _ANSWERS:
        ports = divmod(flow.destination_port, 256)  # as in NetFlow: type * 256 + code
    try:
        return community_id(flow.source, flow.destination, flow.protocol, ports)
    except ValueError:
        return ""
