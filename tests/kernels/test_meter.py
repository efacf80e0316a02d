"""The metering kernels give the flows that the naive twin gives, however the packets are cut into batches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from netwatch.kernels.flowtable import WAYS, hash_key
from netwatch.kernels.jit import kernel
from netwatch.meter import Meter, MeterOptions
from netwatch.meter.process import FIRST_INDEX
from netwatch.model.flows import Flows
from netwatch.model.packets import PACKET, Packets

sys.path.insert(0, str(Path(__file__).parents[1] / "naive"))
from meter import NaiveMeter

S = 1_000_000_000
OCTETS = np.random.default_rng(7).integers(0, 256, 4096, np.uint8)
OPTIONS = MeterOptions(active_timeout=100, idle_timeout=20, max_flows=4096, max_exchanges=4096, max_head_octets=1 << 20)
GAPS = (0, 1000, 9_000_000, 10_000_001, 40_000_000, 60_000_000, S, 3 * S + 1, 14 * S, 17 * S, 19 * S, 21 * S, 50 * S)


@st.composite
def packet_rows(draw: Any) -> np.ndarray:
    """A few hosts and ports, so that packets meet in flows, with the turns that flows can take."""
    n = draw(st.integers(1, 60))
    rows = np.zeros(n, PACKET)
    time = 1_500_000_000 * S
    for i in range(n):
        row = rows[i]
        time += draw(st.sampled_from(GAPS))
        row["time"] = time - draw(st.sampled_from((0, 0, 0, 0, S)))  # late, within what is forgiven
        row["source_low"], row["destination_low"] = draw(st.sampled_from([(1, 2), (2, 1), (1, 3), (2, 2)]))
        row["protocol"] = draw(st.sampled_from([6, 6, 6, 17, 1, 58, 47]))
        if row["protocol"] in (6, 17):
            ports = draw(st.sampled_from([(1000, 80), (80, 1000), (80, 80)]))
            row["source_port"], row["destination_port"] = ports
        if row["protocol"] in (1, 58):
            kinds = (0x0800, 0, 0x0301, 128 << 8, 129 << 8, 13 << 8, 14 << 8)
            row["destination_port"] = draw(st.sampled_from(kinds))
        if row["protocol"] == 6:
            row["tcp_flags"] = draw(st.sampled_from([2, 0x12, 0x10, 0x10, 0x18, 0x18, 0x11, 4, 0x14]))
            row["tcp_sequence"] = draw(st.sampled_from([0, 100, 150, 200, 2**21, 2**32 - 50]))
        row["payload_length"] = draw(st.sampled_from([0, 0, 10, 100, 600, 1500]))
        row["ip_length"] = row["payload_length"] + draw(st.sampled_from([40, 60, 66_000]))
        row["payload_captured"] = min(int(row["payload_length"]), draw(st.sampled_from([0, 42, 9000])))
        row["payload_start"] = draw(st.integers(0, 2000))
        row["fragment"] = draw(st.sampled_from([0, 0, 0, 0, 1, 2]))
        row["fragment_identification"] = draw(st.sampled_from([0, 1, 2]))
        if row["fragment"] == 2:
            row["source_port"] = row["destination_port"] = row["tcp_flags"] = row["tcp_sequence"] = 0
        row["vlan"], row["class_of_service"], row["frame"] = i % 3, i % 5, i + 1
    return rows


def meter(rows: np.ndarray, cuts: list[int], options: MeterOptions = OPTIONS) -> tuple[Meter, Flows]:
    kernel = Meter(options)
    parts = [kernel.add(Packets(part, OCTETS, 3)) for part in np.split(rows, sorted(cuts))]
    return kernel, Flows.concatenate([*parts, kernel.finish()])


def as_rows(flows: Flows) -> list[dict[str, Any]]:
    """Flows as the twin writes them."""
    out = []
    for i in range(len(flows)):
        row: dict[str, Any] = {
            name: tuple(map(int, flows[name][i])) if flows[name].ndim == 2 else int(flows[name][i]) for name in flows
        }
        row["exchange"] = exchange_row(flows, i)
        out.append(row)
    return out


def exchange_row(flows: Flows, i: int) -> dict[str, Any] | None:
    exchange = flows.exchange
    assert exchange is not None
    at = exchange.row[i]
    if at < 0:
        return None
    names = ("first", "messages", "large_messages", "interval_count", "interval_sum", "interval_squares")
    sizes = [
        [(int(s), int(c)) for s, c in zip(exchange.size[at, d], exchange.size_count[at, d], strict=True) if c]
        for d in range(2)
    ]
    unsolicited = int(exchange.unsolicited[at])
    return {
        "heads": (exchange.head(i, 0), exchange.head(i, 1)),
        **{name: getattr(exchange, name)[at].tolist() for name in names},
        "sizes": sizes,
        "answered": int(exchange.answered[at]),
        "unsolicited": unsolicited,
        "pushes": exchange.push_time[at, : min(unsolicited, 32)].tolist(),
    }


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda r: (r["first_frame"], r["flow_start_nanoseconds"]))


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking arrays takes longer than reading them


@settings(max_examples=120, deadline=None, phases=PHASES)
@given(packet_rows(), st.booleans())
def test_flows_are_those_of_the_naive_twin(rows: np.ndarray, dedupe: bool) -> None:
    twin = NaiveMeter(active=100 * S, idle=20 * S, dedupe=dedupe)
    for row in rows:
        twin.add(row, OCTETS.tobytes(), 3)
    expected = in_order(twin.finish())
    options = MeterOptions(active_timeout=100, idle_timeout=20, max_flows=4096, dedupe=dedupe)
    kernel, flows = meter(rows, [], options)
    got = [{name: row[name] for name in expected[0]} for row in in_order(as_rows(flows))]
    assert got == expected
    tally = kernel.tally
    assert tally.balanced
    assert tally.seen == len(rows)
    assert tally.kept == flows["packet_delta_count"].sum() + flows["reverse_packet_delta_count"].sum()
    assert tally.kept_octets == flows["octet_delta_count"].sum() + flows["reverse_octet_delta_count"].sum()
    assert tally.notes["duplicate packets"] == sum(f.duplicates for f in twin.ended)


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(packet_rows(), st.lists(st.integers(0, 60), max_size=5), st.sampled_from([1, 2, 4096]))
def test_batches_make_no_difference(rows: np.ndarray, cuts: list[int], max_flows: int) -> None:
    options = MeterOptions(
        active_timeout=100, idle_timeout=20, max_flows=max_flows, max_exchanges=2, max_head_octets=256
    )
    _, whole = meter(rows, [], options)
    _, cut = meter(rows, cuts, options)
    assert as_rows(whole) == as_rows(cut)


@pytest.mark.parametrize("seed", range(3))
def test_any_packets_at_all_keep_the_law(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (5000, PACKET.itemsize), np.uint8).view(PACKET).reshape(-1)
    rows["protocol"] = rng.choice([1, 6, 17, 58, 255], len(rows))
    rows["fragment"] = rng.integers(0, 3, len(rows))
    rows["source_low"] = rng.integers(0, 4, len(rows))
    rows["destination_low"] = rng.integers(0, 4, len(rows))
    rows["source_high"] = rows["destination_high"] = 0
    options = MeterOptions(max_flows=64, max_exchanges=16, max_head_octets=1024)
    kernel, flows = meter(rows, [100, 2000, 2001], options)
    assert kernel.tally.balanced
    assert kernel.tally.seen == len(rows)
    assert kernel.tally.seen_octets == rows["ip_length"].sum(dtype=np.int64)
    assert flows["packet_delta_count"].sum() + flows["reverse_packet_delta_count"].sum() == len(rows)
    assert flows["octet_delta_count"].sum() + flows["reverse_octet_delta_count"].sum() == kernel.tally.seen_octets


def flood(n: int) -> np.ndarray:
    """As many SYNs, each of another source."""
    rows = np.zeros(n, PACKET)
    rows["time"] = 1_500_000_000 * S + np.arange(n) * 10_000
    rows["source_low"] = np.arange(n) + 5
    rows["destination_low"] = 1
    rows["source_port"], rows["destination_port"] = 40_000, 80
    rows["protocol"], rows["tcp_flags"], rows["ip_length"] = 6, 2, 40
    rows["frame"] = np.arange(1, n + 1)
    return rows


def test_a_flood_costs_no_exchange_and_a_talker_survives_it() -> None:
    rows = flood(100_000)
    talk = rows[::100]
    talk["source_low"], talk["source_port"], talk["tcp_flags"] = 2, 5000, 0x10
    kernel, flows = meter(rows, [], MeterOptions(max_flows=1000))
    assert len(flows) == 99_001
    assert flows["packet_delta_count"].max() == 1000
    assert kernel.tally.notes["flows ended early, table full"] == 98_001
    assert (flows["flow_end_reason"] == 5).sum() == 98_001
    assert flows.exchange is not None
    assert len(flows.exchange) == 0


def test_keys_that_all_hash_alike_cost_no_more_than_a_bucket() -> None:
    """Whoever knows the seed can fill one bucket; then its oldest flow ends early."""
    rows = flood(60_000)
    meter = Meter()
    keys = np.zeros(len(rows), np.uint64)

    @kernel
    def hashes(rows: Any, seed: Any, out: Any) -> None:
        for i in range(rows.size):
            out[i] = hash_key(rows[i], rows[i].source_port, rows[i].destination_port, seed)

    buckets = np.uint64(FIRST_INDEX // WAYS)
    hashes(rows, np.uint64(meter.options.seed), keys)
    alike = rows[keys % buckets == 0]
    flows = Flows.concatenate([meter.add(Packets(alike, OCTETS, 0)), meter.finish()])
    assert len(alike) > WAYS
    assert len(flows) == len(alike)
    assert meter.tally.notes["flows ended early, table full"] == len(alike) - WAYS


def test_late_last_acknowledgement_stays_with_its_flow_and_a_new_syn_does_not() -> None:
    rows = flood(6)
    rows["source_low"] = 2
    rows["tcp_flags"] = [2, 0x11, 0x11, 0x10, 2, 0x10]
    rows["time"][3:] += 2 * S
    swap = rows[2:3]
    swap["source_low"], swap["destination_low"], swap["source_port"], swap["destination_port"] = 1, 2, 80, 40_000
    _, flows = meter(rows, [])
    assert flows["packet_delta_count"].tolist() == [3, 2]
    assert flows["reverse_packet_delta_count"].tolist() == [1, 0]
    assert flows["flow_end_reason"].tolist() == [3, 4]


def test_a_wild_clock_harms_only_its_packet() -> None:
    rows = flood(1000)
    rows["source_low"] = 2
    rows["time"][500] = 2**62
    kernel, flows = meter(rows, [])
    assert (flows["flow_end_nanoseconds"] - flows["flow_start_nanoseconds"]).max() < S
    assert sorted(flows["packet_delta_count"].tolist()) == [1, 499, 500]
    assert kernel.tally.notes["packets earlier than the one before"] == 1


def test_a_flow_spans_inputs() -> None:
    rows = flood(10)
    rows["source_low"] = 2
    kernel = Meter()
    kernel.add(Packets(rows[:5], OCTETS, 7))
    kernel.add(Packets(rows[5:], OCTETS, 8))
    flows = kernel.finish()
    assert flows["packet_delta_count"].tolist() == [10]
    assert flows["input"].tolist() == [7]


@pytest.mark.parametrize(("sizes", "common"), [(21, 0), (200, 0), (21, 600)])
def test_no_size_is_counted_that_was_not_seen(sizes: int, common: int) -> None:
    """Messages of many sizes, and of one that is common: none has more than there were, the common one hardly less."""
    rng = np.random.default_rng(sizes)
    lengths = np.r_[rng.integers(300, 300 + sizes, 400), np.full(common, 77)]
    rng.shuffle(lengths)
    rows = np.zeros(len(lengths), PACKET)
    rows["time"] = 1_500_000_000 * S + np.arange(len(rows)) * S
    rows["source_low"], rows["destination_low"], rows["protocol"] = 1, 2, 17
    rows["source_port"], rows["destination_port"] = 5_000, 4_000
    rows["payload_length"], rows["ip_length"], rows["frame"] = lengths, lengths + 28, np.arange(1, len(rows) + 1)
    _, flows = meter(rows, [], MeterOptions())
    (found,) = (exchange_row(flows, i)["sizes"][0] for i in range(len(flows)))
    assert all(count <= (lengths == size).sum() for size, count in found)
    assert sum(count for _, count in found) < 0.5 * (len(lengths) - common) + common
    if common:
        assert found[0][0] == 77
        assert found[0][1] >= 0.95 * common
