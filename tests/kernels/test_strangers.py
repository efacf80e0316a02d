"""Floods of strangers: against a naive twin, in batches of any size, with fixed memory."""

import numpy as np
import pytest
from naive.strangers import passing

from netwatch.fingerprint.behaviour.strangers import PASSING, Strangers
from netwatch.fingerprint.behaviour.targets import VECTORS
from netwatch.model.flows import Flows

KINDS = {(6, 2): "syn", (6, 18): "synack", (6, 4): "rst", (6, 16): "ack", (6, 17): "fin", (6, 24): None, (17, 0): "udp"}


def traffic(n=6_000, seed=3, senders=4_000):
    random = np.random.default_rng(seed)
    kinds = list(KINDS)
    chosen = random.integers(0, len(kinds), n)
    source, destination = np.zeros((n, 2), np.uint64), np.zeros((n, 2), np.uint64)
    source[:, 1] = 0xFFFF_0000_0000 + random.integers(0, senders, n).astype(np.uint64)
    destination[:, 1] = 0xFFFF_0A00_0000 + random.integers(0, 2, n).astype(np.uint64)
    return Flows({
        "source_address": source, "destination_address": destination,
        "source_transport_port": random.integers(1024, 65536, n),
        "destination_transport_port": random.integers(1, 9, n),
        "protocol_identifier": np.array([kinds[k][0] for k in chosen]),
        "tcp_control_bits": np.array([kinds[k][1] for k in chosen]),
        "packet_delta_count": random.integers(0, 5, n), "octet_delta_count": random.integers(40, 400, n),
        "reverse_packet_delta_count": random.integers(0, 2, n), "first_frame": np.arange(1, n + 1),
        "flow_start_nanoseconds": np.sort(random.integers(0, 700, n)) * 10**9,
    })  # fmt: skip


def told(flows, width):
    strangers = Strangers(VECTORS)
    parts = [
        strangers.mark(flows.take(np.arange(at, min(at + width, len(flows))))) for at in range(0, len(flows), width)
    ]
    return np.concatenate([part["traffic_class"] for part in parts]) == PASSING, strangers.windows()


def test_kernel_agrees_with_its_twin():
    flows = traffic()
    rows = []
    for i in range(len(flows)):
        kind = KINDS[int(flows["protocol_identifier"][i]), int(flows["tcp_control_bits"][i])]
        back = int(flows["reverse_packet_delta_count"][i])
        kind = None if kind == "udp" and back else kind
        source, destination = int(flows["source_address"][i, 1]), int(flows["destination_address"][i, 1])
        rows.append((source, destination, int(flows["packet_delta_count"][i]), back, kind))
    marked, windows = told(flows, len(flows))
    assert marked.tolist() == passing(rows)
    assert 100 < marked.sum() < len(flows)
    assert windows["flows"].sum() == marked.sum()
    for name, column in (("packets", "packet_delta_count"), ("octets", "octet_delta_count")):
        assert windows[name].sum() == flows[column][marked].sum()
    assert windows["back"].sum() == flows["reverse_packet_delta_count"][marked].sum()


@pytest.mark.parametrize("width", [1, 97, 5_000])
def test_the_cut_into_batches_changes_nothing(width):
    flows = traffic(2_600, senders=2_600)
    whole, counted = told(flows, len(flows))
    cut, again = told(flows, width)
    assert (whole == cut).all()
    assert all((counted[name] == again[name]).all() for name in counted)


def test_ports_are_estimated_closely():
    n = 4_000
    flows = traffic(n, senders=10**9)
    columns = dict(flows.columns) | {
        "destination_address": np.full((n, 2), 7, np.uint64), "protocol_identifier": np.full(n, 6),
        "tcp_control_bits": np.full(n, 2), "packet_delta_count": np.ones(n, int),
        "destination_transport_port": np.arange(n) % 300, "flow_start_nanoseconds": np.zeros(n, int),
    }  # fmt: skip
    _, windows = told(Flows(columns), n)
    (ports,) = windows["ports"]
    assert 270 <= ports <= 330


def test_more_targets_than_there_is_room_for_are_left_to_be_counted_otherwise():
    n = 1_000
    strangers = Strangers(VECTORS)
    strangers._addresses[:] = 10_000  # every address is taken to be flooded
    flows = traffic(30 * n, senders=10**9)
    columns = dict(flows.columns) | {"destination_address": np.arange(60 * n).reshape(-1, 2).astype(np.uint64)}
    marked = strangers.mark(Flows(columns))["traffic_class"] == PASSING
    used = (strangers.windows()["flows"] > 0).sum()
    assert 3_000 < used <= 4_096
    assert 0 < marked.sum() < len(flows) / 2
