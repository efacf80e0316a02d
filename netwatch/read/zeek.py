"""Zeek's conn.log, as tab-separated text or JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from netwatch.model.address import is_ipv4
from netwatch.model.elements import Detail
from netwatch.read.json_lines import objects
from netwatch.read.lines import BAD_LINE, LineReader, nothing, table

_NOT_IP = "protocol not IP"
_NEEDED = ("ts", "id.orig_h", "id.resp_h", "proto")
_FLAGS = {"s": 2, "h": 18, "a": 16, "d": 24, "f": 17, "r": 4}
"""TCP flags by the letters of ``history``; capitals are the originator's."""


class ZeekReader(LineReader):
    """A conn.log; each line is a biflow, oriented by Zeek. Octets are ``*_ip_bytes`` where Zeek wrote them."""

    name = "zeek"
    REFUSALS = ("", BAD_LINE, _NOT_IP)

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By Zeek's header or its JSON keys."""
        if head.lstrip().startswith(b"#separator"):
            return b"\n#path\tconn" in head or (b"\tid.orig_h\t" in head and b"\torig_ip_bytes" in head)
        first = head.split(b"\n", 1)[0]
        return first.startswith(b"{") and b'"id.orig_h"' in first and b'"proto"' in first and b'"ts"' in first

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first line."""
        for line in head.split(b"\n"):
            if line[:1].isdigit():
                try:
                    return int(float(line.split(b"\t", 1)[0]) * 1e6) * 1000
                except (ValueError, OverflowError):
                    return None
        return None

    def _parse(self, block: bytes, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        octets = np.frombuffer(block, np.uint8)
        if self._line == 0:
            self._json = block[:1] == b"{"
            self._names: list[str] = []
        comments = octets[starts] == ord("#")
        for start in starts[comments].tolist():
            line = block[start:].split(b"\n", 1)[0] if block.startswith(b"#fields\t", start) else b""
            if line:
                self._names = line.decode("utf-8", "replace").rstrip("\r").split("\t")[1:]
        lines = np.flatnonzero(~comments & (octets[starts] != ord("\n")) & (octets[starts] != ord("\r")))
        if self._json:
            return lines, *objects(block, starts, lines, _COLUMNS)
        if all(name in self._names for name in _NEEDED) and len(set(self._names)) == len(self._names):
            return lines, *table(block, self._names, starts, "\t", quoted=False)
        return lines, *nothing()

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        from netwatch.read import values as v

        start, timed = v.epochs(column("ts"))
        source, one = v.addresses(column("id.orig_h"))
        destination, two = v.addresses(column("id.resp_h"))
        protocol = v.protocols(column("proto"))
        sport, dport = v.ports(column("id.orig_p")), v.ports(column("id.resp_p"))
        # Zeek writes ICMP's type and code as ports, and calls ICMPv6 icmp too.
        icmp = (protocol == 1) | (protocol == 58)
        protocol[icmp & ~is_ipv4(source)] = 58
        unknown = v.mapped(column("proto"), lambda text: text == "unknown_transport", np.bool_)
        columns = {
            "flow_start_nanoseconds": start,
            "flow_end_nanoseconds": start + v.spans(column("duration")),
            "source_address": source,
            "destination_address": destination,
            "source_transport_port": np.where(icmp, 0, sport),
            "destination_transport_port": np.where(icmp, (sport & 0xFF) << 8 | dport & 0xFF, dport),
            "protocol_identifier": np.maximum(protocol, 0),
            "octet_delta_count": self._octets(column, "orig"),
            "packet_delta_count": v.counts(column("orig_pkts")),
            "reverse_octet_delta_count": self._octets(column, "resp"),
            "reverse_packet_delta_count": v.counts(column("resp_pkts")),
            "initiator_octets": v.counts(column("orig_bytes")),
            "responder_octets": v.counts(column("resp_bytes")),
            "tcp_control_bits": v.mapped(column("history"), lambda text: _flags(text, str.isupper), np.uint16),
            "reverse_tcp_control_bits": v.mapped(column("history"), lambda text: _flags(text, str.islower), np.uint16),
            "vlan_id": np.minimum(v.counts(column("vlan")), 4095),
            "detail": np.full(n, Detail.BIFLOW, np.uint8),
        }
        good = timed & one & two
        return columns, np.where(~good, 1, np.where((protocol < 0) & ~unknown, 2, 0))

    def _octets(self, column: Any, side: str) -> np.ndarray:
        from netwatch.read import values as v

        layer3, (_, told) = v.counts(column(f"{side}_ip_bytes")), v.numbers(column(f"{side}_ip_bytes"))
        if not told.all():
            self.tally.notes["direction with payload octets only (IP octets not told)"] += int((~told).sum())
        return np.where(told, layer3, v.counts(column(f"{side}_bytes")))


_COLUMNS = (
    *_NEEDED, "id.orig_p", "id.resp_p", "duration", "orig_bytes", "resp_bytes", "history", "orig_pkts", "orig_ip_bytes",
    "resp_pkts", "resp_ip_bytes", "vlan",
)  # fmt: skip


def _flags(history: str, mine: Any) -> int:
    flags = 0
    for letter in history[:64]:
        if mine(letter):
            flags |= _FLAGS.get(letter.lower(), 0)
    return flags
