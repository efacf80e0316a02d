"""``netwatch flows --ipfix``: what is written is read again by us and by nfdump's collector."""

import json
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from netwatch.cli import run
from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.read import open_inputs

CAPTURE = next((Path(__file__).parents[2] / "captures" / "bitcoin-stratum").glob("*.pcap*"))
SAME = (
    "source_transport_port", "destination_transport_port", "protocol_identifier", "octet_delta_count",
    "packet_delta_count", "reverse_octet_delta_count", "reverse_packet_delta_count", "tcp_control_bits",
    "reverse_tcp_control_bits", "flow_start_nanoseconds", "flow_end_nanoseconds", "vlan_id", "ip_class_of_service",
)  # fmt: skip


def read(path):
    inputs = open_inputs([path])
    flows = Flows.concatenate(list(inputs))
    assert all(tally.balanced and not tally.lost and not tally.incomplete for tally in inputs.tallies)
    return flows


def ordered(flows):
    keys = [flows[name] for name in SAME] + [flows["destination_address"][:, 1], flows["source_address"][:, 1]]
    return flows.take(np.lexsort(keys))


@pytest.fixture
def written(tmp_path):
    assert run(["flows", str(CAPTURE), "--ipfix", str(tmp_path / "f.ipfix"), "--quiet"]) == 0
    assert run(["flows", str(CAPTURE), "--parquet", str(tmp_path / "f.parquet"), "--quiet"]) == 0
    return tmp_path / "f.ipfix", tmp_path / "f.parquet"


def test_round_trip(written, capsys):
    ipfix, parquet = (ordered(read(path)) for path in written)
    assert len(ipfix) == len(parquet) > 10
    for name in SAME:
        assert np.array_equal(ipfix[name], parquet[name]), name
    for name in ("source_address", "destination_address"):
        assert texts(ipfix[name]) == texts(parquet[name])
    assert capsys.readouterr().out == ""


def test_no_flows_are_a_file_with_templates_only(tmp_path):
    path = tmp_path / "none.ipfix"
    assert run(["flows", str(CAPTURE), "--filter", "dst port 1 and proto udp", "--ipfix", str(path), "--quiet"]) == 0
    assert path.stat().st_size > 0
    assert len(read(path)) == 0


@pytest.mark.oracle
@pytest.mark.skipif(not shutil.which("nfcapd"), reason="no nfcapd")
def test_nfdump_takes_it(written, tmp_path):
    octets, into = written[0].read_bytes(), tmp_path / "nfcapd"
    into.mkdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["nfcapd", "-w", str(into), "-b", "127.0.0.1", "-p", str(port), "-t", "3600"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as collector:
        time.sleep(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            place = 0
            while place < len(octets):
                size = int.from_bytes(octets[place + 2 : place + 4], "big")
                out.sendto(octets[place : place + size], ("127.0.0.1", port))
                place += size
        time.sleep(1)
        collector.send_signal(signal.SIGTERM)
        collector.wait(30)
    said = subprocess.run(["nfdump", "-R", str(into), "-o", "json", "-N"], capture_output=True, text=True, check=True)
    theirs, ours = json.loads(said.stdout), read(written[0])
    mine = zip(
        texts(ours["source_address"]),
        texts(ours["destination_address"]),
        *(ours[n].tolist() for n in ("octet_delta_count", "packet_delta_count", "protocol_identifier")),
        strict=True,
    )
    told = [
        (
            record.get("src4_addr") or record["src6_addr"],
            record.get("dst4_addr") or record["dst6_addr"],
            record["in_bytes"],
            record["in_packets"],
            record["proto"],
        )
        for record in theirs
    ]
    assert Counter(mine) == Counter(told)
