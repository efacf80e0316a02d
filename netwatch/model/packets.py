"""``Packets``: a bounded batch of decoded packets as equally long columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PACKET = np.dtype(
    [
        ("time", "i8"),  # observation time, ns since 1970 UTC
        ("source_high", "u8"),
        ("source_low", "u8"),
        ("destination_high", "u8"),
        ("destination_low", "u8"),
        ("frame", "i8"),  # 1-based number of the frame in its input
        ("payload_start", "i8"),  # of the transport payload in Packets.octets
        ("ip_length", "u4"),  # IP total length (IPv6: payload length + 40); RFC 2675 jumbo length where given
        ("payload_length", "u4"),  # transport payload octets by the IP length
        ("payload_captured", "u4"),  # of these, how many were captured
        ("tcp_sequence", "u4"),
        ("fragment_identification", "u4"),  # of IPv4 in every packet, of IPv6 in fragments
        ("tunnel_identifier", "u4"),  # of the outermost tunnel: VNI, TEID, GRE key, ERSPAN session
        ("source_port", "u2"),
        ("destination_port", "u2"),  # ICMP: type * 256 + code
        ("tcp_flags", "u2"),
        ("vlan", "u2"),  # outermost 802.1Q identifier, 0 untagged
        ("protocol", "u1"),
        ("class_of_service", "u1"),
        ("fragment", "u1"),  # 0 whole, 1 first fragment, 2 later fragment (has no ports of its own)
        ("hop_limit", "u1"),
        ("tunnel", "u1"),  # what the outermost IP header carries, if what is inside was decoded: kernels.tunnel.TUNNELS
        ("carrier", "u2"),  # number of the outermost IP header's addresses in Packets.carriers; 0 none or not told
    ],
    align=True,
)
"""One decoded packet. A record per packet instead of a column per field: the kernels write and read
whole packets, so one cache line is touched instead of twenty; ``rows["ip_length"]`` is still a column."""


@dataclass(slots=True)
class Packets:
    """A batch of packets in file order.

    ``rows``: array of :data:`PACKET`. ``octets``: uint8 buffer that ``payload_start`` points into (a mapped
    file or a decompressed block). ``input``: index of the input in the run's list. ``carriers``: array of
    kernels.carriers.CARRIER that tunnelled packets point into, one an input; None where there are none.
    """

    rows: np.ndarray
    octets: np.ndarray
    input: int
    carriers: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)
