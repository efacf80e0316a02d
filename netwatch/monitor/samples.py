"""Some of the flows behind each finding, asked for of all findings at once: a scan may have a thousand subjects."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from netwatch.model.address import text
from netwatch.model.finding import Finding
from netwatch.model.notice import FlowSample
from netwatch.model.taxonomy import CODE
from netwatch.model.verdict import Verdict

MOST = 5
"""Flows of each finding."""
COLUMNS = (
    "source_address", "destination_address", "source_transport_port", "destination_transport_port",
    "protocol_identifier", "flow_start", "flow_end", "octet_delta_count", "reverse_octet_delta_count",
    "packet_delta_count", "reverse_packet_delta_count", "watch", "traffic_class", "first_frame",
)  # fmt: skip


class Sample(NamedTuple):
    """A flow, and the index of the watch group that claims it."""

    flow: FlowSample
    watch: int


def samples_of(flows: Any, findings: Sequence[Finding]) -> list[list[Sample]]:
    """The first few flows of each finding's first verdict: of its class, to or from its subject.

    ``flows``: an Ibis table of classified flows on DuckDB.
    """
    hosts: dict[str, list[Any]] = {"finding": [], "address": [], "code": []}
    found: dict[int, list[Sample]] = defaultdict(list)
    for number, finding in enumerate(findings):
        verdict = finding.verdicts[0] if finding.verdicts else None
        network = None if verdict is None else _network(verdict)
        if verdict is None or network is None:
            continue
        low, high = (_octets(int(edge), network.version) for edge in (network[0], network[-1]))
        if low == high:
            for name, value in (("finding", number), ("address", low), ("code", CODE[verdict.class_id])):
                hosts[name].append(value)
        else:
            found[number] = _of_network(flows, low, high, CODE[verdict.class_id])
    if hosts["finding"]:
        for row in _of_hosts(flows, hosts):
            found[row["finding"]].append(_sample(row))
    return [found[number] for number in range(len(findings))]


def _network(verdict: Verdict) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(verdict.subject, strict=False)
    except ValueError:
        return None


def _of_network(flows: Any, low: bytes, high: bytes, code: int) -> list[Sample]:
    touching = flows.source_address.between(low, high) | flows.destination_address.between(low, high)
    chosen = flows.filter(touching & (flows.traffic_class == code)).select(*COLUMNS)
    return [_sample(row) for row in chosen.order_by(["flow_start", "first_frame"]).limit(MOST).to_pyarrow().to_pylist()]


def _of_hosts(flows: Any, hosts: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Rows with the number of their finding, each finding's in order of time."""
    import ibis

    kinds = {"finding": pa.int64(), "address": pa.binary(), "code": flows.traffic_class.type().to_pyarrow()}
    asked = ibis.memtable(pa.table({name: pa.array(hosts[name], kind) for name, kind in kinds.items()}))
    told = flows.select(*COLUMNS).filter(flows.traffic_class.isin(sorted(set(hosts["code"]))))
    source = told.join(asked, [told.source_address == asked.address, told.traffic_class == asked.code])
    destination = told.filter(told.destination_address != told.source_address)
    reverse = destination.join(
        asked, [destination.destination_address == asked.address, destination.traffic_class == asked.code]
    )
    both = source.union(reverse, distinct=False)
    order = [both.flow_start, both.first_frame]
    place = ibis.row_number().over(ibis.window(group_by=both.finding, order_by=order))
    first = both.mutate(place=place).filter(ibis._.place < MOST)
    rows: list[dict[str, Any]] = first.order_by(["finding", "place"]).to_pyarrow().to_pylist()
    return rows


def _octets(number: int, version: int) -> bytes:
    return (number if version == 6 else number | 0xFFFF << 32).to_bytes(16, "big")


def _sample(row: dict[str, Any]) -> Sample:
    start, end = (int(np.datetime64(row[name], "ns").astype(np.int64)) for name in ("flow_start", "flow_end"))
    ends = [int.from_bytes(row[f"{side}_address"], "big") for side in ("source", "destination")]
    source, destination = (text(end >> 64, end & 0xFFFF_FFFF_FFFF_FFFF) for end in ends)
    flow = FlowSample(
        source, destination, row["source_transport_port"], row["destination_transport_port"],
        row["protocol_identifier"], start, end,
        row["octet_delta_count"] + row["reverse_octet_delta_count"],
        row["packet_delta_count"] + row["reverse_packet_delta_count"],
    )  # fmt: skip
    return Sample(flow, int(row["watch"]))
