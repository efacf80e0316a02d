"""The walk over first contacts against a plain loop; of ports that tie, the lowest, in whatever order flows come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netwatch.fingerprint import queries
from netwatch.fingerprint.behaviour import tries
from netwatch.fingerprint.behaviour.halves import ACK, FIN, RST, SYN
from netwatch.model.address import to_octets
from netwatch.model.flows import ELEMENTS, Flows, filled
from netwatch.store.flows import FlowStore

SECOND = 10**9
SENDERS = 120


def connections(seed: int) -> Flows:
    """What senders of very different luck tried, at times that often tie; some pairs more than once."""
    rng = np.random.default_rng(seed)
    n = 3000
    made = {e.name: filled(e, n) for e in ELEMENTS.values()}
    sender = rng.integers(0, SENDERS, n)
    made["source_address"][:, 1] = sender + 1
    made["destination_address"][:, 1] = rng.integers(1000, 1400, n)
    made["source_transport_port"] = rng.integers(40_000, 60_000, n).astype(np.uint16)
    made["destination_transport_port"] = rng.choice([22, 23, 80, 445], n).astype(np.uint16)
    made["protocol_identifier"][:] = 6
    lucky = rng.random(n) < np.linspace(0, 1, SENDERS)[sender]
    made["tcp_control_bits"][:] = np.where(lucky, SYN | ACK | FIN, SYN)
    made["reverse_tcp_control_bits"][:] = np.where(lucky, SYN | ACK, RST | ACK)
    made["packet_delta_count"] = rng.integers(1, 3, n)
    made["reverse_packet_delta_count"][:] = 1
    made["octet_delta_count"] = made["packet_delta_count"] * 40
    made["flow_start_nanoseconds"] = made["flow_end_nanoseconds"] = rng.integers(0, 7200, n) * SECOND
    return Flows(made)


def told(flows: Flows, folder: Path) -> dict[tuple[bytes, int, int], dict[str, object]]:
    folder.mkdir()
    store = FlowStore(folder)
    store.append(flows)
    store.flush()
    rows = queries.run(tries.hours, store.table).to_pylist()
    store.close()
    return {(row["sender"], row["kind"], row["hour"]): row for row in rows}


def walked(flows: Flows) -> dict[tuple[bytes, int], tuple[int, int]]:
    """By sender and hour, whether the walk decides for a scanner, and the port with the pair of most packets."""
    pairs: dict[tuple[bytes, int], dict[tuple[bytes, int], list[int]]] = {}
    senders, receivers = to_octets(flows["source_address"]), to_octets(flows["destination_address"])
    for row in range(len(flows)):
        start, port = int(flows["flow_start_nanoseconds"][row]), int(flows["destination_transport_port"][row])
        failed, packets = int(flows["tcp_control_bits"][row]) & ACK == 0, int(flows["packet_delta_count"][row])
        of = pairs.setdefault((senders[row].tobytes(), start // (3600 * SECOND)), {})
        one = of.setdefault((receivers[row].tobytes(), port), [start, True, 0])
        one[:] = min(one[0], start), one[1] and failed, one[2] + packets
    found = {}
    for who, of in pairs.items():
        height = decided = 0
        for _, failed in sorted(((start, *pair), failed) for pair, (start, failed, _) in of.items()):
            height += 1 if failed else -1
            if abs(height) >= tries.DECIDES:
                decided = int(height > 0)
                break
        found[who] = decided, min((-packets, port) for (_, port), (_, _, packets) in of.items())[1]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_walk_is_that_of_a_plain_loop(seed: int, tmp_path: Path) -> None:
    flows = connections(seed)
    expected = walked(flows)
    rows = {(who, hour): row for (who, kind, hour), row in told(flows, tmp_path / "one").items() if kind == 0}
    found = {key: (row["decided"], row["service"]) for key, row in rows.items()}
    assert found == {key: expected[key] for key in found}
    assert {decided for decided, _ in found.values()} == {0, 1}
    # In each of the ways to know: too few failures, too few successes, and by the order of contacts.
    lots = {key: (row["failed"], row["known"] - row["failed"]) for key, row in rows.items()}
    by_order = [found[k][0] for k, (up, down) in lots.items() if up >= 4 and (down >= 4 or up - down < 4)]
    assert set(by_order) == {0, 1}


def test_the_order_of_flows_changes_nothing(tmp_path: Path) -> None:
    flows = connections(4)
    mixed = flows.take(np.random.default_rng(0).permutation(len(flows)))
    assert told(flows, tmp_path / "one") == told(mixed, tmp_path / "other")


def test_who_never_fails_in_a_manner_has_no_row_of_it(tmp_path: Path) -> None:
    flows = connections(5)
    n = len(flows)
    lucky = {name: column.copy() for name, column in flows.columns.items()}
    lucky["tcp_control_bits"][:] = SYN | ACK | FIN
    lucky["reverse_tcp_control_bits"][:] = SYN | ACK
    asked = {name: column.copy() for name, column in flows.columns.items()}
    asked["protocol_identifier"][:], asked["tcp_control_bits"][:], asked["reverse_tcp_control_bits"][:] = 17, 0, 0
    asked["reverse_packet_delta_count"][:] = np.arange(n) % 2
    both = told(Flows.concatenate([Flows(lucky), Flows(asked)]), tmp_path / "both")
    alone = told(Flows(asked), tmp_path / "alone")
    assert {kind for _, kind, _ in both} == {tries.KINDS.index("udp")}
    assert both.keys() == alone.keys()
    for key, row in alone.items():
        assert {**both[key], "everything": row["everything"]} == row
        assert both[key]["everything"] > row["everything"]
