"""Ended flows, a record each, to columns: one pass over the records instead of one a column."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel

PACKETS, BIFLOW, PAYLOAD = 1, 2, 4  # model.elements.Detail


class Told(NamedTuple):
    """What the meter tells of n flows: columns of ``model.elements.FLOW`` by name, addresses (n, 2)."""

    flow_start_nanoseconds: np.ndarray
    flow_end_nanoseconds: np.ndarray
    source_address: np.ndarray
    destination_address: np.ndarray
    source_transport_port: np.ndarray
    destination_transport_port: np.ndarray
    protocol_identifier: np.ndarray
    octet_delta_count: np.ndarray
    packet_delta_count: np.ndarray
    reverse_octet_delta_count: np.ndarray
    reverse_packet_delta_count: np.ndarray
    tcp_control_bits: np.ndarray
    reverse_tcp_control_bits: np.ndarray
    flow_end_reason: np.ndarray
    ip_class_of_service: np.ndarray
    vlan_id: np.ndarray
    initiator_octets: np.ndarray
    responder_octets: np.ndarray
    minimum_ip_total_length: np.ndarray
    maximum_ip_total_length: np.ndarray
    fragment_flags: np.ndarray
    orientation: np.ndarray
    detail: np.ndarray
    input: np.ndarray
    first_frame: np.ndarray


@kernel
def tell(flows, origins, exchanges, told):  # type: ignore[no-untyped-def]
    """Fill ``told``.

    Args:
        flows: flowtable.FLOW (n,); ``exchange`` is a row of ``exchanges`` or -1.
        origins: flowtable.ORIGIN (n,).
        exchanges: exchange.EXCHANGE (m,).
        told: Told of n rows.

    """
    for i in range(flows.size):
        flow, origin = flows[i], origins[i]
        told.flow_start_nanoseconds[i] = flow.first
        told.flow_end_nanoseconds[i] = flow.last
        told.source_address[i, 0], told.source_address[i, 1] = flow.source_high, flow.source_low
        told.destination_address[i, 0] = flow.destination_high
        told.destination_address[i, 1] = flow.destination_low
        told.source_transport_port[i] = flow.source_port
        told.destination_transport_port[i] = flow.destination_port
        told.protocol_identifier[i] = flow.protocol
        told.octet_delta_count[i], told.reverse_octet_delta_count[i] = flow.octets[0], flow.octets[1]
        told.packet_delta_count[i], told.reverse_packet_delta_count[i] = flow.packets[0], flow.packets[1]
        told.tcp_control_bits[i], told.reverse_tcp_control_bits[i] = flow.flags[0], flow.flags[1]
        told.flow_end_reason[i] = origin.reason
        told.ip_class_of_service[i] = origin.class_of_service
        told.vlan_id[i] = origin.vlan
        told.initiator_octets[i], told.responder_octets[i] = flow.payload[0], flow.payload[1]
        told.minimum_ip_total_length[i] = flow.smallest if flow.packets[0] > 0 else 0
        told.maximum_ip_total_length[i] = flow.largest
        told.fragment_flags[i] = flow.fragments
        told.orientation[i] = origin.orientation
        told.input[i] = origin.input
        told.first_frame[i] = origin.frame
        detail = flow.detail | PACKETS
        if flow.packets[0] > 0 and flow.packets[1] > 0:
            detail |= BIFLOW
        if flow.exchange >= 0:
            talk = exchanges[flow.exchange]
            if talk.head_length[0] > 0 or talk.head_length[1] > 0:
                detail |= PAYLOAD
        told.detail[i] = detail
