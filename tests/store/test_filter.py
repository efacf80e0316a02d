"""The filter language means what nfdump's and pcap's users expect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwatch.errors import UsageError
from netwatch.model.address import pack
from netwatch.model.flows import ELEMENTS, Flows, filled
from netwatch.model.taxonomy import CODE
from netwatch.store import FlowStore
from netwatch.store.filter import compile_filter

ROWS = [  # source, destination, ports, protocol, octets, packets, reverse octets, flags, class, seconds
    ("10.0.0.1", "192.0.2.7", 40000, 3333, 6, 900, 9, 100, 0x18, "mining.stratum.cryptonote", 10),
    ("10.0.0.2", "192.0.2.8", 40001, 443, 6, 5_000_000, 4000, 2000, 0x1B, "benign.web", 100),
    ("10.0.1.9", "8.8.8.8", 5353, 53, 17, 60, 1, 120, 0, "benign.dns", 0),
    ("2001:db8::1", "2001:db8::2", 1234, 22, 6, 40, 1, 0, 0x02, "scan.horizontal", 0),
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    n = len(ROWS)
    columns = {e.name: filled(e, n) for e in ELEMENTS.values()}
    start = 1_500_000_000_000_000_000
    columns.update(
        source_address=np.array([pack(r[0]) for r in ROWS], np.uint64),
        destination_address=np.array([pack(r[1]) for r in ROWS], np.uint64),
        source_transport_port=np.array([r[2] for r in ROWS]),
        destination_transport_port=np.array([r[3] for r in ROWS]),
        protocol_identifier=np.array([r[4] for r in ROWS]),
        octet_delta_count=np.array([r[5] for r in ROWS]),
        packet_delta_count=np.array([r[6] for r in ROWS]),
        reverse_octet_delta_count=np.array([r[7] for r in ROWS]),
        tcp_control_bits=np.array([r[8] for r in ROWS]),
        traffic_class=np.array([CODE[r[9]] for r in ROWS]),
        flow_start_nanoseconds=np.full(n, start),
        flow_end_nanoseconds=np.array([start + r[10] * 10**9 for r in ROWS]),
        source_as=np.array([64500, 64500, 64500, 0]),
        destination_country=np.array([0x5255, 0x5553, 0x5553, 0]),
    )
    path: Path = tmp_path_factory.mktemp("store")
    store = FlowStore(path)
    store.append(Flows(columns))
    store.flush()
    yield store.table
    store.close()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", {0, 1, 2, 3}),
        ("dst port 3333 and proto tcp", {0}),
        ("DST PORT 3333 # miners", {0}),
        ("port in [22, 53]", {2, 3}),
        ("port > 40000", {1}),
        ("src net 10.0.0.0/24", {0, 1}),
        ("net 10.0.0.0/8 and not (udp or dst port 443)", {0}),
        ("host 2001:db8::2", {3}),
        ("ip in [8.8.8.8 192.0.2.8]", {1, 2}),
        ("bytes > 4M", {1}),
        ("bytes = 1000", {0}),
        ("packets 1", {2, 3}),
        ("bps > 100k", {1}),
        ("flags S and not flags A", {3}),
        ("src as AS64500 and dst country ru", {0}),
        ("class mining", {0}),
        ("class benign.dns or ipv6", {2, 3}),
        ("ipv4 and udp", {2}),
        ("duration >= 10", {0, 1}),
    ],
)
def test_filter_selects(table: Any, text: str, rows: set[int]) -> None:
    found = table.filter(compile_filter(text)(table)).source_transport_port.to_pyarrow().to_pylist()
    assert {[r[2] for r in ROWS].index(port) for port in found} == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dst prot 3333", "'prot' at character 5"),
        ("dst port", "ends where a number"),
        ("port 80 port 81", "'port' at character 9, where 'and', 'or' or the end"),
        ("(tcp", "ends where '\\)'"),
        ("tcp & udp", "'&' at character 5"),
        ("host 300.1.1.1", "not a prefix: '300.1.1.1'"),
        ("class minning", "did you mean 'mining'"),
        ("byts > 3", "did you mean 'bytes'"),
        ("direction up", "unknown direction 'up'"),
    ],
)
def test_a_bad_filter_says_where(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compile_filter(text)
