"""Long conversations come in parts, none lost, none twice, and those with one service together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from netwatch.fingerprint import stitched
from netwatch.model.flows import ELEMENTS, Flows, filled
from netwatch.store.flows import FlowStore

MINUTE = 60 * 10**9


def flows(n: int) -> Flows:
    rng = np.random.default_rng(3)
    made = {e.name: filled(e, n) for e in ELEMENTS.values()}
    made["source_address"][:, 1] = rng.integers(1, 40, n)
    made["destination_address"][:, 1] = rng.integers(100, 130, n)
    made["source_transport_port"] = rng.integers(40_000, 60_000, n).astype(np.uint16)
    made["destination_transport_port"] = rng.choice([443, 53, 3333], n).astype(np.uint16)
    made["protocol_identifier"][:] = 6
    made["flow_start_nanoseconds"] = rng.integers(0, 30, n) * MINUTE
    made["flow_end_nanoseconds"] = made["flow_start_nanoseconds"] + rng.integers(0, 200, n) * 10**9
    made["packet_delta_count"] = rng.integers(2, 50, n)
    made["octet_delta_count"] = made["packet_delta_count"] * 100
    return Flows(made)


def expected(told: Flows, seconds: int = 120) -> dict[tuple[int, ...], tuple[int, int]]:
    """Octets and records of each conversation that lived so long, one flow at a time."""
    found: dict[tuple[int, ...], list[int]] = {}
    columns = ("source_address", "destination_address", "destination_transport_port", "protocol_identifier")
    for row in range(len(told)):
        key = tuple(int(np.ravel(told[name][row])[-1]) for name in columns)
        since, until = int(told["flow_start_nanoseconds"][row]), int(told["flow_end_nanoseconds"][row])
        octets, packets = int(told["octet_delta_count"][row]), int(told["packet_delta_count"][row])
        one = found.setdefault(key, [since, until, 0, 0, 0])
        one[:] = min(one[0], since), max(one[1], until), one[2] + octets, one[3] + 1, one[4] + packets
    return {k: (v[2], v[3]) for k, v in found.items() if v[1] - v[0] >= seconds * 10**9 and v[4] >= 10}


def test_parts_hold_every_long_conversation_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(stitched, "PART", 100)
    told = flows(3000)
    store = FlowStore(tmp_path)
    store.append(told)
    store.flush()
    parts = list(stitched.long_ones(store.table, 0))
    store.close()
    assert len(parts) > 5
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    services: list[set[tuple[int, ...]]] = []
    for part in parts:
        services.append(set())
        for row in range(len(part["port"])):
            client, server = (int.from_bytes(part[name][row].tobytes()[8:], "big") for name in ("client", "server"))
            port, protocol = int(part["port"][row]), int(part["protocol"][row])
            assert (client, server, port, protocol) not in found
            found[client, server, port, protocol] = int(part["octets"][row]), int(part["records"][row])
            services[-1].add((server, port, protocol))
    assert found == expected(told)
    assert sum(map(len, services)) == len(set.union(*services))


@pytest.mark.parametrize("seconds", [0, 240, 1500])
def test_of_those_that_lived_so_long_all_clients_of_two_minutes_are_counted(seconds: int, tmp_path: Path) -> None:
    told = flows(3000)
    store = FlowStore(tmp_path)
    store.append(told)
    store.flush()
    (part,) = stitched.long_ones(store.table, seconds)
    store.close()
    kept = expected(told, max(seconds, 120))
    assert 0 < len(kept) == len(part["port"])
    served = Counter(key[1:] for key in expected(told))
    for row in range(len(part["port"])):
        client, server = (int.from_bytes(part[name][row].tobytes()[8:], "big") for name in ("client", "server"))
        key = client, server, int(part["port"][row]), int(part["protocol"][row])
        assert kept[key] == (int(part["octets"][row]), int(part["records"][row]))
        assert part["clients"][row] == served[key[1:]]


def test_hours_of_the_clock_are_counted_within_a_day_and_beyond(tmp_path: Path) -> None:
    told = flows(3000)
    rng = np.random.default_rng(4)
    days = np.where(told["destination_address"][:, 1] % 2 > 0, 5 * 24, 22)
    start = (rng.integers(0, days * 60) + 30) * MINUTE
    told = told.with_columns(flow_start_nanoseconds=start, flow_end_nanoseconds=start + 200 * 10**9)
    store = FlowStore(tmp_path)
    store.append(told)
    store.flush()
    (part,) = stitched.long_ones(store.table, 0)
    apart = stitched.stitched(store.table, [])
    store.close()
    clients, servers = (told[f"{end}_address"][:, 1].astype(np.int64) for end in ("source", "destination"))
    keys = np.stack([clients, servers, told["destination_transport_port"].astype(np.int64), start // (60 * MINUTE)], 1)
    expected = Counter(map(tuple, np.unique(keys, axis=0)[:, :3].tolist()))
    for found in (part, apart):
        rows = [found[name][:, 8:].copy().view(">u8")[:, 0].astype(np.int64) for name in ("client", "server")]
        keyed = zip(*rows, found["port"].tolist(), found["hours"].tolist(), strict=True)
        counted = {tuple(map(int, key)): hours for *key, hours in keyed}
        assert len(counted) == len(found["port"]) > 1000
        assert counted == {key: expected[key] for key in counted}
    assert set(part["hours"].tolist()) >= {1, 2, 3}
