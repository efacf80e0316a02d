"""Argus' records as text: ``ra -c,`` with a header line, and the CTU data sets' .binetflow."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from netwatch.model.elements import Detail
from netwatch.read.delimited import DELIMITERS
from netwatch.read.lines import Heading, LineReader, filled, headed, heading, refusals

_NEEDED = ("StartTime", "Proto", "SrcAddr", "DstAddr", "TotPkts", "TotBytes")
_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}


def _heading(head: bytes) -> Heading | None:
    """The names that ``ra -c,`` writes first."""
    return heading(head, DELIMITERS, _argus)


def _argus(names: Collection[str]) -> bool:
    return all(name in names for name in _NEEDED)


class ArgusReader(LineReader):
    """Lines with Argus' column names, by any delimiter. Octets are Argus' bytes, which include link-layer headers.

    Where only the packets of both directions together are told, they are split as the octets are.
    """

    name = "argus"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By the names in the first line."""
        return _heading(head) is not None

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Not told: Argus writes records as flows end."""
        return None

    def _parse(self, block: bytes, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        lines = filled(block, starts)
        if self._line == 0:
            self._head = _heading(block)
            lines = lines[lines > (self._head.line if self._head else 0)]
        if self._head:  # which Argus repeats now and then
            first = self._head.delimiter.join(self._head.names[:2]).encode()
            lines = np.array([line for line in lines.tolist() if not block.startswith(first, int(starts[line]))], int)
        return headed(block, starts, lines, self._head, quoted=False)

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        from netwatch.read import values as v

        start, timed = v.instants(column("StartTime"))
        source, one = v.addresses(column("SrcAddr"))
        destination, two = v.addresses(column("DstAddr"))
        protocol = v.protocols(column("Proto"))
        octets, packets = v.counts(column("TotBytes")), v.counts(column("TotPkts"))
        forward = np.minimum(v.counts(column("SrcBytes")), octets)
        sent, told = v.numbers(column("SrcPkts"))
        share = np.round(packets * (forward / np.maximum(octets, 1))).astype(np.int64)
        least = (forward > 0).astype(np.int64)
        split = np.clip(share, least, np.maximum(packets - (octets > forward), least))
        ahead = np.minimum(np.where(told, sent.astype(np.int64), split), packets)
        icmp = (protocol == 1) | (protocol == 58)
        sport, dport = v.ports(column("Sport")), v.ports(column("Dport"))
        columns = {
            "flow_start_nanoseconds": start,
            "flow_end_nanoseconds": start + v.spans(column("Dur")),
            "source_address": source,
            "destination_address": destination,
            "source_transport_port": np.where(icmp, 0, sport),
            "destination_transport_port": np.where(icmp, sport & 0xFFFF, dport),
            "protocol_identifier": np.maximum(protocol, 0),
            "octet_delta_count": forward,
            "packet_delta_count": ahead,
            "reverse_octet_delta_count": octets - forward,
            "reverse_packet_delta_count": packets - ahead,
            "tcp_control_bits": v.mapped(column("State"), lambda text: _flags(text, 0), np.uint16),
            "reverse_tcp_control_bits": v.mapped(column("State"), lambda text: _flags(text, 1), np.uint16),
            "ip_class_of_service": np.minimum(v.counts(column("sTos")), 255),
            "detail": np.full(n, Detail.BIFLOW, np.uint8),
        }
        reasons = refusals(timed, one & two, protocol)
        kept = int((reasons == 0).sum())
        if kept:
            self.tally.notes["record whose octets include link-layer headers"] += kept
        if (~told & (reasons == 0)).any():
            self.tally.notes["record whose packets were split as its octets are"] += int((~told & (reasons == 0)).sum())
        return columns, reasons


def _flags(state: str, side: int) -> int:
    """TCP flags of one side of a state such as ``FSPA_FSRPA``."""
    sides = state.strip().split("_")
    return sum(_FLAGS.get(letter, 0) for letter in set(sides[side])) if len(sides) == 2 else 0
