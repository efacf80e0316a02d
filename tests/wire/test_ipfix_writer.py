"""IPFIX files written by us, read by us and by an independent dissector."""

import shutil
import struct
import subprocess

import numpy as np
import pytest

from netwatch.model.elements import FLOW
from netwatch.model.flows import Flows
from netwatch.read import open_inputs
from netwatch.wire.ipfix_writer import IpfixWriter


def made(n):
    rng = np.random.default_rng(7)
    columns = {}
    for element in FLOW:
        high = min(np.iinfo(element.dtype.base).max, 2**40)
        columns[element.name] = rng.integers(1, high, (n, *element.dtype.shape)).astype(element.dtype.base)
    start = 1_600_000_000_000_000_000 + rng.integers(0, 10**12, n)
    columns["flow_start_nanoseconds"], columns["flow_end_nanoseconds"] = start, start + rng.integers(0, 10**11, n)
    for name in ("source_address", "destination_address", "next_hop_address"):
        columns[name][: n // 2] = np.stack([np.zeros(n // 2), 0xFFFF << 32 | rng.integers(0, 2**32, n // 2)], axis=1)
    columns["vlan_id"] &= 0xFFF
    columns["sampling_packet_interval"] %= 4096  # times the counters below what any link carries
    return Flows(columns)


def test_round_trip(tmp_path):
    flows, writer = made(1000), IpfixWriter(9)
    path = tmp_path / "flows.ipfix"
    path.write_bytes(b"".join([*writer.messages(flows.columns), *writer.messages(made(10).columns)]))
    inputs = open_inputs([path])
    again = Flows.concatenate(list(inputs))
    assert len(again) == 1010
    assert not inputs.tallies[0].lost
    kept = {"observation_domain_id", "exporter_address", "orientation", "detail", "input", "first_frame"}
    kept |= {"initiator_octets", "responder_octets", "fragment_flags"}
    kept |= {"tunnel", "tunnel_identifier", "outer_source_address", "outer_destination_address"}
    for element in FLOW:
        if element.name not in kept:
            assert np.array_equal(again[element.name][:1000], flows[element.name]), element.name
    assert set(again["observation_domain_id"].tolist()) == {9}


@pytest.mark.oracle
@pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark")
def test_tshark_reads_it(tmp_path):
    flows = made(40)
    path = tmp_path / "flows.pcap"
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101)
    for message in IpfixWriter().messages(flows.columns):
        udp = struct.pack(">HHHH", 4739, 4739, len(message) + 8, 0) + message
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, 1, 2) + udp
        out += struct.pack("<IIII", 1_600_000_000, 0, len(ip), len(ip)) + ip
    path.write_bytes(out)
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "cflow.packets", "-E", "aggregator= "]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    ours = np.stack([flows["packet_delta_count"], flows["reverse_packet_delta_count"]], axis=1)
    assert sorted(map(int, said)) == sorted(ours.ravel().tolist())
