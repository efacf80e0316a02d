"""Floors: none keeps back a row that its kind's query would have given, of whatever traffic."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from naive.floors import reached as naively
from naive.traffic import flow, records

from netwatch.fingerprint import Fingerprinter
from netwatch.fingerprint.behaviour import floors
from netwatch.fingerprint.behaviour.halves import halves, halves_of, told_by_input
from netwatch.fingerprint.fingerprinter import HALVES
from netwatch.fingerprint.queries import at_hand, kept, run
from netwatch.kernels.floors import MANNERS
from netwatch.meter import Meter, MeterOptions
from netwatch.model.flows import Flows
from netwatch.read import ReadOptions, open_inputs
from netwatch.scope import Scope, ScopeOptions
from netwatch.store import FlowStore

KEPT = Path(__file__).parents[2] / "captures"
OWN = 0xFFFF_0A00_0000


@cache
def kinds():
    """Of each kind made of halves, its features, whatever rules ask of them."""
    made = {kind: one for kind, one in Fingerprinter()._features.items() if one.floors}
    for one in made.values():
        one.required = (None,)
    return made


def declared():
    return [(kind, floor) for kind, one in kinds().items() for floor in one.floors]


def busy(seed, n, pool):
    """Traffic of as many addresses a side, near the floors; every other seed as exporters tell it, in one direction."""
    random = np.random.default_rng(seed)
    ends = np.zeros((2, n, 2), np.uint64)
    ends[0, :, 1] = OWN + random.integers(0, pool, n).astype(np.uint64)
    ends[1, :, 1] = 0xFFFF_C633_6400 + random.integers(0, pool, n).astype(np.uint64)
    sixth = random.random(n) < 0.1
    ends[1, sixth, 0] = 0x2001_0DB8_0000_0000
    swapped = random.random(n) < 0.3
    source, destination = np.where(swapped[:, None], ends[1], ends[0]), np.where(swapped[:, None], ends[0], ends[1])
    services = [0, 22, 53, 67, 123, 443, 502, 2048, 40_000]
    lone = seed % 2 * (random.random(n) < 0.9)
    start = 1_700_000_000 + random.integers(0, 9_000, n)
    # What comes first, or is largest, is one: where several are, which is told of is the engine's choice.
    packets, back = random.choice([0, 1, 2, 4, 30, 200], n), random.choice([0, 0, 1, 3, 25], n) * (1 - lone)
    packets[packets > 4] += np.arange(n)[packets > 4] * 7
    back[back > 3] += np.arange(n)[back > 3] * 7 + 3
    return Flows({
        "source_address": source, "destination_address": destination,
        "source_transport_port": np.where(
            random.random(n) < 0.7, random.integers(40_000, 60_000, n), random.choice(services, n)
        ),
        "destination_transport_port": random.choice(services, n),
        "protocol_identifier": random.choice([1, 6, 6, 6, 17, 17, 47, 58], n),
        "tcp_control_bits": random.choice([0, 1, 2, 4, 16, 18, 20, 24, 27, 41], n) * (random.random() < 0.8),
        "reverse_tcp_control_bits": random.choice([0, 4, 18, 20, 27], n),
        "packet_delta_count": packets, "octet_delta_count": packets * random.choice([40, 1_400, 90_000], n),
        "reverse_packet_delta_count": back, "reverse_octet_delta_count": back * random.choice([40, 1_400], n),
        "sampling_packet_interval": np.full(n, random.choice([1, 1, 100])),
        "flow_start_nanoseconds": start * 10**9 + np.arange(n) * 1_000,
        "flow_end_nanoseconds": (start + random.choice([0, 1, 200], n)) * 10**9,
        "direction": np.where(swapped, 1, random.choice([2, 2, 3, 3, 4], n)), "first_frame": np.arange(1, n + 1),
        "input": random.integers(0, 2, n), "orientation": random.choice([0, 1, 2, 3], n),
        "detail": random.choice([0, 1, 2, 3], n),
    })  # fmt: skip


def scene(name):
    meter, scope = Meter(MeterOptions()), Scope.build(ScopeOptions(prefix=("175.45.176.0/22",)))
    batches = [meter.add(one) for one in open_inputs([KEPT / name / f"{name}.pcap.gz"], ReadOptions())]
    return Flows.concatenate([scope.annotate(flows) for flows in [*batches, meter.finish()]])


def same(kind, one, other):
    assert len(one) == len(other)
    for name, column in one.columns.items():
        np.testing.assert_allclose(column, other.columns[name], 1e-12, err_msg=name)  # sums in whatever order
    # Of a target's senders with as many packets the engine tells of any, and of their ports.
    ends = () if kind == "target" else ("subject", "peer", "port")
    for name in (*ends, "since", "until", "octets", "packets", "flows", "peers"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert [one.references(row) for row in range(len(one))] == [other.references(row) for row in range(len(other))]


def hold(flows):
    """Every kind's table of all flows is that of the flows which floors let through; how many kinds had one, of which
    were asked.
    """
    with FlowStore.scratch() as store:
        store.append(Flows(flows.columns))
        store.flush()
        table = store.table
        there = floors.reached(table, declared())
        few = None if there.marks is None else floors.touched(table, there.marks)
        with kept(halves, table, HALVES) as everything:
            whole = {kind: one.table(everything) for kind, one in kinds().items()}
        for kind, one in kinds().items():
            if kind not in there.kinds:
                assert not len(whole[kind]), kind
            elif few is not None:
                inputs = run(told_by_input, table)
                with (
                    at_hand(few, "netwatch_touched", table) as some,
                    kept(halves_of, some, HALVES, {"inputs": inputs}) as part,
                ):
                    same(kind, whole[kind], one.table(part))
        return {kind for kind, rows in whole.items() if len(rows)}, there.kinds


@pytest.mark.parametrize("name", ["mixed-hour", "ordinary-office", "monero-day"])
def test_captures_lose_no_row(name):
    told, asked = hold(scene(name))
    assert told <= asked < kinds().keys()


def test_traffic_near_the_floors_loses_no_row():
    every = set()
    for seed, (n, pool) in enumerate([(600, 9), (600, 3), (600, 40), (600, 20), (6_000, 1), (12_000, 12), (4_000, 30)]):
        told, asked = hold(busy(seed, n, pool))
        assert told <= asked
        every |= told
    # Else this would show nothing of some; a movement's floor takes no flow out, and rows of it are rare here.
    assert every >= kinds().keys() - {"movement", "spray"}


@pytest.mark.parametrize("servers", [9, 10, 40])
def test_logins_at_many_servers_lose_no_row(servers):
    rows = [flow(n, "203.0.113.5", f"10.0.0.{n % servers}", 22, source_port=9_000 + n) for n in range(80)]
    told, _ = hold(records(rows))
    assert ("spray" in told) == (servers >= 10)


def looks_at(floor, protocol, flags, unanswered):
    manners = floors.Manners(np.array([protocol]), np.array([flags if protocol == 6 else 0]), np.array([unanswered]))
    return bool(floor.manner(manners)[0])


@pytest.mark.parametrize("seed", range(4))
def test_kernel_agrees_with_its_twin(seed, monkeypatch):
    flows = busy(seed, 400, 2 + 9 * seed)
    rows = [
        {"source": int(a[0]) << 64 | int(a[1]), "destination": int(b[0]) << 64 | int(b[1]), "source_port": s,
         "destination_port": d, "protocol": p, "flags": f, "reverse_flags": g, "packets": n, "reverse_packets": m,
         "octets": o, "reverse_octets": q, "interval": i, "direction": w, "start": t // 1000}
        for a, b, s, d, p, f, g, n, m, o, q, i, w, t in zip(
            *(flows[name] if name.endswith("address") else flows[name].tolist() for name in (
                "source_address", "destination_address", "source_transport_port", "destination_transport_port",
                "protocol_identifier", "tcp_control_bits", "reverse_tcp_control_bits", "packet_delta_count",
                "reverse_packet_delta_count", "octet_delta_count", "reverse_octet_delta_count",
                "sampling_packet_interval", "direction", "flow_start_nanoseconds")), strict=True)
    ]  # fmt: skip
    told, marked = naively(rows, declared(), looks_at)
    with FlowStore.scratch() as store:
        store.append(flows)
        store.flush()
        there = floors.reached(store.table, [(f"{kind} {at}", one) for at, (kind, one) in enumerate(declared())])
        assert {kind.partition(" ")[0] for kind in there.kinds} == told
        monkeypatch.setattr(floors, "MOST_SLOTS", 8)  # keys share counters: more is reached, never less
        monkeypatch.setattr(floors, "LEAST_SLOTS", 8)
        assert floors.reached(store.table, declared()).kinds >= told
    if there.marks is not None:
        whom = {
            int(a) << 64 | int(b)
            for (a, b), what in zip(there.marks.ends.tolist(), there.marks.what, strict=True)
            if what == 1
        }
        assert whom == {address for what, address in marked if what != "network"}
    assert marked


def test_manners_are_every_flag_and_protocol_once():
    looks = floors._looks([floors.Floor(1, ("sender",), manner=floors.only(17))])
    assert np.flatnonzero(looks.manner).tolist() == [512 + 34, 512 + 35]
    assert len(looks.manner) == MANNERS
