"""What programs call the columns of Flow Records in text, and which column of ours each of these names is.

Names are compared without case, blanks, dots and underscores. Sources: the IANA IPFIX registry; nfdump's csv of 1.6
and 1.7; the titles of SiLK's rwcut; NetFlow v9's field types (RFC 3954, table 6), as nProbe writes them; pmacct; Amazon
VPC's flow logs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from netwatch.model.elements import FLOW

START, END, DURATION = "flow_start_nanoseconds", "flow_end_nanoseconds", "duration"
SOURCE, DESTINATION = "source_address", "destination_address"


class Meaning(NamedTuple):
    """The column of FLOW (or DURATION) that a name stands for; ``unit``: ns in a whole number, 0: its size tells."""

    column: str
    unit: int = 0


_OTHERS = {
    SOURCE: "sourceIPv4Address sourceIPv6Address sa srcAddr sIP src_ip ip_src ipv4_src_addr ipv6_src_addr",
    DESTINATION: "destinationIPv4Address destinationIPv6Address da dstAddr dIP dst_ip ip_dst ipv4_dst_addr "
    "ipv6_dst_addr",
    "source_transport_port": "sp srcPort sPort src_port port_src l4_src_port",
    "destination_transport_port": "dp dstPort dPort dst_port port_dst l4_dst_port icmpTypeCodeIPv4 icmpTypeCodeIPv6",
    "protocol_identifier": "pr pro proto protocol ip_proto",
    "octet_delta_count": "octetTotalCount postOctetDeltaCount ibyt inBytes bytes",
    "packet_delta_count": "packetTotalCount postPacketDeltaCount ipkt inPackets in_pkts packets",
    "reverse_octet_delta_count": "reverseOctetTotalCount obyt outBytes",
    "reverse_packet_delta_count": "reversePacketTotalCount opkt outPackets out_pkts",
    "tcp_control_bits": "flg flags tcp_flags",
    "flow_end_reason": "endReason",
    "ip_class_of_service": "stos tos srcTos src_tos",
    "vlan_id": "svln srcVlan dot1qVlanId vlan",
    "ingress_interface": "in input input_snmp in_iface",
    "egress_interface": "out output output_snmp out_iface",
    "bgp_source_as_number": "sas srcAS src_as as_src",
    "bgp_destination_as_number": "das dstAS dst_as as_dst",
    "bgp_next_adjacent_as_number": "nextAS",
    "next_hop_address": "ipNextHopIPv4Address ipNextHopIPv6Address bgpNextHopIPv4Address bgpNextHopIPv6Address nh nhIP "
    "nextIP nhb bgpNextIP ipv4_next_hop",
    "sampling_packet_interval": "samplingInterval samplerRandomInterval",
    "observation_domain_id": "obsDomainID",
    "exporter_address": "exporterIPv4Address exporterIPv6Address ra routerIP peer_ip_src",
}
"""Names beside our own, those first that are believed first."""
_UNITS = {"Seconds": 10**9, "Milliseconds": 10**6, "Microseconds": 10**3, "Nanoseconds": 1}


def plain(name: str) -> str:
    """A name as names are compared."""
    return name.lower().translate({ord(letter): None for letter in " ._"})


def _names() -> dict[str, Meaning]:
    names = {
        plain(element.name): Meaning(element.name) for element in FLOW if element.name not in ("input", "first_frame")
    }
    times = {START: "flowStart", END: "flowEnd", DURATION: "flowDuration"}
    for column, stem in times.items():
        names |= {plain(stem + name): Meaning(column, unit) for name, unit in _UNITS.items()}
    texts = {
        START: "flow_start ts firstSeen sTime timestamp_start start",
        END: "flow_end te lastSeen eTime timestamp_end end",
    }
    for column, words in (texts | _OTHERS).items():
        names |= {plain(word): Meaning(column) for word in words.split()}
    return names | {plain(word): Meaning(DURATION, 10**9) for word in ("td", "duration", "dur")}


NAMES = _names()
OWN = {*(element.name for element in FLOW), "flow_start", "flow_end"} - {"input", "first_frame"}
"""Names of ours, as ``netwatch flows --csv`` writes them."""


def meanings(names: Sequence[str]) -> dict[str, list[tuple[str, Meaning]]]:
    """For each column of ours, the names that tell it, those first that are believed first.

    Of a table of our own only our names count: its ``input`` is a number in a run, nfdump's an interface.
    """
    order = {name: place for place, name in enumerate(NAMES)}
    if any(name.lower() == SOURCE for name in names):
        names = [name for name in names if name.lower() in OWN]
    known = sorted((name for name in names if plain(name) in NAMES), key=lambda name: order[plain(name)])
    told: dict[str, list[tuple[str, Meaning]]] = {}
    for name in known:
        told.setdefault(NAMES[plain(name)].column, []).append((name, NAMES[plain(name)]))
    return told


def missing(names: Collection[str]) -> list[str]:
    """What these names lack to be those of a table of flows."""
    columns = {NAMES[plain(name)].column for name in names if plain(name) in NAMES}
    lacks = {"source address": {SOURCE}, "destination address": {DESTINATION}, "time": {START, END}}
    return [what for what, any_of in lacks.items() if not any_of & columns]
