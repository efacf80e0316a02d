"""sFlow datagrams: headers, what samples tell beside them, and damage."""

import struct

import numpy as np
import pytest

from netwatch.model.address import pack, texts
from netwatch.read.base import ReadOptions
from netwatch.read.exports import ExportDecoder

TIME = 1_600_000_000_000_000_000
IP = struct.pack(">BBHHHBBHII", 0x45, 8, 1500, 7, 0, 64, 6, 0, 0x0A000001, 0x0A000002)
TCP = struct.pack(">HHIIBBHHH", 1234, 443, 1, 2, 0x50, 0x18, 0, 0, 0)
FRAME = bytes(12) + b"\x81\x00\x00\x0c\x08\x00" + IP + TCP + bytes(10)


def record(kind, content):
    content += bytes(-len(content) % 4)
    return struct.pack(">II", kind, len(content)) + content


def header(octets, protocol=1, wire=1518):
    return record(1, struct.pack(">IIII", protocol, wire, 4, len(octets)) + octets)


ROUTER = record(1002, struct.pack(">IIII", 1, 0x0A0000FE, 24, 24))
GATEWAY = record(1003, struct.pack(">IIIIIIIIIIII", 1, 0x0A0000FE, 64500, 64501, 0, 1, 2, 2, 64502, 64503, 0, 100))


def sample(*records, rate=1000, expanded=False):
    if expanded:
        head = struct.pack(">IIIIIIIIIII", 9, 0, 3, rate, 0, 0, 0, 7, 0, 8, len(records))
    else:
        head = struct.pack(">IIIIIIII", 9, 3, rate, 0, 0, 7, 0x3FFFFFFF, len(records))
    return record(3 if expanded else 1, head + b"".join(records))


COUNTERS = record(2, struct.pack(">III", 1, 3, 0))


def datagram(*samples, sequence=1):
    return struct.pack(">IIIIIII", 5, 1, 0xC0000201, 77, sequence, 5000, len(samples)) + b"".join(samples)


def decode(*messages):
    decoder = ExportDecoder(ReadOptions(), 4)
    octets = np.frombuffer(b"".join(messages), np.uint8)
    length = np.array([len(m) for m in messages], np.int64)
    start = np.cumsum(length) - length
    who = np.tile(np.array(pack("192.0.2.9"), np.uint64), (len(messages), 1))
    times = np.full(len(messages), TIME, np.int64)
    flows = decoder.add(octets, start, length, who, times, np.arange(1, len(messages) + 1))
    decoder.finish()
    assert decoder.tally.balanced
    assert decoder.tally.seen_octets == sum(map(len, messages))
    return flows, decoder


@pytest.mark.parametrize("expanded", [False, True])
def test_sampled_header(expanded):
    flows, decoder = decode(datagram(sample(header(FRAME), ROUTER, GATEWAY, expanded=expanded), COUNTERS))
    assert texts(flows["source_address"]) == ["10.0.0.1"]
    assert texts(flows["next_hop_address"]) == ["10.0.0.254"]
    expected = {
        "octet_delta_count": 1500, "packet_delta_count": 1, "sampling_packet_interval": 1000, "vlan_id": 12,
        "ingress_interface": 7, "egress_interface": 8 if expanded else 0, "bgp_source_as_number": 64501,
        "bgp_next_adjacent_as_number": 64502, "bgp_destination_as_number": 64503, "tcp_control_bits": 0x18,
        "source_transport_port": 1234, "destination_transport_port": 443, "ip_class_of_service": 8, "input": 4,
        "flow_start_nanoseconds": TIME, "flow_end_nanoseconds": TIME, "observation_domain_id": 77, "first_frame": 1,
    }  # fmt: skip
    assert {name: int(flows[name][0]) for name in expected} == expected
    assert decoder.tally.notes["counter sample"] == 1


def test_bare_ip_and_other_headers():
    flows, decoder = decode(
        datagram(sample(header(IP + TCP, protocol=11)), sample(header(bytes(60), protocol=9)), sample(ROUTER)),
        datagram(sample(header(bytes(12) + b"\x08\x06" + bytes(46))), sequence=2),
    )
    assert flows["octet_delta_count"].tolist() == [1500]
    assert decoder.tally.dropped["flow sample without packet header"].units == 1
    assert decoder.tally.seen == 4


def test_lost_datagrams():
    _, decoder = decode(*[datagram(sample(header(FRAME)), sequence=k) for k in (1, 2, 6)])
    assert decoder.tally.notes["export messages lost"] == 3
    assert decoder.tally.lost == 3


def test_every_cut_and_every_flip_is_accounted():
    whole = datagram(sample(header(FRAME), ROUTER, GATEWAY), COUNTERS, sample(header(FRAME), expanded=True))
    for cut in range(len(whole)):
        decode(whole[:cut], whole)
    for place in range(len(whole)):
        for bit in (0x01, 0x80, 0xFF):
            decode(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :], whole)
