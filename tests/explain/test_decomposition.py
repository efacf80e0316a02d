"""Decomposition against a twin that adds flow by flow."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.errors import UsageError
from netwatch.explain import ExplainOptions, decompose
from netwatch.explain.cells import once
from netwatch.explain.decomposition import fewest, split
from netwatch.explain.interval import intervals
from netwatch.explain.windows import Windows, cut
from netwatch.model.taxonomy import CODE

sys.path.insert(0, str(Path(__file__).parent))
from flow_table import DAY, SECOND, stored

BEFORE, AFTER = (0, 100 * SECOND), (100 * SECOND, 300 * SECOND)
BOTH = Windows.plain(BEFORE, AFTER)


def naive(rows: list[dict[str, Any]], key: str) -> dict[Any, float]:
    """Octets a second added between the windows, by a column's value."""
    added: dict[Any, float] = {}
    for row in rows:
        start, end = row["flow_start_nanoseconds"], row["flow_end_nanoseconds"]
        octets = (row["octet_delta_count"] + row["reverse_octet_delta_count"]) * row["sampling_packet_interval"]
        for (a, b), sign in ((BEFORE, -1), (AFTER, 1)):
            inside = min(end, b) - max(start, a)
            share = (a <= start < b) if end == start else max(inside, 0) / (end - start)
            added[row[key]] = added.get(row[key], 0.0) + sign * share * octets / ((b - a) / SECOND)
    return added


flow = st.fixed_dictionaries(
    {
        "flow_start_nanoseconds": st.integers(0, 320).map(lambda s: s * SECOND),
        "octet_delta_count": st.integers(0, 10**6),
        "reverse_octet_delta_count": st.integers(0, 10**6),
        "sampling_packet_interval": st.sampled_from([1, 100]),
        "destination_as": st.integers(1, 12),
        "life": st.sampled_from([0, 1, 30, 250]),
    }
).map(
    lambda r: {
        **{k: v for k, v in r.items() if k != "life"},
        "flow_end_nanoseconds": r["flow_start_nanoseconds"] + r["life"] * SECOND,
    }
)


@given(st.lists(flow, min_size=1, max_size=40))
@settings(deadline=None, max_examples=25)
def test_split_is_exact(rows: list[dict[str, Any]]) -> None:
    expected = naive(rows, "destination_as")
    with stored(rows) as table:
        got = decompose(table, BOTH, ["asn"])
    assert got.total == pytest.approx(sum(expected.values()), abs=1e-6)
    for share in got.shares:
        assert share.amount == pytest.approx(expected[int(share.cell["asn"][2:])], abs=1e-6)
    if got.total and abs(got.total) > 1e-6:
        assert sum(s.share for s in got.shares) + got.residual == pytest.approx(1)
    assert [abs(s.amount) for s in got.shares] == sorted((abs(s.amount) for s in got.shares), reverse=True)


def test_several_dimensions_counters_and_text() -> None:
    rows = [
        {"flow_start_nanoseconds": 10 * SECOND, "octet_delta_count": 1000, "traffic_class": CODE["benign.web"]},
        {"flow_start_nanoseconds": 110 * SECOND, "octet_delta_count": 1000, "traffic_class": CODE["benign.web"]},
        {"flow_start_nanoseconds": 110 * SECOND, "octet_delta_count": 5000, "destination_transport_port": 3333,
         "traffic_class": CODE["mining.stratum.cryptonote"], "destination_address": "2001:db8::5"},
    ]  # fmt: skip
    with stored(rows) as table:
        both = decompose(table, BOTH, ["family", "port"])
        assert both.dimension == "family+port"
        assert both.shares[0].cell == {"family": "mining", "port": "tcp/3333"}
        assert both.shares[0].amount == pytest.approx(25.0)
        assert both.shares[1].cell == {"family": "ordinary", "port": "tcp/443"}
        assert both.shares[1].amount == pytest.approx(-5.0)  # 1000 in 100 s, then 1000 in 200 s: it shrank
        flows = decompose(table, BOTH, ["class"], "flows")
        assert flows.shares[0].cell == {"class": "benign.web"} or flows.total == pytest.approx(0)
        hosts = decompose(table, BOTH, ["host"])
        assert hosts.shares[0].cell == {"host": "10.0.0.1"}
        peers = decompose(table, BOTH, ["peer"], "peers")
        assert {s.cell["peer"] for s in peers.shares} == {"198.51.100.1", "2001:db8::5"}
        assert decompose(table, BOTH, ["prefix"]).shares[0].cell == {"prefix": "10.0.0.0/24"}
        for dimension in ("role", "application", "direction", "own_asn", "country", "protocol", "upstream", "exporter"):
            assert decompose(table, BOTH, [dimension]).total == pytest.approx(20.0)


def test_a_peer_of_two_classes_counts_once() -> None:
    rows = [
        {"flow_start_nanoseconds": 110 * SECOND, "traffic_class": CODE["benign.web"]},
        {"flow_start_nanoseconds": 120 * SECOND, "traffic_class": CODE["benign.dns"]},
    ]
    with stored(rows) as table:
        peers = decompose(table, BOTH, ["class"], "peers")
    assert peers.total == pytest.approx(86_400 / 200)
    assert [s.share for s in peers.shares] == [0.5, 0.5]


def test_what_is_not_there_is_said() -> None:
    with stored([{}]) as table:
        with pytest.raises(UsageError, match="unknown dimension 'clas'; did you mean 'class'"):
            decompose(table, BOTH, ["clas"])
        with pytest.raises(UsageError, match="unknown counter"):
            decompose(table, BOTH, ["class"], "bits")
        empty = decompose(table, Windows.plain((500 * SECOND, 600 * SECOND), (700 * SECOND, 800 * SECOND)), ["class"])
    assert empty.total == 0
    assert empty.shares == ()


def test_fewest_cells() -> None:
    assert fewest(np.array([100.0, -50.0, 1.0, 1.0, 0.0]), 152.0) == 2
    assert fewest(np.array([100.0]), 151.0) == 1
    assert fewest(np.zeros(3), 0.0) == 0


def test_interval_of_a_share_covers_the_truth() -> None:
    """Days with weekly correlation: the true share of a cell lies inside about as often as said."""
    hits = 0
    for seed in range(60):
        noise = np.random.default_rng(seed)
        before = np.array([[10.0], [20.0]]) * np.exp(0.1 * noise.standard_normal((2, 56)))
        after = np.array([[20.0], [50.0]]) * np.exp(0.1 * noise.standard_normal((2, 56)))
        low, high, *_ = intervals(before, after, (56.0, 56.0), (200, 7, seed))
        hits += bool(low[0] <= 0.25 <= high[0])
    assert 50 <= hits <= 60


def test_intervals_repeat_and_are_unknown_for_little_data() -> None:
    days = np.arange(1.0, 29.0).reshape(2, 14)
    first, again = (intervals(days, 2 * days, (1.0, 1.0), (100, 7, 1)) for _ in range(2))
    assert np.array_equal(first, again, equal_nan=True)
    assert all(math.isnan(x) for x in intervals(days[:, :2], days[:, :2], (1.0, 1.0), (100, 7, 1))[0])


def test_windows_of_several_spans() -> None:
    rows = [
        {"flow_start_nanoseconds": day * DAY, "octet_delta_count": 86_400 * (10 if day == 5 else 1)}
        for day in range(40)
    ]
    whole = Windows(cut((0, 20 * DAY), [(5 * DAY, 6 * DAY)]), ((20 * DAY, 40 * DAY),), (19 * 86_400.0, 20 * 86_400.0))
    assert whole.before == ((0, 5 * DAY), (6 * DAY, 20 * DAY))
    with stored(rows) as table:
        assert split(once(table, whole), ["host"], "octets", ExplainOptions()).total == pytest.approx(0)
