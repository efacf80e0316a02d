"""nfdump's files: records of both layouts built by hand, in both byte orders, compressed, and damaged."""

import bz2
import struct

import lz4.block
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.kernels.lzo import CORRUPT, decompress
from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.read.base import ReadOptions, recognise
from netwatch.read.nfcapd import NfcapdReader
from netwatch.read.source import open_source

FIRST, LAST = 1_600_000_000_123, 1_600_000_005_456


def element(order, kind, content):
    return struct.pack(order + "HH", kind, len(content) + 4) + content


def record(order="<", six=False, sampled=False):
    generic = struct.pack(order + "QQQQQHHBBBB", FIRST, LAST, LAST, 10, 1000, 1234, 443, 6, 0x1B, 0, 8)
    six_addresses = struct.pack(order + "QQQQ", 0x20010DB8 << 32, 1, 0x20010DB8 << 32, 2)
    addresses = (
        element(order, 3, six_addresses)
        if six
        else element(order, 2, struct.pack(order + "II", 0x0A000001, 0x0A000002))
    )
    parts = [
        element(order, 1, generic), addresses,
        element(order, 4, struct.pack(order + "IIBBBBBBBB", 7, 8, 0, 0, 0, 0, 0, 2, 0, 0)),
        element(order, 6, struct.pack(order + "II", 12, 0)),
        element(order, 7, struct.pack(order + "II", 64500, 64501)),
        element(order, 10, struct.pack(order + "I", 0x0A0000FE)),
        element(order, 16, struct.pack(order + "II", 64502, 0)),
        element(order, 99, b"later"),
    ]  # fmt: skip
    body = b"".join(parts)
    head = struct.pack(order + "HHHBBHBB", 11, 12 + len(body), len(parts), 0, 0, 1, 2 if sampled else 0, 9)
    return head + body


def exporter(order="<"):
    return struct.pack(order + "HHIQQHHI", 7, 32, 9, 0, 0x7F000001, 2, 1, 42)


def squeeze(block, method):
    if method == 2:
        return bz2.compress(block)
    if method == 3:
        return lz4.block.compress(block, store_size=False)
    if method == 4:
        return zstandard.compress(block)
    return block


def layout2(records, order="<", method=0):
    block = squeeze(b"".join(records), method)
    head = struct.pack(order + "HHIQBBHIQII", 0xA50C, 2, 0x1070100, 1_600_000_000, method, 0, 0, 0, 0, 0, 1)
    return head + struct.pack(order + "IIHH", len(records), len(block), 3, 0) + block


def layout1(order="<", flags=0):
    chain = struct.pack(order + "HHHHHHHH", 2, 16, 5, 20, 4, 7, 9, 0)
    common = struct.pack(
        order + "HHHHHHIIBBBBHHHH",
        10,
        0,
        flags,
        5,
        123,
        456,
        FIRST // 1000,
        LAST // 1000,
        0,
        0x1B,
        6,
        8,
        1234,
        443,
        1,
        0,
    )
    addresses = struct.pack(order + "II", 0x0A000001, 0x0A000002)
    counters = struct.pack(order + ("Q" if flags & 2 else "I") + ("Q" if flags & 4 else "I"), 10, 1000)
    body = common + addresses + counters + struct.pack(order + "HHIII", 7, 8, 64500, 64501, 0x0A0000FE)
    body = body[:2] + struct.pack(order + "H", len(body)) + body[4:]
    records = [chain, exporter(order), body]
    block = b"".join(records)
    head = struct.pack(order + "HHII128s", 0xA50C, 1, 0, 1, b"made") + bytes(136)
    return head + struct.pack(order + "IIHH", len(records), len(block), 2, 0) + block


def read(tmp_path, content):
    path = tmp_path / "nfcapd.202001010000"
    path.write_bytes(content)
    source = open_source(path, 300)
    reader = NfcapdReader(source, ReadOptions(), 2)
    flows = Flows.concatenate(list(reader))
    source.close()
    assert reader.tally.balanced
    assert reader.tally.seen_octets == len(content)
    return flows, reader


EXPECTED = {
    "flow_start_nanoseconds": FIRST * 1_000_000, "flow_end_nanoseconds": LAST * 1_000_000, "octet_delta_count": 1000,
    "packet_delta_count": 10, "source_transport_port": 1234, "destination_transport_port": 443,
    "protocol_identifier": 6, "tcp_control_bits": 0x1B, "ip_class_of_service": 8, "ingress_interface": 7,
    "egress_interface": 8, "bgp_source_as_number": 64500, "bgp_destination_as_number": 64501, "input": 2,
    "first_frame": 1, "sampling_packet_interval": 1, "observation_domain_id": 42,
}  # fmt: skip


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("method", [0, 2, 3, 4])
def test_layout_2(tmp_path, order, method):
    content = layout2([exporter(order), record(order), record(order, six=True)], order, method)
    assert recognise(content)[0] == "nfcapd"
    flows, reader = read(tmp_path, content)
    assert {name: int(flows[name][0]) for name in EXPECTED} == EXPECTED
    assert texts(flows["source_address"]) == ["10.0.0.1", "2001:db8::1"]
    assert texts(flows["next_hop_address"])[0] == "10.0.0.254"
    assert texts(flows["exporter_address"]) == ["127.0.0.1"] * 2
    assert flows["bgp_next_adjacent_as_number"][0] == 64502
    assert (flows["vlan_id"][0], flows["flow_end_reason"][0]) == (12, 2)
    assert not reader.tally.dropped


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("flags", [0, 2, 4, 6, 128])
def test_layout_1(tmp_path, order, flags):
    flows, reader = read(tmp_path, layout1(order, flags))
    assert {name: int(flows[name][0]) for name in EXPECTED} == EXPECTED
    assert texts(flows["next_hop_address"]) == ["10.0.0.254"]
    assert reader.details["ident"] == "made"
    assert sum(n for text, n in reader.tally.notes.items() if "multiplied" in text) == (flags == 128)


def test_sampled_counters_are_told(tmp_path):
    flows, reader = read(tmp_path, layout2([record(sampled=True)]))
    assert flows["sampling_packet_interval"].tolist() == [1]
    assert reader.tally.notes["record whose counters nfdump multiplied by the sampling interval"] == 1


def test_block_that_claims_4_gib(tmp_path):
    content = layout2([record()])
    _, reader = read(tmp_path, content[:44] + b"\xff\xff\xff\xff" + content[48:])
    assert "block larger than nfdump makes" in reader.tally.dropped


def test_bomb_is_bounded(tmp_path):
    for method in (2, 3, 4):
        _, reader = read(tmp_path, layout2([bytes(1 << 25)], method=method))
        assert any("corrupt" in reason for reason in reader.tally.dropped)


# "abcd" literally, then 20 octets from 4 back, then the end: made by hand from the format's description.
LZO = bytes([17 + 4]) + b"abcd" + bytes([0x20 | 18, (4 - 1) << 2 & 0xFF, 0]) + bytes([0x11, 0, 0])


def test_lzo():
    out = np.zeros(64, np.uint8)
    made = decompress(np.frombuffer(LZO, np.uint8), out)
    assert out[:made].tobytes() == b"abcd" * 6


def test_lzo_without_room_or_end():
    source = np.frombuffer(LZO, np.uint8)
    for room in range(24):
        assert decompress(source, np.zeros(room, np.uint8)) == CORRUPT
    for cut in range(len(LZO)):
        assert decompress(source[:cut], np.zeros(64, np.uint8)) == CORRUPT


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_lzo_of_arbitrary_octets_stays_in_bounds(octets):
    source = np.frombuffer(octets, np.uint8)
    assert CORRUPT <= decompress(source, np.zeros(1000, np.uint8)) <= 1000


def test_records_of_other_elements_among_each_other(tmp_path, monkeypatch):
    """Runs of records alike are read at once: how they are cut makes no difference, nor what memory held before."""
    import netwatch.read.nfcapd as module

    kinds = [record(), record(six=True), record(sampled=True)]
    many = [exporter(), *(kinds[i % 7 % 3] for i in range(500)), *[kinds[0]] * 50]
    whole, reader = read(tmp_path, layout2(many))
    assert len(whole) == 550
    alone, _ = read(tmp_path, layout2([exporter(), *kinds]))
    expected = [*(i % 7 % 3 for i in range(500)), *[0] * 50]
    for name in whole:
        if name != "first_frame":
            assert np.array_equal(whole[name], alone[name][expected]), name
    monkeypatch.setattr(module, "RUNS", 3)
    parts, again = read(tmp_path, layout2(many))
    for name in whole:
        assert np.array_equal(whole[name], parts[name]), name
    assert again.tally == reader.tally
