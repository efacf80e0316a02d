"""What nfdump writes of an nfcapd file as CSV, read as a table, against the file itself."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from netwatch.model.flows import Flows
from netwatch.read import open_inputs

SHARED = Path(__file__).parents[2].parent / "shared"
FILES = sorted((SHARED / "data" / "derived").glob("*/*nfcapd.*"))
SECOND = 10**9
NO_RECORD = "line that cannot be parsed"
SAME = (
    "source_address", "destination_address", "source_transport_port", "destination_transport_port",
    "protocol_identifier", "octet_delta_count", "packet_delta_count", "reverse_octet_delta_count",
    "reverse_packet_delta_count", "tcp_control_bits", "ip_class_of_service", "ingress_interface", "egress_interface",
    "bgp_source_as_number", "bgp_destination_as_number", "next_hop_address", "vlan_id",
)  # fmt: skip

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.shared,
    pytest.mark.skipif(not FILES, reason="no data set"),
    pytest.mark.skipif(not shutil.which("nfdump"), reason="no nfdump"),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_its_csv_tells_what_the_file_does(path, tmp_path):
    command = ["nfdump", "-r", str(path), "-o", "csv"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"TZ": "UTC"}).stdout
    (tmp_path / "flows.csv").write_text(said)
    flows = Flows.concatenate(list(open_inputs([path])))
    inputs = open_inputs([tmp_path / "flows.csv"])
    table = Flows.concatenate(list(inputs))
    assert inputs.tallies[0].balanced
    summary = 3 + (not len(flows))  # and of no flows that there are none
    assert {reason: drop.units for reason, drop in inputs.tallies[0].dropped.items()} == {NO_RECORD: summary}
    for name in SAME:
        if flows[name].any() or name not in (
            "next_hop_address",
            "vlan_id",
        ):  # of which a row has none, nfdump has 0.0.0.0
            assert np.array_equal(flows[name], table[name]), name
    late = flows["flow_start_nanoseconds"] - table["flow_start_nanoseconds"]
    assert ((late >= 0) & (late < SECOND)).all()
    spans = [each["flow_end_nanoseconds"] - each["flow_start_nanoseconds"] for each in (flows, table)]
    assert (abs(spans[0] - spans[1]) <= SECOND // 1000).all()
