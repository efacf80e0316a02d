"""The filter language means what nfdump's and pcap's users expect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwatch.errors import UsageError
from netwatch.model.address import pack
from netwatch.model.elements import Role
from netwatch.model.flows import ELEMENTS, Flows, filled
from netwatch.model.taxonomy import CODE
from netwatch.store import FlowStore
from netwatch.store.filter import compile_filter
from netwatch.store.top import ranked

ROWS = [  # source, destination, ports, protocol, octets, packets, reverse octets, flags, class, seconds
    ("10.0.0.1", "192.0.2.7", 40000, 3333, 6, 900, 9, 100, 0x18, "mining.stratum.cryptonote", 10),
    ("10.0.0.2", "192.0.2.8", 40001, 443, 6, 5_000_000, 4000, 2000, 0x1B, "benign.web", 100),
    ("10.0.1.9", "8.8.8.8", 5353, 53, 17, 60, 1, 120, 0, "benign.dns", 0),
    ("2001:db8::1", "2001:db8::2", 1234, 22, 6, 40, 1, 0, 0x02, "scan.horizontal", 0),
    ("192.0.2.1", "192.0.2.2", 9999, 9998, 132, 100, 2, 0, 0, "unknown", 0.5),
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
        flow_start_nanoseconds=np.array([start] * (n - 1) + [start + 2 * 10**9]),
        flow_end_nanoseconds=np.array([start + int(r[10] * 1e9) + 2 * 10**9 * (r is ROWS[-1]) for r in ROWS]),
        source_as=np.array([64500, 64500, 64500, 0, 0]),
        destination_country=np.array([0x5255, 0x5553, 0x5553, 0, 0]),
        role=np.array([0, 0, 0, Role.TARGET, 0]),
        next_hop_address=np.array([pack("::"), pack("192.0.2.254"), *[pack("::")] * 3], np.uint64),
        exporter_address=np.array([pack("198.51.100.1"), *[pack("::")] * 4], np.uint64),
        bgp_next_adjacent_as_number=np.array([0, 64499, 0, 0, 0]),
        ingress_interface=np.array([0, 7, 0, 0, 0]),
        egress_interface=np.array([0, 8, 0, 0, 0]),
        vlan_id=np.array([12, 0, 0, 0, 0]),
        ip_class_of_service=np.array([0, 0, 184, 0, 0]),
        sampling_packet_interval=np.array([1, 1, 100, 1, 1]),
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
        ("", {0, 1, 2, 3, 4}),
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
        ("any", {0, 1, 2, 3, 4}),
        ("inet6", {3}),
        ("inet and tcp", {0, 1}),
        ("portrange 1-100", {2, 3}),
        ("src portrange 40000-40001", {0, 1}),
        ("src and dst net 10.0.0.0/8", set()),
        ("src and dst net 2001:db8::/32", {3}),
        ("src or dst port 22", {3}),
        ("as in [64500, 1]", {0, 1, 2}),
        ("class attack", {3}),
        ("class ordinary", {1, 2}),
        ("role target", {3}),
        ("bps > 500", {0, 1, 4}),
        ("duration < 1 and pps > 1", {4}),
        ("bpp > 1000", {1}),
        ("first seen >= 2017-07-14T02:40:01Z", {4}),
        ("last seen < 2017-07-14T02:40:05", {2, 3, 4}),
        ("next ip 192.0.2.254", {1}),
        ("next as AS64499 and in if 7", {1}),
        ("if 8", {1}),
        ("router ip 198.51.100.1", {0}),
        ("vlan 12 or tos 184", {0, 2}),
        ("sampling > 1", {2}),
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
        ("class attac", "did you mean 'attack'"),
        ("src and dst flags S", "'flags' at character 13"),
        ("first saw > 2019", "'saw' at character 7, where 'seen'"),
        ("first seen > yesterday", "not a date or time"),
        ("portrange 1", "'1' at character 11, where two ports"),
        ("as in [a]", "not a number: 'a'"),
        ("port in [22", "ends where '\\]'"),
        ("(" * 200 + "any" + ")" * 200, "no more than 100 brackets"),
    ],
)
def test_a_bad_filter_says_where(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compile_filter(text)


def test_flows_are_ranked_by_a_counter_and_then_in_order(table: Any) -> None:
    def ports(counter: str) -> list[int]:
        column = ranked(table, counter, ["source_transport_port"]).destination_transport_port
        return [int(port) for port in column.to_pyarrow().to_pylist()]

    assert ports("octets") == [443, 53, 3333, 9998, 22]  # the one in a hundred counts as a hundred
    assert ports("packets") == [443, 53, 3333, 9998, 22]
    assert ports("") == [22, 53, 9998, 3333, 443]
    with pytest.raises(UsageError, match="unknown counter of a flow 'flows'"):
        ranked(table, "flows", ["source_transport_port"])
