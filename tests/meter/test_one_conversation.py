"""One conversation of 34 packets in many wrappings, to one flow: what tools of this kind were seen to get wrong.

Each row is a wrapping in which one at least of nfpcapd, argus, pmacctd, NFStream and CICFlowMeter lost packets, showed
the carrier, refused the file or ended with success on one that was cut.
"""

import bz2
import gzip
import lzma
import struct

import lz4.frame
import pytest
import zstandard
from naive import frames as make

from netwatch.meter import Meter
from netwatch.model.flows import Flows, octets_both, packets_both
from netwatch.read import ReadOptions, open_inputs

INSIDE, INSIDE6 = make.conversation(), make.conversation(wrap=make.ipv6)
PLAIN = [make.ethernet(packet) for packet in INSIDE]
OCTETS, OCTETS6 = sum(map(len, INSIDE)), sum(map(len, INSIDE6))


def linked(name, packets=INSIDE):
    link, wrap = make.LINKS[name]
    return make.pcap([wrap(packet) for packet in packets], link)


def tunnelled(name, packets=INSIDE):
    return linked("ethernet", [make.TUNNELS[name](packet) for packet in packets])


def two_links():
    out = make.section() + make.interface(1) + make.interface(101)
    for i, (time, packet) in enumerate(zip(make.times(PLAIN), INSIDE, strict=True)):
        out += make.enhanced(packet if i % 2 else make.ethernet(packet), time // 1000, i % 2)
    return out


def with_extensions():
    """Hop-by-hop and destination options before each TCP header."""
    out = []
    for packet in INSIDE6:
        options = bytes([60, 0]) + bytes(6) + bytes([6, 0]) + bytes(6)
        body = struct.pack(">IHBB", 0x6010_0000, len(packet) - 40 + 16, 0, 61) + packet[8:40] + options + packet[40:]
        out.append(body)
    return out


PCAP = make.pcap(PLAIN)
ROWS = {
    "plain pcap": (PCAP, OCTETS),
    "ns pcap": (make.pcap(PLAIN, magic=0xA1B23C4D), OCTETS),
    "big-endian pcap": (make.pcap(PLAIN, order=">"), OCTETS),
    "pcapng": (make.pcapng(PLAIN), OCTETS),
    "pcapng, 2 link types": (two_links(), OCTETS),
    ".gz": (gzip.compress(PCAP), OCTETS),
    ".xz": (lzma.compress(PCAP), OCTETS),
    ".zst": (zstandard.compress(PCAP), OCTETS),
    ".bz2": (bz2.compress(PCAP), OCTETS),
    "SLL": (linked("SLL"), OCTETS),
    "SLL2": (linked("SLL2"), OCTETS),
    "VLAN": (linked("802.1Q"), OCTETS),
    "QinQ": (linked("QinQ 88a8"), OCTETS),
    "MPLS": (linked("MPLS"), OCTETS),
    "PPPoE": (linked("PPPoE"), OCTETS),
    "raw IP": (linked("raw"), OCTETS),
    "GRE": (tunnelled("GRE"), OCTETS),
    "IPIP": (tunnelled("IP in IP"), OCTETS),
    "6in4": (tunnelled("IP in IP", INSIDE6), OCTETS6),
    "VXLAN": (tunnelled("VXLAN"), OCTETS),
    "Geneve": (tunnelled("Geneve"), OCTETS),
    "GTP-U": (tunnelled("GTP-U"), OCTETS),
    "IPv6": (linked("ethernet", INSIDE6), OCTETS6),
    "IPv6 hop-by-hop + dst opts": (linked("ethernet", with_extensions()), OCTETS6 + 16 * 34),
    # Beyond the rows that were seen to fail elsewhere:
    ".lz4": (lz4.frame.compress(PCAP), OCTETS),
    "snoop": (make.snoop(PLAIN), OCTETS),
    "ERF": (make.erf(PLAIN), OCTETS),
    "radiotap": (linked("radiotap"), OCTETS),
    "NFLOG": (linked("NFLOG", INSIDE), OCTETS),
    "MPLS pseudowire": (linked("MPLS pseudowire"), OCTETS),
    "ERSPAN II": (tunnelled("ERSPAN II"), OCTETS),
    "L2TP": (tunnelled("L2TP"), OCTETS),
    "Teredo": (tunnelled("Teredo", INSIDE6), OCTETS6),
    "VXLAN in GRE": (tunnelled("VXLAN in GRE"), OCTETS),
    "cut by snaplen": (make.pcap(PLAIN, snaplen=60), OCTETS),
}


def metered(octets, path):
    path.write_bytes(octets)
    inputs, meter = open_inputs([path], ReadOptions()), Meter()
    flows = [meter.add(packets) for packets in inputs]
    return Flows.concatenate([*flows, meter.finish()]), inputs.tallies[0]


@pytest.mark.parametrize("row", ROWS)
def test_every_packet_and_octet_in_one_flow(row, tmp_path):
    octets, expected = ROWS[row]
    flows, tally = metered(octets, tmp_path / "input")
    assert len(flows) == 1
    assert (packets_both(flows)[0], octets_both(flows)[0]) == (34, expected)
    ends = flows["source_transport_port"][0], flows["destination_transport_port"][0], flows["protocol_identifier"][0]
    assert ends == (40000, 3333, 6)
    assert (tally.seen, tally.kept, tally.incomplete, tally.dropped) == (34, 34, "", {})


def test_ipv4_fragments(tmp_path):
    """18 packets, 12,600 IP octets: six datagrams in three pieces; each piece's own header counts."""
    pieces = []
    for ident in range(6):
        datagram = make.udp(bytes(2032))
        cuts = [datagram[i : i + 680] for i in range(0, len(datagram), 680)]
        pieces += [make.ipv4(cut, 17, ident=ident, place=i * 85 | (i < 2) << 13) for i, cut in enumerate(cuts)]
    assert (len(pieces), sum(map(len, pieces))) == (18, 12_600)
    flows, tally = metered(make.pcap([make.ethernet(piece) for piece in pieces]), tmp_path / "input")
    assert len(flows) == 1
    assert (packets_both(flows)[0], octets_both(flows)[0], tally.kept) == (18, 12_600, 18)
    assert flows["destination_transport_port"].tolist() == [53]


@pytest.mark.parametrize("row", ["truncated file", "record length 0x7fffffff"])
def test_a_broken_file_is_read_so_far_and_told(row, tmp_path):
    if row == "truncated file":
        octets = PCAP[:-9]
    else:
        place = len(make.pcap(PLAIN[:33])) + 8
        octets = PCAP[:place] + struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF) + PCAP[place + 8 :]
    flows, tally = metered(octets, tmp_path / "input")
    assert packets_both(flows).tolist() == [33]
    assert octets_both(flows).tolist() == [OCTETS - len(INSIDE[-1])]
    assert "octet" in tally.incomplete
