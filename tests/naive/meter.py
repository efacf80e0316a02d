"""The Metering Process in plain Python: a dict of flows, packet by packet. Slow and obvious."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

FIN, SYN, RST, ACK = 1, 2, 4, 16
S = 1_000_000_000
REQUESTS = {(1, 0): 8, (1, 14): 13, (1, 16): 15, (1, 18): 17, (58, 129): 128}


@dataclass
class Flow:
    key: tuple[Any, ...]
    first: int
    last: int
    orientation: int
    origin: tuple[int, ...]
    octets: list[int] = field(default_factory=lambda: [0, 0])
    packets: list[int] = field(default_factory=lambda: [0, 0])
    payload: list[int] = field(default_factory=lambda: [0, 0])
    flags: list[int] = field(default_factory=lambda: [0, 0])
    fins: set[int] = field(default_factory=set)
    reset: bool = False
    sizes: list[int] = field(default_factory=list)
    fragments: int = 0
    cut: int = 0
    duplicates: int = 0
    recent: list[tuple[int, ...]] = field(default_factory=list)
    payloads: list[tuple[int, int, int, bytes]] = field(default_factory=list)  # time, direction, fresh octets, captured
    expected: dict[int, int] = field(default_factory=dict)
    reason: int = 0

    @property
    def closed(self) -> bool:
        return self.reset or self.fins == {0, 1}


class NaiveMeter:
    def __init__(self, active: int = 1800 * S, idle: int = 60 * S, linger: int = 15 * S, dedupe: bool = False) -> None:
        self.active, self.idle, self.linger, self.dedupe = active, idle, min(linger, idle), dedupe
        self.open: dict[tuple[Any, ...], Flow] = {}
        self.ended: list[Flow] = []
        self.datagrams: dict[tuple[int, ...], tuple[int, int, int]] = {}
        self.now = 0

    def add(self, row: np.void, octets: bytes, source_input: int) -> None:
        p = {name: int(row[name]) for name in row.dtype.names}
        time = self.now = p["time"]
        sport, dport = self.ports(p)
        a = (p["source_high"], p["source_low"], sport)
        b = (p["destination_high"], p["destination_low"], dport)
        flow = self.open.get((p["protocol"], a, b)) or self.open.get((p["protocol"], b, a))
        orientation = None
        if flow:
            starts = p["protocol"] == 6 and p["tcp_flags"] & (SYN | ACK) == SYN
            direction = 0 if flow.key == (p["protocol"], a, b) else 1
            if flow.closed and abs(time - flow.last) > self.linger:
                self.end(flow, 3)
                flow = None
            elif abs(time - flow.last) > self.idle:
                self.end(flow, 1)
                flow = None
            elif starts and (flow.fins or flow.reset):
                self.end(flow, 3)
                flow = None
            elif time - flow.first >= self.active:
                orientation = (direction == 1, flow.orientation)
                self.end(flow, 2)
                flow = None
        if not flow:
            turned, how = orientation or self.orient(p, sport, dport)
            key = (p["protocol"], b, a) if turned else (p["protocol"], a, b)
            origin = (p["frame"], source_input, p["vlan"], p["class_of_service"])
            flow = self.open[key] = Flow(key, time, time, how, origin)
            direction = int(turned)
        if self.is_duplicate(flow, p, direction):
            flow.duplicates += 1
            if self.dedupe:
                return
        self.count(flow, p, direction, octets)

    def ports(self, p: dict[str, int]) -> tuple[int, int]:
        sport, dport = p["source_port"], p["destination_port"]
        if p["protocol"] in (1, 58):
            request = REQUESTS.get((p["protocol"], dport >> 8))
            sport, dport = (0, dport) if request is None else (request << 8, 0)
        if p["fragment"]:
            names = ("source_high", "source_low", "destination_high", "destination_low", "protocol")
            datagram = (*(p[n] for n in names), p["fragment_identification"])
            if p["fragment"] == 1:
                self.datagrams[datagram] = (sport, dport, p["time"])
            else:
                sport, dport, then = self.datagrams.get(datagram, (0, 0, p["time"]))
                if abs(p["time"] - then) > 30 * S:
                    sport = dport = 0
        return sport, dport

    @staticmethod
    def orient(p: dict[str, int], sport: int, dport: int) -> tuple[bool, int]:
        if p["protocol"] == 6 and p["tcp_flags"] & SYN:
            return bool(p["tcp_flags"] & ACK), 1
        if p["protocol"] == 6 and sport != dport:
            return sport < dport, 3
        if p["protocol"] in (1, 58) and sport:
            return True, 3
        return False, 2

    @staticmethod
    def is_duplicate(flow: Flow, p: dict[str, int], direction: int) -> bool:
        if p["time"] - flow.last > S // 100:
            flow.recent.clear()
        segment = p["protocol"] == 6 and (p["payload_length"] or p["tcp_flags"] & (SYN | FIN | RST))
        if p["fragment"] == 2 or not (p["fragment_identification"] or segment):
            return False
        names = ("fragment_identification", "ip_length", "tcp_sequence", "tcp_flags")
        signature = (direction, *(p[n] for n in names))
        if signature in flow.recent:
            return True
        flow.recent = [signature, *flow.recent][:3]
        return False

    @staticmethod
    def count(flow: Flow, p: dict[str, int], direction: int, octets: bytes) -> None:
        if p["payload_length"]:
            skip = 0
            if p["protocol"] == 6:
                begin = p["tcp_sequence"] + bool(p["tcp_flags"] & SYN)
                if direction in flow.expected:
                    behind = (flow.expected[direction] - begin) % 2**32
                    skip = behind if behind < 2**20 + p["payload_length"] else 0
                if skip < p["payload_length"]:
                    flow.expected[direction] = (begin + p["payload_length"]) % 2**32
            fresh = p["payload_length"] - skip
            if fresh > 0:
                start = p["payload_start"] + skip
                captured = octets[start : start + max(p["payload_captured"] - skip, 0)]
                flow.payloads.append((p["time"], direction, fresh, captured))
        flow.octets[direction] += p["ip_length"]
        flow.packets[direction] += 1
        flow.payload[direction] += p["payload_length"]
        flow.first, flow.last = min(flow.first, p["time"]), max(flow.last, p["time"])
        if direction == 0:
            flow.sizes.append(min(p["ip_length"], 65535))
        if p["protocol"] == 6:
            flow.flags[direction] |= p["tcp_flags"]
            if p["tcp_flags"] & FIN:
                flow.fins.add(direction)
            flow.reset |= bool(p["tcp_flags"] & RST)
        flow.fragments |= p["fragment"] > 0
        flow.cut |= p["payload_captured"] < p["payload_length"]

    def end(self, flow: Flow, reason: int) -> None:
        flow.reason = reason
        del self.open[flow.key]
        self.ended.append(flow)

    def finish(self) -> list[dict[str, Any]]:
        for flow in list(self.open.values()):
            self.end(flow, 3 if flow.closed else 1 if abs(self.now - flow.last) > self.idle else 4)
        return [as_row(flow) for flow in self.ended]


def as_row(flow: Flow) -> dict[str, Any]:
    protocol, (shigh, slow, sport), (dhigh, dlow, dport) = flow.key
    exchange = exchange_of(flow.payloads)
    heads = exchange["heads"] if exchange else (b"", b"")
    return {
        "flow_start_nanoseconds": flow.first,
        "flow_end_nanoseconds": flow.last,
        "source_address": (shigh, slow),
        "destination_address": (dhigh, dlow),
        "source_transport_port": sport,
        "destination_transport_port": dport,
        "protocol_identifier": protocol,
        "octet_delta_count": flow.octets[0],
        "reverse_octet_delta_count": flow.octets[1],
        "packet_delta_count": flow.packets[0],
        "reverse_packet_delta_count": flow.packets[1],
        "tcp_control_bits": flow.flags[0],
        "reverse_tcp_control_bits": flow.flags[1],
        "initiator_octets": flow.payload[0],
        "responder_octets": flow.payload[1],
        "minimum_ip_total_length": min(flow.sizes, default=0),
        "maximum_ip_total_length": max(flow.sizes, default=0),
        "fragment_flags": flow.fragments,
        "flow_end_reason": flow.reason,
        "ip_class_of_service": flow.origin[3],
        "vlan_id": flow.origin[2],
        "input": flow.origin[1],
        "first_frame": flow.origin[0],
        "orientation": flow.orientation,
        "detail": 1 | 2 * all(flow.packets) | 4 * any(heads) | 8 * bool(flow.cut) | 16 * bool(flow.duplicates),
        "exchange": exchange,
    }


def exchange_of(payloads: list[tuple[int, int, int, bytes]]) -> dict[str, Any] | None:
    """Messages of a flow from (time, direction, octets, captured) of its packets with payload."""
    if not payloads:
        return None
    messages: list[list[int]] = []  # direction, start, end, octets
    for time, direction, fresh, _ in payloads:
        if not messages or messages[-1][0] != direction or time - messages[-1][2] > S // 20:
            messages.append([direction, time, time, 0])
        messages[-1][2] = time
        messages[-1][3] += fresh
    answered = unsolicited = 0
    pushes: list[int] = []
    for i, (direction, start, _, _) in enumerate(messages):
        if direction == 0:
            continue
        asked = [m[2] for m in messages[:i] if m[0] == 0]
        if not asked or start - asked[-1] > 3 * S:
            unsolicited += 1
            pushes.append(start)
        elif messages[i - 1][0] == 0:
            answered += 1
    both = range(2)
    starts = [[m[1] for m in messages if m[0] == d] for d in both]
    gaps = [[max(b - a, 0) * 1e-9 for a, b in pairwise(s)] for s in starts]
    return {
        "heads": tuple(b"".join(c for _, d, _, c in payloads if d == side)[:512] for side in both),
        "first": [next((min(m[3], 65535) for m in messages if m[0] == d), 0) for d in both],
        "messages": [len(s) for s in starts],
        "large_messages": [sum(m[0] == d and m[3] > 1000 for m in messages) for d in both],
        "sizes": [common_sizes([min(m[3], 65535) for m in messages if m[0] == d]) for d in both],
        "interval_count": [len(g) for g in gaps],
        "interval_sum": [sum(g) for g in gaps],
        "interval_squares": [sum(x * x for x in g) for g in gaps],
        "answered": answered,
        "unsolicited": unsolicited,
        "pushes": pushes[:32],
    }


def common_sizes(stream: list[int], places: int = 4) -> list[tuple[int, int]]:
    """(size, count) of the most frequent sizes, most frequent first, the smaller first of equals."""
    held: list[list[int]] = []
    for size in stream:
        known = [h for h in held if h[0] == size]
        if known:
            known[0][1] += 1
        elif len(held) < places:
            held.append([size, 1])
        else:
            rarest = min(held, key=lambda h: h[1])
            rarest[0], rarest[1] = size, 1
    return [(s, c) for s, c in sorted(held, key=lambda h: (-h[1], h[0]))]
