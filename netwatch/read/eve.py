"""Suricata's EVE log: the ``flow`` events among its JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from netwatch.model.address import is_ipv4
from netwatch.model.elements import Detail
from netwatch.read.json_lines import objects
from netwatch.read.lines import REFUSALS, LineReader, filled, refusals

_COLUMNS = (
    "src_ip", "src_port", "dest_ip", "dest_port", "proto", "vlan", "icmp_type", "icmp_code", "event_type", "flow.start",
    "flow.end", "flow.reason", "flow.pkts_toserver", "flow.pkts_toclient", "flow.bytes_toserver",
    "flow.bytes_toclient", "tcp.tcp_flags_ts", "tcp.tcp_flags_tc",
)  # fmt: skip
_ENDS = {"timeout": 1, "forced": 4, "shutdown": 4, "tcp_reuse": 3}


class EveReader(LineReader):
    """An EVE log; each flow event is a biflow, oriented by Suricata. Its octets include the link layer's headers."""

    name = "eve"
    REFUSALS = (*REFUSALS[:-1], "event of another kind")

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By the keys that each event has."""
        first = head.split(b"\n", 1)[0]
        return first.startswith(b"{") and all(key in first for key in (b'"event_type"', b'"timestamp"'))

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Not told: events stand in the order of their ends."""
        return None

    def _parse(self, block: bytes, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        lines = filled(block, starts)
        return lines, *objects(block, starts, lines, _COLUMNS)

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        from netwatch.read import values as v

        start, one = v.instants(column("flow.start"))
        end, two = v.instants(column("flow.end"))
        source, three = v.addresses(column("src_ip"))
        destination, four = v.addresses(column("dest_ip"))
        protocol = v.protocols(column("proto"))
        icmp = (protocol == 1) | (protocol == 58)
        protocol[icmp & ~is_ipv4(source)] = 58
        kind, code = v.ports(column("icmp_type")), v.ports(column("icmp_code"))
        columns = {
            "flow_start_nanoseconds": start,
            "flow_end_nanoseconds": np.where(two, end, start),
            "source_address": source,
            "destination_address": destination,
            "source_transport_port": v.ports(column("src_port")),
            "destination_transport_port": np.where(
                icmp, (kind & 0xFF) << 8 | code & 0xFF, v.ports(column("dest_port"))
            ),
            "protocol_identifier": np.maximum(protocol, 0),
            "octet_delta_count": v.counts(column("flow.bytes_toserver")),
            "packet_delta_count": v.counts(column("flow.pkts_toserver")),
            "reverse_octet_delta_count": v.counts(column("flow.bytes_toclient")),
            "reverse_packet_delta_count": v.counts(column("flow.pkts_toclient")),
            "tcp_control_bits": v.mapped(column("tcp.tcp_flags_ts"), _hexadecimal, np.uint16),
            "reverse_tcp_control_bits": v.mapped(column("tcp.tcp_flags_tc"), _hexadecimal, np.uint16),
            "flow_end_reason": v.mapped(column("flow.reason"), lambda text: _ENDS.get(text, 0), np.uint8),
            "vlan_id": np.minimum(v.counts(column("vlan")), 4095),
            "detail": np.full(n, Detail.BIFLOW, np.uint8),
        }
        flow = v.mapped(column("event_type"), lambda text: text == "flow", np.bool_)
        reasons = np.where(flow, refusals(one, three & four, protocol), len(REFUSALS) - 1)
        if (reasons == 0).any():
            self.tally.notes["record whose octets include link-layer headers"] += int((reasons == 0).sum())
        return columns, reasons


def _hexadecimal(text: str) -> int:
    try:
        return int(text, 16) & 0xFFF
    except ValueError:
        return 0
