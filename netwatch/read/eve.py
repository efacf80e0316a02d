"""Suricata's EVE log: the ``flow`` or ``netflow`` events among its JSON lines."""

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
    "flow.bytes_toclient", "tcp.tcp_flags_ts", "tcp.tcp_flags_tc", "netflow.start", "netflow.end", "netflow.pkts",
    "netflow.bytes", "tcp.tcp_flags",
)  # fmt: skip
_ENDS = {"timeout": 1, "forced": 4, "shutdown": 4, "tcp_reuse": 3}


_KINDS = ("flow", "netflow")


class EveReader(LineReader):
    """An EVE log, also as AWS Network Firewall wraps it (each event under ``event``).

    Its octets include the link layer's headers.

    A flow event is a biflow, oriented by Suricata; a netflow event is one direction of it. A log with both tells all
    twice: of the first kind of the two that it has (flow, where its first block has both) the events are taken.
    """

    name = "eve"
    REFUSALS = (*REFUSALS[:-1], "event of another kind", "event of flows that other events tell too")
    _kind = ""

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
        return lines, *objects(block, starts, lines, _COLUMNS, envelope="event")

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        from netwatch.read import values as v

        kinds = v.mapped(column("event_type"), lambda text: _KINDS.index(text) if text in _KINDS else -1, np.int8)
        self._kind = self._kind or next((kind for code, kind in enumerate(_KINDS) if (kinds == code).any()), "")
        both = self._kind != "netflow"
        counted = ("flow.bytes_toserver", "flow.pkts_toserver") if both else ("netflow.bytes", "netflow.pkts")
        start, one = v.instants(column("flow.start" if both else "netflow.start"))
        end, two = v.instants(column("flow.end" if both else "netflow.end"))
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
            "octet_delta_count": v.counts(column(counted[0])),
            "packet_delta_count": v.counts(column(counted[1])),
            "tcp_control_bits": v.mapped(
                column("tcp.tcp_flags_ts" if both else "tcp.tcp_flags"), _hexadecimal, np.uint16
            ),
            "vlan_id": np.minimum(v.counts(column("vlan")), 4095),
        }
        if both:
            columns |= _backwards(column, n)
        taken = kinds == _KINDS.index(self._kind or "flow")
        reasons = np.select(
            [taken, kinds < 0], [refusals(one, three & four, protocol), len(REFUSALS) - 1], len(REFUSALS)
        )
        if (reasons == 0).any():
            self.tally.notes["record whose octets include link-layer headers"] += int((reasons == 0).sum())
        return columns, reasons


def _backwards(column: Callable[[str], Any], n: int) -> dict[str, np.ndarray]:
    """What flow events have beyond netflow events."""
    from netwatch.read import values as v

    return {
        "reverse_octet_delta_count": v.counts(column("flow.bytes_toclient")),
        "reverse_packet_delta_count": v.counts(column("flow.pkts_toclient")),
        "reverse_tcp_control_bits": v.mapped(column("tcp.tcp_flags_tc"), _hexadecimal, np.uint16),
        "flow_end_reason": v.mapped(column("flow.reason"), lambda text: _ENDS.get(text, 0), np.uint8),
        "detail": np.full(n, Detail.BIFLOW, np.uint8),
    }


def _hexadecimal(text: str) -> int:
    try:
        return int(text, 16) & 0xFFF
    except ValueError:
        return 0
