"""Attacks in generated flow records: each class is told with its role, its look-alikes are not."""

import numpy as np
import pytest
from naive.traffic import DONE, ICMP, UDP, flow, one_way, probe, records

from netwatch.fingerprint import Fingerprinter
from netwatch.fingerprint.behaviour.halves import ACK, RST, SYN
from netwatch.model.taxonomy import family
from netwatch.store import FlowStore

HOUR = 3600


def verdicts_of(flows, width=None):
    stage = Fingerprinter()
    width = width or len(flows)
    with FlowStore.scratch() as store:
        for at in range(0, len(flows), width):
            store.append(stage.observe(flows.take(np.arange(at, min(at + width, len(flows))))))
        store.flush()
        found = stage.conclude(store.table)
        for batch in store.batches():
            stage.classify(batch)
    return [v for v in found if family(v.class_id) == "attack"]


def told(flows, width=None):
    return sorted((v.class_id, v.role, v.subject) for v in verdicts_of(flows, width))


def browsing(random, hosts=12, hours=1.0, visits=25):
    """People who read: uneven times, sizes of all kinds, a few servers."""
    rows = []
    for host in range(hosts):
        for at in np.sort(random.uniform(0, hours * HOUR, int(visits * hours))):
            octets = int(random.lognormal(7, 0.8))
            rows.append(flow(at, f"10.0.1.{host}", f"198.51.100.{int(random.integers(1, 30))}", 443, packets=12,
                             source_port=int(random.integers(32768, 61000)), octets=octets, back_octets=octets * 9,
                             seconds=float(random.uniform(0.2, 40))))  # fmt: skip
    return rows


def carpet(random):
    return [flow(float(random.uniform(0, 200)), f"203.0.{int(random.integers(112, 116))}.{int(random.integers(1, 99))}",
                 f"10.7.3.{host}", int(random.integers(1024, 65535)), protocol=UDP, source_port=123, packets=8,
                 octets=8 * 468, back=0, back_octets=0, flags=0, back_flags=0, seconds=0.1)
            for host in range(200) for _ in range(3)]  # fmt: skip


def visits(random, jitter, count=90, port=443, octets=900):
    at, rows = 0.0, []
    for number in range(count):
        rows.append(flow(at, "10.0.1.77", "203.0.113.66", port, source_port=30_000 + number, packets=8,
                         octets=octets + int(random.integers(0, 9)), back=7, back_octets=1_400))  # fmt: skip
        at += 60 * (1 + float(random.uniform(-jitter, jitter)))
    return rows


def uploading(random, hours=30, backup=False, every=8):
    """A host whose history of so many hours, one in ``every``, ends in an upload to a stranger."""
    rows = []
    for hour in range(hours):
        begin = hour * every * HOUR
        for at in random.uniform(0, HOUR, 6):
            rows.append(flow(begin + at, "10.0.1.9", "198.51.100.8", 443, octets=90_000, back_octets=3_000_000,
                             packets=900, back=2_200, source_port=int(random.integers(32768, 61000))))  # fmt: skip
        if hour == hours - 1 or (backup and hour % 6 == 5):
            rows.append(flow(begin + 99, "10.0.1.9", "203.0.113.5", 443, octets=900_000_000, packets=640_000,
                             back=300_000, back_octets=16_000_000, seconds=1_800.0))  # fmt: skip
    return rows


def pings(random, carrying):
    rows = []
    for number in range(8):
        size = int(random.integers(60, 1_100)) if carrying else 84
        reply = int(random.integers(60, 1_100)) if carrying else 84
        rows.append(flow(number * 20.0, "10.0.1.4", "203.0.113.9", 2048, protocol=ICMP, source_port=0, packets=40,
                         octets=40 * size, back=40, back_octets=40 * reply, flags=0, back_flags=0, seconds=15.0,
                         smallest=60 if carrying else 84, largest=1_100 if carrying else 84))  # fmt: skip
    return rows


def worm(random, infected=True):
    """One inside host scans; each that it gets through to scans as well, a few minutes later."""
    began, rows = {1: 0.0}, []
    for host in range(2, 9):
        by = int(random.integers(1, host))
        began[host] = began[by] + 120 + 60 * host
        if infected:
            rows.append(flow(began[host] - 30, f"10.0.2.{by}", f"10.0.2.{host}", 445, source_port=50_000 + host))
    for host, since in began.items():
        start = since if infected else 0.0
        rows += [probe(start + number * 0.5, f"10.0.2.{host}", f"203.0.{number // 200}.{number % 200 + 1}", 445,
                       source_port=40_000 + number) for number in range(120)]  # fmt: skip
    return rows


def movement(new):
    rows = [flow(h * HOUR, "10.0.1.50", "10.0.1.1", 445, source_port=33_000 + h) for h in range(12)]
    if not new:
        rows += [flow(h * HOUR + 9 * n, "10.0.1.50", f"10.0.3.{n}", 3389, source_port=35_000 + n)
                 for h in range(11) for n in range(1, 10)]  # fmt: skip
    rows.append(flow(11 * HOUR + 60, "198.51.100.99", "10.0.1.50", 3389, packets=400, back=500))
    rows += [flow(11 * HOUR + 300 + 30 * n, "10.0.1.50", f"10.0.3.{n}", 3389, source_port=36_000 + n)
             for n in range(1, 10)]  # fmt: skip
    return rows


def at_random(random):
    return [probe(number * 0.3, "203.0.113.200", f"10.{int(random.integers(0, 200))}.{int(random.integers(0, 200))}.7",
                  int(random.integers(1, 65000)), source_port=int(random.integers(32768, 61000)))
            for number in range(300)]  # fmt: skip


def torrent(random):
    rows = []
    for number in range(300):
        peer, port = f"203.0.{number // 250}.{number % 250 + 1}", int(random.integers(10_000, 65_000))
        own = int(random.integers(32768, 61000))
        if random.random() < 0.3:
            rows.append(flow(number * 1.1, "10.0.1.3", peer, port, source_port=own, octets=90_000, packets=90))
        else:
            rows.append(probe(number * 1.1, "10.0.1.3", peer, port, packets=4, octets=240, source_port=own))
    return rows


def guessed(found):
    rows = [flow(n * 4.0, "203.0.113.31", "10.0.0.22", 22, packets=14, octets=1_900, back=13, back_octets=2_500,
                 source_port=40_000 + n, seconds=2.0) for n in range(60)]  # fmt: skip
    if found:
        rows.append(flow(250.0, "203.0.113.31", "10.0.0.22", 22, packets=420, octets=30_000, back=500, seconds=300.0,
                         source_port=49_000))  # fmt: skip
    return rows


def dropped_quic(_):
    """Sites asked for over QUIC, which a firewall drops, then over TCP."""
    rows = []
    for n in range(120):
        site = f"198.51.{n // 60}.{n % 60 + 1}"
        rows.append(probe(n * 20.0, "10.0.1.6", site, 443, protocol=UDP, packets=4, octets=4 * 1_280, flags=0,
                          source_port=40_000 + n, seconds=1.8))  # fmt: skip
        rows.append(flow(n * 20.0 + 0.3, "10.0.1.6", site, 443, source_port=50_000 + n))
    return rows


def cameras(_, reports=True):
    """Streams to a recorder that nobody answers but for a report now and then at the port beside."""
    rows = []
    for n in range(30):
        rows.append(flow(n * 0.5, f"10.0.3.{n + 1}", "10.0.0.9", 20_000 + 2 * n, protocol=UDP, source_port=6_970,
                         packets=100_000, octets=125_000_000, back=0, back_octets=0, flags=0, back_flags=0,
                         seconds=280.0))  # fmt: skip
        if reports:
            rows.append(flow(n * 0.5, f"10.0.3.{n + 1}", "10.0.0.9", 20_001 + 2 * n, protocol=UDP, source_port=6_971,
                             packets=60, octets=4_800, back=60, back_octets=4_800, flags=0, back_flags=0,
                             seconds=280.0))  # fmt: skip
    return rows


def television(_, group="239.1.1.7"):
    return [flow(0.0, "203.0.113.30", group, 5_000, protocol=UDP, source_port=5_000, packets=200_000, flags=0,
                 octets=270_000_000, back=0, back_octets=0, back_flags=0, seconds=280.0)]  # fmt: skip


def reset(random, count, sources, size, flags):
    """Segments that a host resets, each of them."""
    return [flow(float(random.uniform(0, 100)), f"203.0.{int(random.integers(sources // 250 + 1))}.{n % 250 + 1}",
                 "10.0.0.30", 8_443, source_port=1_024 + n, packets=1, octets=size, back=1, back_octets=40,
                 flags=flags, back_flags=RST | ACK, seconds=0.0) for n in range(count)]  # fmt: skip


ATTACKS = {
    "ACKs with data, reset": (lambda r: reset(r, 12_000, 12_000, 540, ACK), {("dos.flood.ack", "target", "10.0.0.30")}),
    "SYNs at a closed port": (lambda r: reset(r, 12_000, 12_000, 40, SYN), {("dos.flood.syn", "target", "10.0.0.30")}),
    "streams of strangers": (
        lambda r: cameras(r, False),
        {("dos.reflection.other", "target", "10.0.0.9")},
    ),
    "a stream at a host": (lambda r: television(r, "10.0.0.8"), {("dos.flood.udp", "target", "10.0.0.8")}),
    "carpet": (carpet, {("dos.carpet", "target", "10.7.3.0/24")}),
    "beacon": (lambda r: visits(r, 0.2), {("c2.beacon", "source", "10.0.1.77")}),
    "clockwork on a port of its own": (lambda r: visits(r, 0.0, port=4455), {("c2.beacon", "source", "10.0.1.77")}),
    "upload": (uploading, {("exfil.volume", "source", "10.0.1.9")}),
    "data in pings": (lambda r: pings(r, True), {("exfil.icmp", "source", "10.0.1.4")}),
    "movement": (lambda _: movement(True), {("lateral.movement", "internal", "10.0.1.50")}),
    "random scan": (at_random, {("scan.block", "target", "10.0.0.0/8")}),
    "guesses": (lambda _: guessed(False), {("bruteforce.ssh", "target", "10.0.0.22")}),
}
INNOCENT = {
    "QUIC dropped": dropped_quic,
    "cameras": cameras,
    "television by multicast": television,
    "a service that is down": lambda r: reset(r, 6_000, 100, 60, SYN),
    "poll by the clock": lambda r: visits(r, 0.0),
    "backup": lambda r: uploading(r, backup=True),
    "a history of a day": lambda r: uploading(r, every=1),
    "ping": lambda r: pings(r, False),
    "administrator": lambda _: movement(False),
    "torrent": torrent,
    "people": lambda r: browsing(r, hosts=30),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_told_among_people_who_read(name):
    make, expected = ATTACKS[name]
    random = np.random.default_rng(11)
    flows = records(make(random) + browsing(random))
    assert set(told(flows)) == expected


@pytest.mark.parametrize("name", INNOCENT)
def test_look_alike_is_not_told(name):
    random = np.random.default_rng(12)
    assert told(records(INNOCENT[name](random) + browsing(random))) == []


@pytest.mark.parametrize("name", ["carpet", "beacon", "upload", "movement", "random scan", "guesses"])
def test_one_way_records_tell_the_same(name):
    make, expected = ATTACKS[name]
    random = np.random.default_rng(13)
    assert set(told(one_way(records(make(random) + browsing(random))))) == expected


@pytest.mark.parametrize("name", ["carpet", "random scan"])
def test_batches_of_any_size_tell_the_same(name):
    make, expected = ATTACKS[name]
    flows = records(make(np.random.default_rng(14)))
    assert set(told(flows, width=37)) == expected


def test_worm_is_told_by_its_chain_and_not_a_crowd_of_scanners():
    random = np.random.default_rng(15)
    spread = [v for v in verdicts_of(records(worm(random))) if v.class_id == "worm.spread"]
    assert [(v.role, v.subject, v.port, v.facts["sources"]) for v in spread] == [("internal", "10.0.2.0/28", 445, 8)]
    crowd = verdicts_of(records(worm(np.random.default_rng(15), infected=False)))
    assert "worm.spread" not in {v.class_id for v in crowd}


def test_password_that_was_found_is_told():
    for found, phase in ((False, "attack"), (True, "compromise")):
        (verdict,) = verdicts_of(records(guessed(found)))
        assert (verdict.class_id, verdict.facts["phase"]) == ("bruteforce.ssh", phase)
        assert any("longer" in e.observed for e in verdict.evidence if e.stand == "for") == found


@pytest.mark.parametrize("count", [3, 4])
def test_scan_of_few_is_told_from_four_failures_on(count):
    rows = [probe(n * 9.0, "203.0.113.7", f"10.0.0.{n + 1}", 1433) for n in range(count)]
    expected = [("scan.horizontal", "target", "10.0.0.0/29")] if count == 4 else []
    assert told(records(rows)) == expected
    answered = [flow(n * 9.0, "203.0.113.7", f"10.0.0.{n + 1}", 1433) for n in range(4)]
    assert told(records(answered)) == []


def test_strangers_flood_is_counted_whole():
    """What the kernel counted and what the query counted are one verdict, with all packets, sources and flows."""
    random, n = np.random.default_rng(16), 9_000
    rows = [probe(i * 0.03, f"{int(random.integers(11, 200))}.{i >> 8 & 255}.{i & 255}.9", "10.0.0.80", 80,
                  source_port=int(random.integers(1024, 65535))) for i in range(n)]  # fmt: skip
    (verdict,) = verdicts_of(records(rows + browsing(random)))
    assert (verdict.class_id, verdict.role, verdict.subject, verdict.port) == (
        "dos.flood.syn", "target", "10.0.0.80", 80)  # fmt: skip
    assert (verdict.packets, verdict.flows) == (n, n)
    assert verdict.peers > 0.5 * n  # sources of the fullest window


def test_answers_of_many_servers_are_one_reflection_however_few_each_sent():
    """Three packets of each of 1,300 servers, from one port; were they strangers' they would be told as a UDP flood."""
    random = np.random.default_rng(19)
    rows = [flow(i * 0.02, f"203.{int(random.integers(250))}.{i >> 8}.{i & 255}", "10.0.0.80", 60_000 - i,
                 protocol=UDP, source_port=4500, packets=3, octets=720, back=0, back_octets=0, flags=0, back_flags=0)
            for i in range(1_300)]  # fmt: skip
    (verdict,) = verdicts_of(records(rows + browsing(random)))
    assert (verdict.class_id, verdict.role, verdict.packets) == ("dos.reflection.other", "target", 3_900)
    assert verdict.facts["service"] == "IPsec NAT traversal"


def test_flood_from_inside_has_the_role_of_a_source():
    rows = [probe(i * 0.02, f"10.0.{i // 250}.{i % 250 + 1}", "198.51.100.80", 80, source_port=1024 + i)
            for i in range(6_000)]  # fmt: skip
    assert [v[:2] for v in told(records(rows))] == [("dos.flood.syn", "source")]


def test_dhcp_and_control_floods():
    rows = [flow(i / 40, f"10.3.{i // 250}.{i % 250 + 1}", "10.0.0.67", 67, protocol=UDP, source_port=68, packets=1,
                 octets=300, back=1, back_octets=328, flags=0, back_flags=0, seconds=0)
            for i in range(400)]  # fmt: skip
    assert [v[:2] for v in told(records(rows))] == [("dos.flood.udp", "target")]
    device = [flow(0, "198.51.100.6", "10.9.0.3", 20000, packets=2_000, octets=140_000, back=20, back_octets=800,
                   seconds=4.0)]  # fmt: skip
    assert told(records(device)) == [("dos.flood.other", "target", "10.9.0.3")]
    master = [flow(i * 60.0, "10.9.0.1", "10.9.0.3", 20000, packets=120, octets=8_000, back=118, seconds=55.0,
                   flags=DONE, source_port=40_000 + i) for i in range(30)]  # fmt: skip
    assert told(records(master)) == []


TURNED = np.uint64(0x00_14_00_00)
"""Bits of the second octet that mapping turns over: networks move whole, inside stays inside."""


def later(flows, _random):
    """Forty-one days and some microseconds later, so that hours and windows begin elsewhere."""
    by = 41 * 86_400 * 10**9 + 1_234_567_891_000
    return flows.with_columns(**{n: flows[n] + by for n in ("flow_start_nanoseconds", "flow_end_nanoseconds")})


def elsewhere(flows, _random):
    """All addresses mapped to others, one to one."""
    moved = {}
    for name in ("source_address", "destination_address"):
        moved[name] = flows[name].copy()
        moved[name][:, 1] ^= TURNED
    return flows.with_columns(**moved)


def reordered(flows, random):
    """Clocks of a second, and records of one second in any order."""
    start = flows["flow_start_nanoseconds"] // 10**9 * 10**9
    order = np.lexsort((random.random(len(flows)), start))
    return flows.with_columns(flow_start_nanoseconds=start).take(order)


def in_two_files(flows, _random):
    """The second half from another input."""
    half = (np.arange(len(flows)) >= len(flows) // 2).astype(np.uint32)
    return flows.with_columns(input=half)


@pytest.mark.parametrize("change", [later, elsewhere, reordered, in_two_files], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ATTACKS)
def test_told_otherwise_it_is_the_same_attack(name, change):
    make, expected = ATTACKS[name]
    random = np.random.default_rng(17)
    flows = change(records(make(random) + browsing(random, hosts=4)), random)
    kinds = {(class_id, role) for class_id, role, _ in told(flows)}
    assert kinds == {(class_id, role) for class_id, role, _ in expected}


@pytest.mark.parametrize("change", [later, reordered, in_two_files], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ["poll by the clock", "backup", "torrent"])
def test_told_otherwise_it_is_as_innocent(name, change):
    random = np.random.default_rng(18)
    assert told(change(records(INNOCENT[name](random)), random)) == []
