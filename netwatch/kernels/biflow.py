"""What one packet means for its flow: whether it begins, ends or repeats one, which way it goes, what it adds."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.flowtable import (
    ACTIVE,
    END_OF_FLOW,
    FIN_FORWARD,
    FIN_REVERSE,
    FINS,
    IDLE,
    OPEN,
    RESET,
    is_closed,
    mixed,
)
from netwatch.kernels.jit import inlined

NEAR = 10_000_000
"""ns between a packet and its duplicate at most: a span of both sides, or of two ports of one router."""

ICMP, TCP, ICMPV6 = 1, 6, 58
FIN, SYN, RST, ACK = 1, 2, 4, 16
BY_SYN, BY_FIRST_PACKET, BY_PORTS = 1, 2, 3  # model.elements.Orientation
CUT = 8  # model.elements.Detail


@inlined
def request_of(protocol, kind):  # type: ignore[no-untyped-def]
    """Type of the ICMP request that a reply of type ``kind`` answers, or -1 (RFC 792, RFC 950, RFC 4443)."""
    if protocol == ICMPV6:
        return 128 if kind == 129 else -1
    if kind == 0:
        return 8
    return kind - 1 if kind in (14, 16, 18) else -1


@inlined
def reason_to_end(flow, packet, limits):  # type: ignore[no-untyped-def]
    """Why the flow ends before this packet of its key, or 0."""
    # A clock that steps back by more than the timeout ends flows as one that steps on does.
    silence = abs(packet.time - flow.last)
    starts = packet.protocol == TCP and packet.tcp_flags & (SYN | ACK) == SYN
    if is_closed(flow.state) and silence > limits.linger:
        return END_OF_FLOW
    if silence > limits.idle:
        return IDLE
    if starts and flow.state & (FINS | RESET):
        return END_OF_FLOW
    return ACTIVE if packet.time - flow.first >= limits.active else 0


@inlined
def orient(packet, source_port, destination_port):  # type: ignore[no-untyped-def]
    """(whether the packet goes from the flow's destination to its source, the Orientation that says so)."""
    if packet.protocol == TCP:
        if packet.tcp_flags & SYN:
            return packet.tcp_flags & ACK != 0, BY_SYN
        if source_port != destination_port:
            return source_port < destination_port, BY_PORTS
    elif (packet.protocol == ICMP or packet.protocol == ICMPV6) and source_port != 0:
        return True, BY_PORTS
    return False, BY_FIRST_PACKET


@inlined
def start_flow(table, slot, packet, hash, ports, orientation, input):  # type: ignore[no-untyped-def]
    """Write a fresh record; ``ports`` are as in the packet, ``orientation`` as of :func:`orient`."""
    flow, origin = table.flows[slot], table.origins[slot]
    if orientation[0]:
        flow.source_high, flow.source_low = packet.destination_high, packet.destination_low
        flow.destination_high, flow.destination_low = packet.source_high, packet.source_low
        flow.source_port, flow.destination_port = ports[1], ports[0]
    else:
        flow.source_high, flow.source_low = packet.source_high, packet.source_low
        flow.destination_high, flow.destination_low = packet.destination_high, packet.destination_low
        flow.source_port, flow.destination_port = ports[0], ports[1]
    flow.first = flow.last = packet.time
    flow.protocol = packet.protocol
    flow.state = OPEN
    flow.detail = 0
    flow.fragments = 0
    flow.exchange = -1
    for d in range(2):
        flow.flags[d] = 0
        flow.octets[d] = flow.packets[d] = flow.payload[d] = 0
    for k in range(3):
        flow.recent[k] = 0
    flow.smallest, flow.largest = 65535, 0
    origin.hash = hash
    origin.frame = packet.frame
    origin.input = input
    origin.vlan = packet.vlan
    origin.class_of_service = packet.class_of_service
    origin.orientation = orientation[1]
    origin.reason = 0
    origin.turned = orientation[0]
    origin.carrier = packet.carrier


@inlined
def is_duplicate(flow, packet, direction):  # type: ignore[no-untyped-def]
    """Whether one of the flow's last three packets, at most 10 ms apart, was this one; remembers it.

    Packets are told apart by IP identification, length, TCP sequence number and flags. Without an identification a bare
    acknowledgement or a datagram cannot be told from its successor, and a later fragment never: no duplicates then.
    """
    if packet.time - flow.last > NEAR:
        for k in range(3):
            flow.recent[k] = 0
    segment = packet.protocol == TCP and (packet.payload_length > 0 or packet.tcp_flags & (SYN | FIN | RST))
    if packet.fragment == 2 or not (packet.fragment_identification or segment):
        return False
    first = np.uint64(packet.tcp_sequence) << np.uint64(32) | np.uint64(packet.fragment_identification)
    second = np.uint64(packet.ip_length) << np.uint64(32) | np.uint64(packet.tcp_flags) << np.uint64(1)
    signature = np.uint32(mixed(first + (second | np.uint64(direction)) * np.uint64(0x9E3779B97F4A7C15))) | np.uint32(1)
    for k in range(3):
        if flow.recent[k] == signature:
            return True
    flow.recent[2] = flow.recent[1]
    flow.recent[1] = flow.recent[0]
    flow.recent[0] = signature
    return False


@inlined
def count(flow, packet, direction):  # type: ignore[no-untyped-def]
    """Add a packet to its flow's counters."""
    flow.octets[direction] += packet.ip_length
    flow.packets[direction] += 1
    flow.payload[direction] += packet.payload_length
    flow.last = max(flow.last, packet.time)
    flow.first = min(flow.first, packet.time)
    if direction == 0:
        flow.smallest = min(flow.smallest, packet.ip_length)
        flow.largest = max(flow.largest, min(packet.ip_length, 65535))
    if packet.protocol == TCP:
        flow.flags[direction] |= packet.tcp_flags
        if packet.tcp_flags & FIN:
            flow.state |= FIN_REVERSE if direction else FIN_FORWARD
        if packet.tcp_flags & RST:
            flow.state |= RESET
    if packet.fragment:
        flow.fragments |= 1
    if packet.payload_captured < packet.payload_length:
        flow.detail |= CUT
