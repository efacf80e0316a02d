"""Flow Records to an IPFIX file (RFC 5655): messages (RFC 7011) back to back, reverse elements by RFC 5103."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from netwatch.model.address import is_ipv4
from netwatch.wire.ipfix import REVERSE, TEMPLATES

IPV4_FLOWS, IPV6_FLOWS = 256, 257
"""Template numbers."""
RECORDS = 400
"""Records of a message: few enough for 65,535 octets."""
_EPOCH = 2_208_988_800
_ADDRESSES = {
    IPV4_FLOWS: (("source_address", 8), ("destination_address", 12), ("next_hop_address", 15)),
    IPV6_FLOWS: (("source_address", 27), ("destination_address", 28), ("next_hop_address", 62)),
}
_TIMES = (("flow_start_nanoseconds", 156), ("flow_end_nanoseconds", 157))
_NUMBERS = (
    ("octet_delta_count", 1, 8), ("packet_delta_count", 2, 8), ("source_transport_port", 7, 2),
    ("destination_transport_port", 11, 2), ("protocol_identifier", 4, 1), ("tcp_control_bits", 6, 2),
    ("flow_end_reason", 136, 1), ("ip_class_of_service", 5, 1), ("vlan_id", 58, 2), ("ingress_interface", 10, 4),
    ("egress_interface", 14, 4), ("bgp_source_as_number", 16, 4), ("bgp_destination_as_number", 17, 4),
    ("bgp_next_adjacent_as_number", 128, 4), ("sampling_packet_interval", 305, 4),
    ("minimum_ip_total_length", 25, 2), ("maximum_ip_total_length", 26, 2),
)  # fmt: skip
_REVERSED = (
    ("reverse_octet_delta_count", 1, 8), ("reverse_packet_delta_count", 2, 8), ("reverse_tcp_control_bits", 6, 2),
)  # fmt: skip


class IpfixWriter:
    """One observation domain; ``messages`` may be called again and again, the first time with the templates ahead."""

    def __init__(self, domain: int = 0) -> None:
        self.domain = domain
        self.sequence = 0
        self._begun = False

    def messages(self, columns: Mapping[str, np.ndarray]) -> Iterator[bytes]:
        """Messages with the rows of ``columns`` (those of model.elements.FLOW); IPv4 rows of a batch come first."""
        if not self._begun:
            self._begun = True
            content = b"".join(_template(number) for number in _ADDRESSES)
            first = int(columns["flow_end_nanoseconds"].max(initial=0))
            yield self._message(TEMPLATES, content, 0, first)
        four = is_ipv4(columns["source_address"]) & is_ipv4(columns["destination_address"])
        for number, which in ((IPV4_FLOWS, four), (IPV6_FLOWS, ~four)):
            rows = np.flatnonzero(which)
            for start in range(0, len(rows), RECORDS):
                some = rows[start : start + RECORDS]
                end = int(columns["flow_end_nanoseconds"][some].max())
                yield self._message(number, _records(number, columns, some).tobytes(), len(some), end)

    def _message(self, number: int, content: bytes, records: int, export: int) -> bytes:
        size = len(content) + 20
        header = np.array([10, size], ">u2").tobytes()
        # Export is told in whole seconds, and no record may end after it.
        seconds = min(-(-max(export, 0) // 1_000_000_000), 0xFFFF_FFFF)
        header += np.array([seconds, self.sequence, self.domain], ">u4").tobytes()
        self.sequence = (self.sequence + records) & 0xFFFF_FFFF
        return header + np.array([number, size - 16], ">u2").tobytes() + content


def _template(number: int) -> bytes:
    width = 4 if number == IPV4_FLOWS else 16
    fields = [(element, width) for _, element in _ADDRESSES[number]] + [(element, 8) for _, element in _TIMES]
    fields += [(element, length) for _, element, length in _NUMBERS]
    octets = np.array([number, len(fields) + len(_REVERSED)], ">u2").tobytes() + np.array(fields, ">u2").tobytes()
    for _, element, length in _REVERSED:
        octets += np.array([0x8000 | element, length], ">u2").tobytes() + np.array([REVERSE], ">u4").tobytes()
    return octets


def _records(number: int, columns: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    address = ">u4" if number == IPV4_FLOWS else (">u8", 2)
    layout = [(name, address) for name, _ in _ADDRESSES[number]] + [(name, ">u4", 2) for name, _ in _TIMES]
    layout += [(name, f">u{length}") for name, _, length in (*_NUMBERS, *_REVERSED)]
    out = np.zeros(len(rows), np.dtype(layout))
    for name, _ in _ADDRESSES[number]:
        column = columns[name][rows]
        out[name] = column[:, 1] & np.uint64(0xFFFF_FFFF) if number == IPV4_FLOWS else column
    for name, _ in _TIMES:
        seconds, rest = np.divmod(np.maximum(columns[name][rows], 0), 1_000_000_000)
        # Rounded up: reading rounds down, so that the same nanosecond comes back.
        out[name] = np.stack([(seconds + _EPOCH) & 0xFFFF_FFFF, -(-(rest << 32) // 1_000_000_000)], axis=1)
    for name, *_ in (*_NUMBERS, *_REVERSED):
        out[name] = columns[name][rows]
    return out
