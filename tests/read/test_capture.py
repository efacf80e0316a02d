"""Flow export messages inside captures: decoded to flows, not metered as packets; or the other way round on request."""

from __future__ import annotations

import struct
from pathlib import Path

from naive import frames as make

from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.read import ReadOptions, open_inputs


def netflow5(records: int, sequence: int = 0) -> bytes:
    head = struct.pack(">HHIIIIBBH", 5, records, 60_000, make.BEGIN, 0, sequence, 0, 0, 0)
    one = bytes([10, 0, 0, 1, 10, 0, 0, 2]) + bytes(4) + struct.pack(">HHIIII", 1, 2, 3, 300, 1000, 2000)
    one += struct.pack(">HHBBBBHHBBH", 40_000, 443, 0, 0x18, 6, 0, 0, 0, 0, 0, 0)
    return head + one * records


def capture(port: int = 2055) -> bytes:
    messages = [make.ethernet(make.ipv4(make.udp(netflow5(3, 3 * i), 50_000, port), 17)) for i in range(4)]
    plain = [make.ethernet(p) for p in make.conversation(5)]
    lookalike = make.ethernet(make.ipv4(make.udp(b"\0\5\0\3" + bytes(60), 50_000, 2055), 17))
    return make.pcap([*messages[:2], *plain, lookalike, *messages[2:]])


def read(path: Path, mode: str):
    inputs = open_inputs([path], ReadOptions(exports=mode))
    batches = list(inputs)
    flows = sum(len(b) for b in batches if isinstance(b, Flows))
    packets = sum(len(b) for b in batches if isinstance(b, Packets))
    assert all(t.balanced for t in inputs.tallies)
    return flows, packets, inputs


def test_messages_become_flows_on_any_port(tmp_path: Path) -> None:
    for port in (2055, 17):
        (tmp_path / "capture").write_bytes(capture(port))
        flows, packets, inputs = read(tmp_path / "capture", "auto")
        assert (flows, packets) == (12, 6)
        assert inputs.tallies[0].kept == 10
        assert inputs.tallies[0].notes["flow export message"] == 4
        assert [(t.unit, t.kept) for t in inputs.tallies] == [("packet", 10), ("flow record", 12)]


def test_messages_are_packets_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "capture").write_bytes(capture())
    flows, packets, inputs = read(tmp_path / "capture", "ignore")
    assert (flows, packets, len(inputs.tallies)) == (0, 10, 1)


def test_nothing_but_messages_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "capture").write_bytes(capture())
    flows, packets, inputs = read(tmp_path / "capture", "only")
    assert (flows, packets) == (12, 0)
    assert inputs.tallies[0].dropped["not a flow export message"].units == 6


def test_ordinary_traffic_makes_no_decoder(tmp_path: Path) -> None:
    (tmp_path / "capture").write_bytes(make.pcap([make.ethernet(p) for p in make.conversation(5)]))
    _, packets, inputs = read(tmp_path / "capture", "auto")
    assert packets == 5 and len(inputs.tallies) == 1
