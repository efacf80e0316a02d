"""Attacks and their look-alikes in records of one direction, of which one side is missing, or that are sampled."""

import numpy as np
import pytest
from naive.traffic import DONE, ICMP, UDP, datagrams, flow, one_way, probe, records

from netwatch.fingerprint import Fingerprinter
from netwatch.model.elements import Direction
from netwatch.model.taxonomy import family
from netwatch.store import FlowStore

ACK, SYN_ACK, OPEN = 16, 18, 26


def told(flows):
    stage = Fingerprinter()
    with FlowStore.scratch() as store:
        store.append(stage.observe(flows))
        store.flush()
        found = stage.conclude(store.table)
    return sorted((v.class_id, v.role) for v in found if family(v.class_id) == "attack")


def people(random, hosts=15):
    """Web visits of which most have ten packets and more each way."""
    return [
        flow(
            at,
            f"10.0.1.{host}",
            f"198.51.100.{int(random.integers(1, 30))}",
            443,
            packets=int(random.integers(8, 60)),
            back=int(random.integers(10, 90)),
            source_port=int(random.integers(32768, 61000)),
            octets=int(random.lognormal(8, 0.8)),
            seconds=float(random.uniform(0.2, 40)),
        )
        for host in range(hosts)
        for at in random.uniform(0, 3600, 20)
    ]


def inbound(flows):
    """What a router tells that exports what comes in alone."""
    single = one_way(flows)
    return single.take(single["direction"] == Direction.INBOUND)


def sampled(flows, interval, random):
    """One packet in so many."""
    single = one_way(flows)
    left = random.binomial(single["packet_delta_count"], 1 / interval)
    octets = single["octet_delta_count"] * left // np.maximum(1, single["packet_delta_count"])
    thin = single.with_columns(
        packet_delta_count=left, octet_delta_count=octets, sampling_packet_interval=np.full(len(single), interval)
    )
    return thin.take(left > 0)


def pinged(random):
    return [
        probe(
            n * 0.3, "203.0.113.7", f"10.0.0.{n + 1}", 2048,
            protocol=ICMP, source_port=0, octets=84, back=int(random.random() < 0.2), back_octets=84, flags=0,
        )
        for n in range(120)
    ]  # fmt: skip


def snmp(random):
    return [probe(n * 0.3, "203.0.113.7", f"10.0.0.{n + 1}", 161, protocol=UDP, octets=71, flags=0) for n in range(120)]


def scattered(random):
    return [
        probe(
            n * 1.5, "203.0.113.80", f"10.0.{n % 4}.{n % 250 + 1}", int(random.integers(1024, 60_000)),
            source_port=443, flags=SYN_ACK,
        )
        for n in range(400)
    ]  # fmt: skip


def acknowledged(random):
    return [
        probe(
            float(random.uniform(0, 30)), f"203.0.113.{n}", "10.0.0.80", 443,
            source_port=5000 + n, packets=900, octets=36_000, flags=ACK, seconds=55.0,
        )
        for n in range(1, 200)
    ]  # fmt: skip


def held(random):
    """A hundred connections of five minutes to a web server, which an exporter cuts every minute."""
    rows = []
    for n in range(100):
        for minute in range(5):
            rows.append(
                flow(
                    n * 0.05 + 60 * minute,
                    "203.0.113.9",
                    "10.0.0.80",
                    80,
                    source_port=40_000 + n,
                    packets=5,
                    octets=330,
                    back=5,
                    back_octets=260,
                    flags=OPEN if not minute else 24,
                    back_flags=SYN_ACK if not minute else ACK,
                    seconds=58.0,
                )
            )
    return rows


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (pinged, ("scan.icmp", "target")),
        (snmp, ("scan.udp", "target")),
        (scattered, ("dos.backscatter", "none")),
        (acknowledged, ("dos.flood.ack", "target")),
        (held, ("dos.slow", "target")),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_one_way_records_tell_who_was_not_answered(make, expected):
    random = np.random.default_rng(31)
    flows = one_way(records(make(random) + people(random)))
    assert told(flows) == [expected]


def test_scan_is_told_without_flags():
    random = np.random.default_rng(32)
    rows = [probe(n * 0.3, "203.0.113.7", f"10.0.0.{n + 1}", 3389, back=n % 5 == 0, back_octets=40) for n in range(120)]
    flows = one_way(records(rows + people(random)))
    bare = flows.with_columns(tcp_control_bits=np.zeros(len(flows), np.int64))
    assert told(bare) == [("scan.horizontal", "target")]


def quic(random):
    return [
        datagrams(
            0,
            "10.0.1.3",
            "198.51.100.77",
            443,
            packets=9_000,
            octets=540_000,
            back=42_000,
            back_octets=54_000_000,
            seconds=30.0,
            source_port=47_808,
        )
    ]


def call(random):
    return [
        datagrams(
            0,
            "10.0.1.3",
            "198.51.100.77",
            3478,
            packets=180_000,
            octets=180_000 * 700,
            back=180_000,
            back_octets=180_000 * 900,
            seconds=1200.0,
        )
    ]


def resolving(random):
    return [
        datagrams(
            float(random.uniform(0, 900)),
            "10.0.0.2",
            f"192.0.2.{int(random.zipf(1.3)) % 200}",
            53,
            packets=1,
            octets=70,
            back=1,
            back_octets=int(random.integers(90, 900)),
            seconds=0.02,
            source_port=int(random.integers(1024, 65_535)),
        )
        for _ in range(15_000)
    ]


@pytest.mark.parametrize("make", [quic, call, resolving])
@pytest.mark.parametrize("view", [records, one_way, inbound], ids=lambda f: f.__name__)
def test_answers_that_were_asked_for_are_no_attack_where_questions_are_not_told(make, view):
    random = np.random.default_rng(33)
    flows = records(make(random) + people(random))
    assert told(flows if view is records else view(flows)) == []


def test_flood_of_a_server_that_answers_its_clients():
    random = np.random.default_rng(34)
    served = [
        datagrams(
            float(random.uniform(0, 600)),
            f"203.0.{int(random.integers(0, 250))}.9",
            "10.0.0.80",
            443,
            source_port=int(random.integers(1024, 65_535)),
            packets=20,
            octets=3_000,
            back=60,
            back_octets=70_000,
            seconds=3.0,
        )
        for _ in range(3_000)
    ]
    flood = [
        probe(
            float(random.uniform(100, 220)), f"198.18.{n // 250}.{n % 250 + 1}", "10.0.0.80",
            int(random.integers(1, 60_000)),
            protocol=UDP, packets=60, octets=60 * 900, flags=0, seconds=9.0, source_port=5_000 + n,
        )
        for n in range(1_500)
    ]  # fmt: skip
    assert told(records(served + people(random))) == []
    assert told(records(flood + served + people(random))) == [("dos.flood.udp", "target")]


def test_guesses_are_told_of_sampled_packets():
    """Of 600 tries of 16 packets one in ten is left: their number is told by how often a try is met again."""
    random = np.random.default_rng(35)
    rows = [
        flow(
            n * 0.5,
            "203.0.113.31",
            "10.0.0.22",
            22,
            packets=16,
            octets=2_300,
            back=15,
            back_octets=2_500,
            flags=DONE,
            source_port=20_000 + n,
            seconds=0.4,
        )
        for n in range(600)
    ]
    assert told(sampled(records(rows + people(random)), 10, random)) == [("bruteforce.ssh", "target")]
    sessions = [
        flow(
            n * 60.0,
            "203.0.113.31",
            "10.0.0.22",
            22,
            packets=4_000,
            octets=300_000,
            back=6_000,
            flags=DONE,
            back_octets=900_000,
            source_port=20_000 + n,
            seconds=50.0,
        )
        for n in range(30)
    ]
    assert told(sampled(records(sessions + people(random)), 10, random)) == []


def spraying(random, each=3):
    """Three passwords at each of forty servers, one after another."""
    return [
        flow(9.0 * n, "203.0.113.31", f"10.0.0.{n % 40 + 1}", 3389, packets=int(random.integers(22, 26)), octets=3_600,
             back=21, back_octets=4_000, flags=DONE, source_port=20_000 + n, seconds=2.0) for n in range(40 * each)
    ]  # fmt: skip


@pytest.mark.parametrize("view", [records, one_way, inbound], ids=lambda f: f.__name__)
def test_passwords_sprayed_over_many_servers(view):
    random = np.random.default_rng(36)
    flows = records(spraying(random) + people(random))
    assert told(flows if view is records else view(flows)) == [("bruteforce.rdp", "target")]
    handshakes = records(spraying(random, each=1) + people(random))
    assert told(handshakes if view is records else view(handshakes)) == []
