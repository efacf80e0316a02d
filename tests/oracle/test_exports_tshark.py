"""Flow export messages in captures against tshark's cflow dissector, record by record."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.read import open_inputs

DATA = Path(__file__).parents[2].parent / "shared" / "data"
KINDS = ("netflow-v5", "netflow-v9", "ipfix", "ipfix-biflow")
FILES = sorted(p for kind in KINDS for p in (DATA / "derived").glob(f"*/*{kind}.pcap"))
FILES += sorted((DATA / "exports" / "pmacct_pmacct").glob("*.pcap")) + sorted((DATA / "exports").glob("*/ipfix.pcap"))
FIELDS = ("srcaddr", "dstaddr", "srcaddrv6", "dstaddrv6", "srcport", "dstport", "protocol", "octets", "packets")
EXPLAINED = {
    "pmacct_pmacct/2_traffic-00.pcap": "records with an inner IPv4 and an outer IPv6 address: tshark shows both",
    "pmacct_pmacct/5_traffic-00.pcap": "records with an inner IPv4 and an outer IPv6 address: tshark shows both",
}
"""Files in which tshark's answer differs, and why."""

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.shared,
    pytest.mark.skipif(not FILES, reason="no data set"),
    pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark"),
]


def tshark(path):
    """Every value of each field, in order, over all messages."""
    names = [option for field in FIELDS for option in ("-e", f"cflow.{field}")]
    ports = [f"udp.port=={port},cflow" for port in (9991, 9992, 9995, 2055, 4739, 2100, 6343, 8999, 9990, 20013)]
    decode = [option for port in ports for option in ("-d", port)]
    command = ["tshark", "-n", "-2", "-r", str(path), *decode, "-T", "fields", *names, "-E", "aggregator= "]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    columns = [[] for _ in FIELDS]
    for line in said.splitlines():
        for column, cell in zip(columns, line.split("\t"), strict=False):
            column.extend(cell.split())
    return dict(zip(FIELDS, columns, strict=True))


def told_by_headers(path):
    """Records by the counts of the message headers."""
    command = ["tshark", "-n", "-r", str(path), "-d", "udp.port==2055,cflow", "-T", "fields", "-e", "cflow.count"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sum(int(count) for count in said.split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_records_are_tsharks(path):
    if "/".join(path.parts[-2:]) in EXPLAINED:
        pytest.skip(EXPLAINED["/".join(path.parts[-2:])])
    inputs = open_inputs([path])
    flows = Flows.concatenate([batch for batch in inputs if isinstance(batch, Flows)])
    assert all(tally.balanced for tally in inputs.tallies)
    theirs = tshark(path)
    if "netflow-v9" in path.name and len(theirs["octets"]) < len(flows):
        # softflowd counts flow records only, not templates and options as RFC 3954 has it, and tshark stops there.
        assert len(flows) == told_by_headers(path)
        return
    for side, name in (("srcaddr", "source_address"), ("dstaddr", "destination_address")):
        # Dual-stack templates carry both families, one of them zero: tshark shows both.
        shown = [each for each in theirs[side] + theirs[side + "v6"] if each not in ("0.0.0.0", "::")]
        ours = [each for each in texts(flows[name]) if each not in ("0.0.0.0", "::")]
        assert Counter(ours) == Counter(shown)
    for name, field in (("octet_delta_count", "octets"), ("packet_delta_count", "packets")):
        ours = flows[name]
        if flows["detail"].any():
            ours = np.stack([ours, flows["reverse_" + name]], axis=1).ravel()
        assert Counter(ours.tolist()) == Counter(map(int, theirs[field])), field
    assert Counter(flows["source_transport_port"][flows["source_transport_port"] > 0].tolist()) == Counter(
        int(port) for port in theirs["srcport"] if port != "0"
    )
