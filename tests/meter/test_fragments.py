"""Fragments: every one's octets belong to the flow of its datagram, and no flood of them takes memory."""

import numpy as np
from naive import frames as make

from netwatch.meter import Meter
from netwatch.meter.process import DATAGRAMS
from netwatch.model.flows import Flows, octets_both, packets_both
from netwatch.model.packets import PACKET, Packets
from netwatch.read import ReadOptions, open_inputs

SECOND = 10**9


def metered(tmp_path, packets):
    """(flows, the meter's tally) of a capture."""
    path, meter = tmp_path / "fragments.pcap", Meter()
    path.write_bytes(make.pcap([make.ethernet(packet) for packet in packets]))
    flows = Flows.concatenate([*(meter.add(batch) for batch in open_inputs([path], ReadOptions())), meter.finish()])
    assert meter.tally.balanced
    return flows, meter.tally


def fragments(datagram, *cuts, ident=99):
    """Parts of a datagram from and to octets, multiples of 8."""
    end = max(until for _, until in cuts)
    return [
        make.ipv4(datagram[since:until], 17, ident=ident, place=since // 8 | (0x2000 if until < end else 0))
        for since, until in cuts
    ]


def test_overlapping_fragments_are_counted_each_and_have_the_ports_of_the_first(tmp_path):
    datagram = make.udp(bytes(2392), 40_000, 53)
    packets = fragments(datagram, (0, 1200), (1200, 2400), (600, 1800), (0, 800), (1200, 2400))
    flows, _ = metered(tmp_path, packets)
    assert flows["destination_transport_port"].tolist() == [53]
    assert packets_both(flows).tolist() == [5]
    assert octets_both(flows).tolist() == [sum(map(len, packets))]


def test_fragments_whose_first_was_not_seen_are_a_flow_without_ports(tmp_path):
    datagram = make.udp(bytes(2392), 40_000, 53)
    packets = fragments(datagram, (0, 1200), (1200, 2400)) + fragments(datagram, (1200, 2400), ident=7)
    flows, tally = metered(tmp_path, packets)
    assert sorted(flows["destination_transport_port"].tolist()) == [0, 53]
    assert octets_both(flows).sum() == sum(map(len, packets))
    assert tally.notes["fragments whose first was not seen"] == 1


def test_a_flood_of_datagrams_never_completed_is_bounded_and_told():
    count = 4 * DATAGRAMS
    rows = np.zeros(count, PACKET)
    rows["time"] = 1_500_000_000 * SECOND + np.arange(count) * 1000
    rows["source_low"], rows["destination_low"] = 5, 1
    rows["source_port"], rows["destination_port"], rows["protocol"] = 40_000, 53, 17
    rows["ip_length"], rows["fragment"] = 1500, 1
    rows["fragment_identification"] = np.arange(count)
    late = rows[-1:].copy()
    late["fragment"], late["source_port"], late["destination_port"] = 2, 0, 0
    meter = Meter()
    flows = Flows.concatenate(
        [meter.add(Packets(np.concatenate([rows, late]), np.zeros(1, np.uint8), 0)), meter.finish()]
    )
    assert packets_both(flows).tolist() == [count + 1]
    assert octets_both(flows).tolist() == [1500 * (count + 1)]
    assert meter.tally.notes["fragmented datagrams forgotten, too many at once"] >= count - DATAGRAMS
    assert meter.tally.balanced
