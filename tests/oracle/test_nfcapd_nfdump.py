"""Every record of every nfcapd file of the data set against nfdump."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.read import open_inputs

SHARED = Path(__file__).parents[2].parent / "shared"
FILES = sorted((SHARED / "data" / "derived").glob("*/*nfcapd.*"))
FLAGS = "FSRPAUEC"

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.shared,
    pytest.mark.skipif(not FILES, reason="no data set"),
    pytest.mark.skipif(not shutil.which("nfdump"), reason="no nfdump"),
]


def flags_of(text):
    return sum(1 << FLAGS.index(letter) for letter in text if letter != ".")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_records_are_nfdumps(path):
    inputs = open_inputs([path])
    flows = Flows.concatenate(list(inputs))
    (tally,) = inputs.tallies
    assert tally.balanced
    assert not tally.incomplete
    assert not tally.dropped
    assert tally.seen_octets == path.stat().st_size
    command = ["nfdump", "-r", str(path), "-o", "json", "-N"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    records = json.loads(said) if "{" in said else []
    assert len(records) == len(flows)
    times = [flows[name].astype("datetime64[ns]").astype("datetime64[ms]").astype(str) for name in TIMES]
    mine = zip(
        *times,
        texts(flows["source_address"]),
        texts(flows["destination_address"]),
        *(flows[name].tolist() for name in NUMBERS),
        strict=True,
    )
    for ours, record in zip(mine, records, strict=True):
        theirs = (
            record["first"],
            record["last"],
            record.get("src4_addr") or record.get("src6_addr"),
            record.get("dst4_addr") or record.get("dst6_addr"),
            record["in_packets"],
            record["in_bytes"],
            record["proto"],
            flags_of(record.get("tcp_flags", "")),
            record["src_tos"],
            record.get("input_snmp", 0),
            record.get("output_snmp", 0),
            record.get("src_as", 0),
            record.get("dst_as", 0),
        )
        assert ours == theirs


TIMES = ("flow_start_nanoseconds", "flow_end_nanoseconds")
NUMBERS = (
    "packet_delta_count", "octet_delta_count", "protocol_identifier", "tcp_control_bits", "ip_class_of_service",
    "ingress_interface", "egress_interface", "bgp_source_as_number", "bgp_destination_as_number",
)  # fmt: skip
