"""Records that an exporter cut are joined; counts stay; the timeouts that cut them are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.meter.stitch import infer_timeouts, stitch
from netwatch.model.flows import Flows

S = 1_000_000_000


def records(rows: list[tuple[int, float, float, int]]) -> Flows:
    """Flows from (source port, start s, end s, flow end reason), 100 octets each."""
    port, start, end, reason = (np.array(c) for c in zip(*rows, strict=True))
    n = len(rows)
    return Flows(
        {
            "flow_start_nanoseconds": (start * S).astype(np.int64),
            "flow_end_nanoseconds": (end * S).astype(np.int64),
            "source_transport_port": port,
            "flow_end_reason": reason,
            "octet_delta_count": np.full(n, 100),
            "packet_delta_count": np.ones(n),
            "tcp_control_bits": 1 << (np.arange(n) % 4 + 2),
            "minimum_ip_total_length": np.arange(n) % 3 * 40,
        }
    )


def test_records_of_one_flow_become_one() -> None:
    flows = records([(1, 600, 900, 2), (2, 10, 20, 1), (1, 0, 300, 2), (1, 300, 600, 2), (1, 5000, 5001, 1)])
    group, joined = stitch(flows)
    assert group.tolist() == [0, 1, 0, 0, 2]
    assert joined["flow_start_nanoseconds"].tolist() == [0, 10 * S, 5000 * S]
    assert joined["flow_end_nanoseconds"].tolist() == [900 * S, 20 * S, 5001 * S]
    assert joined["octet_delta_count"].tolist() == [300, 100, 100]
    assert joined["tcp_control_bits"].tolist() == [4 | 16 | 32, 8, 4]
    assert joined["minimum_ip_total_length"].tolist() == [80, 40, 40]


def test_fin_ends_a_flow_and_another_exporter_is_another_flow() -> None:
    assert stitch(records([(1, 0, 10, 3), (1, 11, 20, 1)])).group.tolist() == [0, 1]
    flows = records([(1, 0, 10, 2), (1, 10, 20, 1)])
    assert stitch(flows).group.tolist() == [0, 0]
    apart = flows.with_columns(observation_domain_id=np.array([1, 2], np.uint32))
    assert stitch(apart).group.tolist() == [0, 1]


def test_a_short_record_inside_a_long_one_does_not_hide_its_end() -> None:
    assert stitch(records([(1, 0, 1000, 2), (1, 5, 6, 1), (1, 1100, 1200, 1)])).group.tolist() == [0, 0, 0]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3000), st.integers(0, 400), st.sampled_from([1, 2, 3])), min_size=1
    )
)
def test_as_the_plain_way_says(rows: list[tuple[int, int, int, int]]) -> None:
    flows = records([(port, start, start + length, reason) for port, start, length, reason in rows])
    group, joined = stitch(flows, gap=60)
    assert joined["octet_delta_count"].sum() == 100 * len(rows)
    assert np.bincount(group, minlength=len(joined)).tolist() == joined["packet_delta_count"].tolist()
    chains: list[list[int]] = []
    for i in sorted(range(len(rows)), key=lambda i: (rows[i][0], rows[i][1], rows[i][1] + rows[i][2])):
        port, start = rows[i][:2]
        last = chains[-1] if chains else None
        earlier = [r for k, r in enumerate(rows) if r[0] == port and before(rows, k, i)]
        reach = max((r[1] + r[2] for r in earlier), default=0)
        if last and rows[last[-1]][0] == port and rows[last[-1]][3] != 3 and start - reach <= 60:
            last.append(i)
        else:
            chains.append([i])
    assert {frozenset(c) for c in chains} == {
        frozenset(np.flatnonzero(group == g).tolist()) for g in range(len(joined))
    }


def before(rows: list[tuple[int, int, int, int]], k: int, i: int) -> bool:
    def place(j: int) -> tuple[int, int, int]:
        return rows[j][1], rows[j][1] + rows[j][2], j

    return place(k) < place(i)


@pytest.mark.parametrize(("active", "idle"), [(1800, 15), (300, 60), (120, 30)])
def test_timeouts_are_found(active: int, idle: int) -> None:
    """Packets of many conversations, cut as such an exporter cuts them."""
    rng = np.random.default_rng(active)
    rows = []
    for port in range(60):
        gaps = rng.exponential(rng.choice([0.5, 0.5, 20]), 5000)
        times = np.cumsum(gaps) + rng.random() * 1000
        first = last = times[0]
        for time in times[1:]:
            if time - last > idle or time - first >= active:
                rows.append((port, first, last, 0))
                first = time
            last = time
        rows.append((port, first, last, 0))
    found = infer_timeouts(records(rows))
    assert found.active == pytest.approx(active, rel=0.05)
    assert found.idle == pytest.approx(idle, rel=0.15, abs=2)


def test_nothing_is_inferred_from_nothing() -> None:
    assert infer_timeouts(Flows.empty())[:3:2] == (None, None)
    assert infer_timeouts(records([(1, 0, 3, 1)] * 5)).active is None
