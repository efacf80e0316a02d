"""A span of both sides: every packet captured twice, as a switch or two ports of a router show it."""

import struct

import pytest
from naive import frames as make

from netwatch.meter import Meter, MeterOptions
from netwatch.model.flows import Flows, octets_both, packets_both
from netwatch.read import ReadOptions, open_inputs

COPY = 40_000
"""ns between a packet and its copy."""


def conversations(count=5, size=30):
    """Packets of some conversations turn by turn, (ns, IP packet), as hosts number them."""
    out = []
    for i in range(size):
        for k in range(count):
            there = i % 2 == 0
            ports = (40000 + k, 443) if there else (443, 40000 + k)
            ends = ("10.1.2.3", "192.0.2.9") if there else ("192.0.2.9", "10.1.2.3")
            segment = make.tcp(bytes(7 * i), *ports, flags=2 if i == 0 else 0x18, sequence=1000 * i)
            out.append((i * 1_000_000 + k * 10_000, make.ipv4(segment, 6, *ends, ident=1 + i * count + k)))
    return out


def beyond(packet):
    """The same packet behind the router: a hop less to live, another frame."""
    return make.vlan(packet[:8] + bytes([packet[8] - 1]) + packet[9:], (0x8100, 20))


def capture(frames):
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)
    for time, frame in sorted(frames, key=lambda each: each[0]):
        out += struct.pack("<IIII", make.BEGIN, time, len(frame), len(frame)) + frame
    return out


def metered(path, octets, *, dedupe):
    path.write_bytes(octets)
    inputs, meter = open_inputs([path], ReadOptions()), Meter(MeterOptions(dedupe=dedupe))
    flows = Flows.concatenate([meter.add(packets) for packets in inputs] + [meter.finish()])
    assert meter.tally.balanced
    assert inputs.tallies[0].kept == meter.tally.seen
    return int(packets_both(flows).sum()), int(octets_both(flows).sum()), len(flows), meter.tally


@pytest.mark.parametrize("dedupe", [True, False])
def test_both_sides_in_one_file(tmp_path, dedupe):
    packets = conversations()
    once = [(time, make.ethernet(packet)) for time, packet in packets]
    again = [(time + COPY, beyond(packet)) for time, packet in packets]
    count, octets = len(packets), sum(len(packet) for _, packet in packets)
    assert metered(tmp_path / "plain", capture(once), dedupe=dedupe)[:3] == (count, octets, 5)
    *got, tally = metered(tmp_path / "span", capture(once + again), dedupe=dedupe)
    if dedupe:
        assert got == [count, octets, 5]
        assert (tally.dropped["duplicate packet"].units, tally.dropped["duplicate packet"].octets) == (count, octets)
    else:
        assert got == [2 * count, 2 * octets, 5]
    assert tally.notes["duplicate packets"] == count


def test_what_is_sent_twice_counts_twice(tmp_path):
    """A retransmission has another IP identification: it is traffic, not a copy."""
    packets = conversations(1)
    sent = [(time, make.ethernet(packet)) for time, packet in packets]
    again = [
        (time + COPY, make.ethernet(packet[:4] + struct.pack(">H", 0x8000 + i) + packet[6:]))
        for i, (time, packet) in enumerate(packets)
    ]
    count, *_, tally = metered(tmp_path / "sent", capture(sent + again), dedupe=True)
    assert count == 2 * len(packets)
    assert not tally.dropped


def test_datagrams_and_bare_acknowledgements_are_told_by_their_identification(tmp_path):
    packets = []
    for i in range(40):
        ack = make.ipv4(make.tcp(b"", 40000, 443, flags=0x10, sequence=7), 6, ident=100 + i)
        packets += [(i * 500_000, ack), (i * 500_000 + 9_000, make.ipv4(make.udp(bytes(30)), 17, ident=600 + i))]
    once = [(time, make.ethernet(packet)) for time, packet in packets]
    again = [(time + COPY, beyond(packet)) for time, packet in packets]
    count, octets, *_ = metered(tmp_path / "span", capture(once + again), dedupe=True)
    assert (count, octets) == (len(packets), sum(len(packet) for _, packet in packets))
