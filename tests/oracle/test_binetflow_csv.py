"""Every Argus and binetflow file of the data set against a plain loop over its lines."""

import csv
import ipaddress
import re
from collections import Counter
from pathlib import Path

import pytest

from netwatch.model.address import texts
from netwatch.model.flows import Flows, octets_both, packets_both
from netwatch.read import open_inputs

SHARED = Path(__file__).parents[2].parent / "shared"
FILES = sorted((SHARED / "data").rglob("*binetflow*"))
NOT_IP = {"arp", "rarp", "man"}
MAC = re.compile(r"[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}")

pytestmark = [pytest.mark.oracle, pytest.mark.shared, pytest.mark.skipif(not FILES, reason="no data set")]


def counted(path):
    """(flows, packets, octets, octets of sources) of each pair of addresses, and the lines that are no IP flow."""
    pairs, others = Counter(), 0
    with path.open(newline="") as file:
        delimiter = "\t" if "\t" in file.readline() else ","
        file.seek(0)
        for row in csv.DictReader(file, delimiter=delimiter):
            ends = row["SrcAddr"].strip(), row["DstAddr"].strip()
            if row["Proto"].strip() in NOT_IP or any(MAC.fullmatch(end) for end in ends):
                others += 1
                continue
            pair = tuple(str(ipaddress.ip_address(end)) for end in ends)
            for name, value in (("flows", 1), ("packets", row["TotPkts"]), ("octets", row["TotBytes"]),
                                ("sent", row["SrcBytes"])):  # fmt: skip
                pairs[*pair, name] += int(value)
    return pairs, others


def read(path):
    """The same of netwatch's flows."""
    inputs = open_inputs([path])
    flows = Flows.concatenate(list(inputs))
    (tally,) = inputs.tallies
    assert tally.balanced
    assert tally.seen_octets == path.stat().st_size
    assert not tally.incomplete
    pairs = Counter()
    ends = zip(texts(flows["source_address"]), texts(flows["destination_address"]), strict=True)
    values = zip(packets_both(flows).tolist(), octets_both(flows).tolist(), flows["octet_delta_count"].tolist(),
                 strict=True)  # fmt: skip
    for pair, (packets, octets, sent) in zip(ends, values, strict=True):
        for name, value in (("flows", 1), ("packets", packets), ("octets", octets), ("sent", sent)):
            pairs[*pair, name] += value
    return pairs, sum(drop.units for drop in tally.dropped.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_flows_packets_and_octets_of_every_pair(path):
    assert read(path) == counted(path)
