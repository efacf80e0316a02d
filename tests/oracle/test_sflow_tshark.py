"""Packets sampled by sFlow against tshark's dissection of the sampled headers."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from naive import frames as make
from read import test_sflow as sflow

from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.read import open_inputs

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "exports" / "akvorado_akvorado"
FILES = sorted(DATA.glob("data-*.pcap"))
FIELDS = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.len", "ipv6.plen", "tcp.srcport", "udp.srcport",
          "sflow.flow_sample.sampling_rate", "frame.number")  # fmt: skip

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark"),
]


def tshark(path):
    """Every value of each field, those of the headers that carry the datagram left out."""
    options = [option for field in FIELDS for option in ("-e", field)]
    command = ["tshark", "-n", "-r", str(path), "-d", "udp.port==6343,sflow", "-T", "fields", *options]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {field: [] for field in FIELDS}
    for line in said.splitlines():
        for field, cell in zip(FIELDS, line.split("\t"), strict=True):
            values = cell.split(",") if cell else []
            found[field] += values[1:] if field in ("ip.src", "ip.dst", "ip.len", "udp.srcport") else values
    return found


def compare(path):
    """Hold the flows of a capture against tshark; how many there are."""
    inputs = open_inputs([path])
    flows = Flows.concatenate([batch for batch in inputs if isinstance(batch, Flows)])
    assert all(tally.balanced for tally in inputs.tallies)
    theirs = tshark(path)
    assert Counter(texts(flows["source_address"])) == Counter(theirs["ip.src"] + theirs["ipv6.src"])
    assert Counter(texts(flows["destination_address"])) == Counter(theirs["ip.dst"] + theirs["ipv6.dst"])
    lengths = [int(each) for each in theirs["ip.len"]] + [int(each) + 40 for each in theirs["ipv6.plen"]]
    assert Counter(flows["octet_delta_count"].tolist()) == Counter(lengths)
    ports = [int(each) for each in theirs["tcp.srcport"] + theirs["udp.srcport"]]
    assert Counter(port for port in flows["source_transport_port"].tolist() if port) == Counter(ports)
    intervals = [int(each) for each in theirs["sflow.flow_sample.sampling_rate"]]
    assert Counter(flows["sampling_packet_interval"].tolist()) == Counter(intervals)
    return len(flows)


@pytest.mark.shared
@pytest.mark.skipif(not FILES, reason="no data set")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_samples_are_tsharks(path):
    assert compare(path) > 0


def test_samples_of_every_wrapping_are_tsharks(tmp_path):
    packets = [*make.conversation(6), *make.conversation(6, wrap=make.ipv6)]
    samples = [sflow.sample(sflow.header(make.ethernet(packet, make.kind_of(packet)))) for packet in packets]
    datagrams = [sflow.datagram(*samples[start : start + 3], sequence=start) for start in range(0, len(samples), 3)]
    path = tmp_path / "samples.pcap"
    path.write_bytes(make.pcap([make.ethernet(make.ipv4(make.udp(d, 50_000, 6343), 17)) for d in datagrams]))
    assert compare(path) == len(packets)
