"""The IPFIX Information Elements that netwatch keeps: their names, dtypes and units.

A column is the IANA element's name in snake_case (RFC 7012, IANA IPFIX registry); the reverse
direction of a biflow takes the prefix ``reverse_`` (RFC 5103 section 6.1). Columns of netwatch's
own have no element number (``iana`` is None).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

ADDRESS = np.dtype((np.uint64, 2))
"""One IPv4-mapped 128-bit address, as (high, low) 64-bit halves in host order."""


@dataclass(frozen=True, slots=True)
class Element:
    """One column of a batch: name, NumPy dtype, unit, IANA element number and meaning."""

    name: str
    dtype: np.dtype
    unit: str
    iana: int | None
    about: str


def column_name(iana_name: str, *, reverse: bool = False) -> str:
    """The column's name for an IANA element name: ``octetDeltaCount`` → ``octet_delta_count``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", iana_name.replace("IPv", "Ipv"))
    return ("reverse_" if reverse else "") + spaced.lower()


def _iana(iana_name: str, dtype: str, unit: str, number: int, about: str) -> Element:
    return Element(column_name(iana_name), np.dtype(dtype), unit, number, about)


def _reverse(iana_name: str, dtype: str, unit: str, number: int, about: str) -> Element:
    return Element(column_name(iana_name, reverse=True), np.dtype(dtype), unit, number, about + ", reverse direction")


def _own(name: str, dtype: str | np.dtype, unit: str, about: str) -> Element:
    return Element(name, np.dtype(dtype), unit, None, about)


FLOW: tuple[Element, ...] = (
    _iana("flowStartNanoseconds", "i8", "ns", 156, "first packet, nanoseconds since 1970 UTC"),
    _iana("flowEndNanoseconds", "i8", "ns", 157, "last packet, nanoseconds since 1970 UTC"),
    _own("source_address", ADDRESS, "", "address of the flow's source (biflow: initiator)"),
    _own("destination_address", ADDRESS, "", "address of the flow's destination"),
    _iana("sourceTransportPort", "u2", "", 7, "source port; 0 where the protocol has none"),
    _iana("destinationTransportPort", "u2", "", 11, "destination port; ICMP: type * 256 + code, as in NetFlow"),
    _iana("protocolIdentifier", "u1", "", 4, "IP protocol number"),
    _iana("octetDeltaCount", "i8", "octets", 1, "layer-3 octets (IP total length)"),
    _iana("packetDeltaCount", "i8", "packets", 2, "packets"),
    _reverse("octetDeltaCount", "i8", "octets", 1, "layer-3 octets"),
    _reverse("packetDeltaCount", "i8", "packets", 2, "packets"),
    _iana("tcpControlBits", "u2", "", 6, "union of TCP flags"),
    _reverse("tcpControlBits", "u2", "", 6, "union of TCP flags"),
    _iana("flowEndReason", "u1", "", 136, "1 idle, 2 active, 3 end of flow, 4 forced, 5 lack of resources; 0 unknown"),
    _iana("ipClassOfService", "u1", "", 5, "type of service / traffic class of the first packet"),
    _iana("vlanId", "u2", "", 58, "outermost 802.1Q VLAN; 0 where untagged"),
    _iana("ingressInterface", "u4", "", 10, "exporter's input interface; 0 unknown"),
    _iana("egressInterface", "u4", "", 14, "exporter's output interface; 0 unknown"),
    _iana("bgpSourceAsNumber", "u4", "", 16, "source AS as exported; 0 unknown"),
    _iana("bgpDestinationAsNumber", "u4", "", 17, "destination AS as exported; 0 unknown"),
    _iana("bgpNextAdjacentAsNumber", "u4", "", 128, "next AS towards the destination, the upstream; 0 unknown"),
    _own("next_hop_address", ADDRESS, "", "next hop router (ipNextHop or bgpNextHop); 0 unknown"),
    _iana("samplingPacketInterval", "u4", "packets", 305, "one packet in how many was seen; 1 unsampled"),
    _iana("observationDomainId", "u4", "", 149, "exporter's observation domain"),
    _own("exporter_address", ADDRESS, "", "who exported the record; 0 where metered here"),
    _iana("initiatorOctets", "i8", "octets", 231, "transport payload octets from the source"),
    _iana("responderOctets", "i8", "octets", 232, "transport payload octets from the destination"),
    _iana("minimumIpTotalLength", "u2", "octets", 25, "smallest packet of the forward direction; 0 unknown"),
    _iana("maximumIpTotalLength", "u2", "octets", 26, "largest packet of the forward direction, saturated; 0 unknown"),
    _iana("fragmentFlags", "u1", "", 197, "union of fragment bits seen: 1 fragments of either kind; 0 none or unknown"),
    _own("orientation", "u1", "", "what told source from destination: an Orientation"),
    _own("detail", "u1", "", "what the record can tell: a union of Detail bits"),
    _own("tunnel", "u1", "", "what carried the flow's first packet, outermost: a Tunnel; 0 nothing"),
    _own("tunnel_identifier", "u4", "", "of that tunnel: VNI, TEID, GRE key, ERSPAN session; 0 none"),
    _own("outer_source_address", ADDRESS, "", "outermost address on the side of the source; 0 no tunnel"),
    _own("outer_destination_address", ADDRESS, "", "outermost address on the side of the destination"),
    _own("input", "u4", "", "index of the input in the run's list"),
    _own("first_frame", "i8", "", "1-based number of the first packet or record in its input"),
)
"""Columns of every Flow Record, packet counters as observed (never multiplied by the sampling interval)."""

SCOPED: tuple[Element, ...] = (
    _own("direction", "u1", "", "against the scope: a Direction"),
    _own("watch", "u2", "", "index of the watch group that claims the flow's own side; 65535 none"),
    _own("source_as", "u4", "", "AS of the source at the flow's time, from the table, else as exported; 0 unknown"),
    _own("destination_as", "u4", "", "AS of the destination, likewise"),
    _own("source_country", "u2", "", "two ASCII letters, first in the high octet; 0 unknown"),
    _own("destination_country", "u2", "", "likewise for the destination"),
)
"""What the stage ``scope`` adds."""

JUDGED: tuple[Element, ...] = (
    _own("application", "u2", "", "application protocol recognised on payload, else by port: an index of taxonomy"),
    _own("traffic_class", "u2", "", "class of the taxonomy that the flow belongs to: an index of taxonomy"),
    _own("role", "u1", "", "part played by the scope's side in that class: a Role"),
)
"""What the stage ``fingerprint`` adds."""


class Orientation:
    """How source and destination of a biflow were told apart."""

    EXPORTED, SYN, FIRST_PACKET, PORTS = range(4)
    names = ("as exported", "SYN", "first packet", "ports")


class Tunnel:
    """What an outermost IP header carried, by the codes of kernels.tunnel."""

    names = ("", "IP in IP", "IPv6 in IP", "GRE", "ERSPAN", "VXLAN", "Geneve", "GTP-U", "L2TP", "Teredo", "MPLS in IP",
             "EtherIP")  # fmt: skip


class Detail:
    """Bits: what a Flow Record can tell beyond its counters."""

    PACKETS = 1  # metered here from packets: sizes, times, payload octets are real
    BIFLOW = 2  # both directions are in the record
    PAYLOAD = 4  # captured payload is in the batch's Exchange
    CUT = 8  # a packet's capture was cut short (snaplen): payload may be missing
    DUPLICATES = 16  # repeated packets were seen in the flow


class Direction:
    """Of a flow against the scope."""

    OUTSIDE, INBOUND, OUTBOUND, INTERNAL, TRANSIT = range(5)
    names = ("outside", "inbound", "outbound", "internal", "transit")


class Role:
    """Part that the watched side plays."""

    NONE, SOURCE, TARGET, REFLECTOR, BACKSCATTER_VICTIM, RELAY, INTERNAL = range(7)
    names = ("none", "source", "target", "reflector", "backscatter-victim", "relay", "internal")
