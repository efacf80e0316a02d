"""Samples of many findings at once are those that a plain look at every flow gives."""

import ipaddress
from types import SimpleNamespace

import numpy as np

from netwatch.model.elements import FLOW, JUDGED, SCOPED
from netwatch.model.flows import Flows, filled
from netwatch.model.taxonomy import CLASSES, CODE
from netwatch.monitor.samples import MOST, samples_of
from netwatch.store import FlowStore

NETWORK, N = 198 << 24 | 51 << 16 | 100 << 8, 600
SCANS, FLOODS = (next(name for name in CLASSES if name.startswith(kind)) for kind in ("scan", "dos"))


def address(low: int) -> str:
    return str(ipaddress.IPv4Address(low))


def made() -> Flows:
    rng = np.random.default_rng(5)
    columns = {e.name: filled(e, N) for e in (*FLOW, *SCOPED, *JUDGED)}
    ends = rng.integers(0, 40, (2, N)) + NETWORK
    for name, low in zip(("source", "destination"), ends, strict=True):
        columns[f"{name}_address"] = np.stack([np.zeros(N), low + (0xFFFF << 32)], axis=1).astype(np.uint64)
    columns["flow_start_nanoseconds"] = rng.permutation(N) * 1_000_000
    columns["octet_delta_count"] = np.arange(N)
    columns["traffic_class"] = rng.choice([CODE[SCANS], CODE[FLOODS]], N).astype(np.uint16)
    return Flows(columns)


def plainly(flows: Flows, subject: str, class_id: str) -> list[int]:
    """Octets of the first flows of a class to or from a subject; they number the flows."""
    network = ipaddress.ip_network(subject)
    low = flows["source_address"][:, 1] & 0xFFFFFFFF, flows["destination_address"][:, 1] & 0xFFFFFFFF
    touching = [
        row
        for row in np.argsort(flows["flow_start_nanoseconds"])
        if flows["traffic_class"][row] == CODE[class_id]
        and any(ipaddress.IPv4Address(int(side[row])) in network for side in low)
    ]
    return [int(row) for row in touching[:MOST]]


def test_samples_of_all_findings_are_those_of_each():
    flows = made()
    asked = [(address(NETWORK + n), SCANS if n % 2 else FLOODS) for n in range(45)]
    asked += [(f"{address(NETWORK)}/28", SCANS), ("nobody's name", SCANS)]
    findings = [SimpleNamespace(verdicts=(SimpleNamespace(subject=s, class_id=c),)) for s, c in asked]
    findings.append(SimpleNamespace(verdicts=()))
    with FlowStore.scratch() as store:
        store.append(flows)
        store.flush()
        found = samples_of(store.table, findings)
    told = [[sample.flow.octets for sample in some] for some in found]
    assert told == [*(plainly(flows, s, c) for s, c in asked[:-1]), [], []]
    assert sum(map(len, told)) > 100
