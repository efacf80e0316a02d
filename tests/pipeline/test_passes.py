"""What the passes count and leave aside."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from netwatch.config import Options
from netwatch.model.flows import Flows
from netwatch.model.tally import Tally
from netwatch.pipeline.passes import judged, likely_span, within
from netwatch.store import FlowStore

CAPTURES = Path(__file__).parents[2] / "captures"
SECOND = 10**9
NOON = 1_559_736_000 * SECOND


def flows_at(starts: list[int], octets: int = 100) -> Flows:
    start = np.array(starts, np.int64)
    return Flows(
        {
            "flow_start_nanoseconds": start,
            "flow_end_nanoseconds": start + SECOND,
            "octet_delta_count": np.full(len(start), octets),
            "packet_delta_count": np.ones(len(start), np.int64),
        }
    )


def test_flows_outside_the_window_are_counted_as_such() -> None:
    tally = Tally("window", "flow record")
    kept = within(
        flows_at([NOON, NOON + 10 * SECOND, NOON + 20 * SECOND]), NOON + 5 * SECOND, NOON + 20 * SECOND, tally
    )
    assert kept["flow_start_nanoseconds"].tolist() == [NOON + 10 * SECOND]
    assert tally.balanced
    assert (tally.seen, tally.kept, tally.seen_octets, tally.kept_octets) == (3, 1, 300, 100)


def test_a_wild_clock_does_not_stretch_the_span() -> None:
    ordinary = [NOON + i * SECOND for i in range(2000)]
    with FlowStore.scratch() as store:
        store.append(flows_at([*ordinary, 0]))
        store.flush()
        assert likely_span(store.table) == (NOON, NOON + 2000 * SECOND)
    with FlowStore.scratch() as store:
        store.append(flows_at([NOON]))
        store.flush()
        assert likely_span(store.table) == (NOON, NOON + SECOND)


def test_of_clocks_that_were_set_and_such_that_were_not_the_greater_part_counts() -> None:
    set_late = [NOON + i * SECOND for i in range(900)]
    never = [i * SECOND for i in range(100)]
    for starts, span in (
        (set_late + never, (NOON, NOON + 900 * SECOND)),
        (set_late[:90] + never, (0, 100 * SECOND)),
        (never, (0, 100 * SECOND)),
    ):
        with FlowStore.scratch() as store:
            store.append(flows_at(starts))
            store.flush()
            assert likely_span(store.table) == span


def test_every_packet_of_a_capture_is_in_a_flow_and_in_the_series() -> None:
    with judged([CAPTURES / "mixed-hour"], Options()) as result:
        assert all(tally.balanced for tally in result.tallies)
        flows = result.store.table
        octets = (flows.octet_delta_count + flows.reverse_octet_delta_count).sum().to_pyarrow().as_py()
        assert octets == 6_102_111
        assert result.series is not None
        whole = result.series.get("scope", "all", "octets")
        assert whole is not None
        # The capture ends early in its last bin, which therefore is unknown, with what little fell into it.
        assert 0.9999 * octets < np.nansum(whole.values) <= octets
