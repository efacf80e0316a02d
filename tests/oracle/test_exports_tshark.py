"""Flow export messages in captures against tshark's cflow dissector, record by record."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from netwatch.model.address import pack, text, texts
from netwatch.model.flows import Flows
from netwatch.read import open_inputs

DATA = Path(__file__).parents[2].parent / "shared" / "data"
KINDS = ("netflow-v5", "netflow-v9", "ipfix", "ipfix-biflow")
FILES = sorted(p for kind in KINDS for p in (DATA / "derived").glob(f"*/*{kind}.pcap"))
FILES += sorted((DATA / "exports" / "pmacct_pmacct").glob("*.pcap")) + sorted((DATA / "exports").glob("*/ipfix.pcap"))
FIELDS = ("srcaddr", "dstaddr", "srcaddrv6", "dstaddrv6", "srcport", "dstport", "protocol", "octets", "packets", "tos",
          "tcpflags", "inputint", "outputint", "srcas", "dstas", "nexthop", "nexthopv6", "bgpnexthop", "bgpnexthopv6",
          "timedelta")  # fmt: skip
PLAIN = {
    "srcport": "source_transport_port",
    "protocol": "protocol_identifier",
    "inputint": "ingress_interface",
    "outputint": "egress_interface",
    "srcas": "bgp_source_as_number",
    "dstas": "bgp_destination_as_number",
}
"""tshark's name of a field and ours; zeros are left out, for a template may lack the field."""
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


def numbers(values):
    """How often each number but 0 is there, of numbers or their texts."""
    return Counter(number for number in (int(str(each), 0) for each in values) if number)


def told(addresses):
    """How often each address is there, those of zeros left out; IPv4 addresses written as IPv6 are IPv4 addresses."""
    return Counter(each for each in (text(*pack(each)) for each in addresses) if each not in ("0.0.0.0", "::"))


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
    described = any(tally.notes["options record"] for tally in inputs.tallies)
    theirs = tshark(path)
    if "netflow-v9" in path.name and len(theirs["octets"]) < len(flows):
        # softflowd counts flow records only, not templates and options as RFC 3954 has it, and tshark stops there.
        assert len(flows) == told_by_headers(path)
        return
    for side, name in (("srcaddr", "source_address"), ("dstaddr", "destination_address")):
        # Dual-stack templates carry both families, one of them zero: tshark shows both.
        assert told(texts(flows[name])) == told(theirs[side] + theirs[side + "v6"])
    for name, field in (("octet_delta_count", "octets"), ("packet_delta_count", "packets")):
        ours = flows[name]
        if flows["detail"].any():
            ours = np.stack([ours, flows["reverse_" + name]], axis=1).ravel()
        assert Counter(ours.tolist()) == Counter(map(int, theirs[field])), field
    for field, name in PLAIN.items():
        ours, shown = numbers(flows[name]), numbers(theirs[field])
        # Options records name interfaces too, and tshark shows those among the others.
        assert ours == shown or (described and field in ("inputint", "outputint") and not ours - shown), field
    flags = np.concatenate([flows["tcp_control_bits"], flows["reverse_tcp_control_bits"]])
    assert numbers(flags) == numbers(theirs["tcpflags"])
    hops = [told(theirs[kind + "nexthop"] + theirs[kind + "nexthopv6"]) for kind in ("", "bgp")]
    assert told(texts(flows["next_hop_address"])) == (hops[0] or hops[1])
    if not flows["detail"].any():
        # Of a reverse direction the class is not kept, and tshark has no duration of its own.
        assert numbers(flows["ip_class_of_service"]) == numbers(theirs["tos"])
    if "netflow" in path.name:
        lasted = (flows["flow_end_nanoseconds"] - flows["flow_start_nanoseconds"]) // 1_000_000
        assert numbers(lasted) == Counter(round(float(each) * 1000) for each in theirs["timedelta"] if float(each) > 0)
