"""Zeek's conn.log, as tab-separated text, JSON lines, or a table under a plain line of names (``zeek-cut -m``, CSV)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from netwatch.model.address import is_ipv4
from netwatch.model.elements import Detail
from netwatch.read.json_lines import objects
from netwatch.read.lines import Heading, LineReader, headed, heading, nothing, refusals, table

_NEEDED = ("ts", "id.orig_h", "id.resp_h", "proto")
_CONN = ("conn_state", "orig_pkts", "orig_ip_bytes")
"""Fields that no other of Zeek's logs has: they, too, begin with a time and the ends of a connection."""
_JSON_KEYS = (b'"id.orig_h"', b'"id_orig_h"', b'"orig_h"')
MOST_HEADERS = 256
"""Of a block, under which lines are looked at."""
_SEPARATORS = "\t,;| "
_FLAGS = {"s": 2, "h": 18, "a": 16, "d": 24, "f": 17, "r": 4}
"""TCP flags by the letters of ``history``; capitals are the originator's."""


class ZeekReader(LineReader):
    """A conn.log; each line is a biflow, oriented by Zeek. Octets are ``*_ip_bytes`` where Zeek wrote them."""

    name = "zeek"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By Zeek's header or its JSON keys."""
        head = head.lstrip()
        if head.startswith(b"#separator"):
            fields = next((line for line in head.split(b"\n") if line.startswith(b"#fields")), b"")
            return b"id.orig_h" in fields and any(name.encode() in fields for name in _CONN)
        if head.startswith(b"{"):
            lines = [line for line in head.split(b"\n") if any(key in line for key in _JSON_KEYS)]
            return any(f'"{name}"'.encode() in line for line in lines for name in _CONN)
        return _heading(head) is not None

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first line of text."""
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
            self._json = block.lstrip()[:1] == b"{"
            self._names: list[str] = []
            self._separator = _separator(block)
            self._head = None if self._json or block.lstrip().startswith(b"#separator") else _heading(block)
        comments = octets[starts] == ord("#")
        lines = np.flatnonzero(~comments & (octets[starts] != ord("\n")) & (octets[starts] != ord("\r")))
        if self._json:
            return lines, *objects(block, starts, lines, _COLUMNS)
        if self._head:
            lines = lines[lines > self._head.line] if self._line == 0 else lines
            return headed(block, starts, lines, self._head, quoted=True)
        return lines, *self._tables(block, starts, lines, np.flatnonzero(comments))

    def _tables(
        self, block: bytes, starts: np.ndarray, lines: np.ndarray, comments: np.ndarray
    ) -> tuple[np.ndarray, Any]:
        """Lines under each of the headers in a block: logs joined into one may have other fields from there on."""
        import pyarrow as pa

        edges = np.append(starts, len(block))
        found: list[tuple[np.ndarray, Any]] = []
        heads = [line for line in comments.tolist() if block.startswith(b"#fields", int(starts[line]))]
        for begin, end in zip([0, *heads], [*heads, len(starts)], strict=True):
            piece, here = block[edges[begin] : edges[end]], starts[begin:end] - edges[begin]
            if piece.startswith(b"#fields"):
                text = piece.split(b"\n", 1)[0].decode("utf-8", "replace")
                self._names = text.rstrip("\r").split(self._separator)[1:]
            whole = set(_NEEDED) <= set(self._names) and len(set(self._names)) == len(self._names)
            if whole and len(found) < MOST_HEADERS and lines.searchsorted(begin) < lines.searchsorted(end):
                rows, told = table(piece, self._names, here, self._separator, quoted=False)
                found.append((rows + begin, told))
        if not found:
            return nothing()
        return np.concatenate([rows for rows, _ in found]), pa.concat_tables(
            [told for _, told in found], promote_options="default"
        )

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        from netwatch.read import values as v

        mine = ~np.logical_and.reduce([v.empty(column(name)) for name in _CONN]) | (not self._json)
        start, timed = v.instants(column("ts"))
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
            "octet_delta_count": self._octets(column, "orig", mine),
            "packet_delta_count": v.counts(column("orig_pkts")),
            "reverse_octet_delta_count": self._octets(column, "resp", mine),
            "reverse_packet_delta_count": v.counts(column("resp_pkts")),
            "initiator_octets": v.counts(column("orig_bytes")),
            "responder_octets": v.counts(column("resp_bytes")),
            "tcp_control_bits": v.mapped(column("history"), lambda text: _flags(text, str.isupper), np.uint16),
            "reverse_tcp_control_bits": v.mapped(column("history"), lambda text: _flags(text, str.islower), np.uint16),
            "vlan_id": np.minimum(v.counts(column("vlan")), 4095),
            "detail": np.full(n, Detail.BIFLOW, np.uint8),
        }
        reasons = refusals(timed, one & two, np.where(unknown, 0, protocol))
        return columns, np.where(mine, reasons, len(self.REFUSALS) - 1)

    def _octets(self, column: Any, side: str, mine: np.ndarray) -> np.ndarray:
        from netwatch.read import values as v

        layer3, (_, told) = v.counts(column(f"{side}_ip_bytes")), v.numbers(column(f"{side}_ip_bytes"))
        if (mine & ~told).any():
            self.tally.notes["direction with payload octets only (IP octets not told)"] += int((mine & ~told).sum())
        return np.where(told, layer3, v.counts(column(f"{side}_bytes")))


_COLUMNS = (
    *_NEEDED, "id.orig_p", "id.resp_p", "duration", "orig_bytes", "resp_bytes", "history", "orig_pkts", "orig_ip_bytes",
    "resp_pkts", "resp_ip_bytes", "vlan", "conn_state",
)  # fmt: skip


def _heading(head: bytes) -> Heading | None:
    """A line with Zeek's names alone; some programs write ``id_orig_h``."""
    found = heading(head, ",\t;|", lambda names: _connections({_dotted(name) for name in names}))
    return found._replace(names=[_dotted(name) for name in found.names]) if found else None


def _dotted(name: str) -> str:
    return name.replace("id_", "id.", 1) if name.startswith("id_") else name


def _connections(names: Collection[str]) -> bool:
    return set(_NEEDED) <= set(names) and any(name in names for name in _CONN)


def _separator(head: bytes) -> str:
    """What stands between fields, by the first line: in hexadecimal, as Zeek writes it, or itself."""
    told = head.lstrip().split(b"\n", 1)[0].rstrip(b"\r").removeprefix(b"#separator ")
    return next((s for s in _SEPARATORS if told in (s.encode(), f"\\x{ord(s):02x}".encode())), "\t")


def _flags(history: str, mine: Any) -> int:
    flags = 0
    for letter in history[:64]:
        if mine(letter):
            flags |= _FLAGS.get(letter.lower(), 0)
    return flags
