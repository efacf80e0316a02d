"""Without one class, host or flood: the ratio of the rest against a naive twin, and what is said of it."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest

from netwatch.explain import Names, Windows, decompose
from netwatch.explain.counterfactual import brief_words, ended_by, outcome, trial_words, trials
from netwatch.model.finding import Composition, Estimate, Share
from netwatch.model.taxonomy import CODE
from netwatch.model.verdict import Verdict

sys.path.insert(0, str(Path(__file__).parent))
from flow_table import DAY, stored

DAYS, RISE = 56, 28
WINDOWS = Windows.plain((0, RISE * DAY), (RISE * DAY, DAYS * DAY))
FLOOD = (40, 42)


def two_months() -> list[dict[str, Any]]:
    """Web doubles on day 28; a miner appears then with as many flows; two days of flood lie in the second half."""
    rows: list[dict[str, Any]] = []
    for at in range(DAYS):
        when = {"flow_start_nanoseconds": at * DAY, "flow_end_nanoseconds": (at + 1) * DAY}
        web = (100 + at % 7) * (2 if at >= RISE else 1)
        rows.append({**when, "traffic_class": CODE["benign.web"], "octet_delta_count": web})
        if at >= RISE:
            miner = {"traffic_class": CODE["mining.stratum.cryptonote"], "source_address": "10.0.0.9"}
            rows.append({**when, **miner, "octet_delta_count": 1, "destination_transport_port": 3333})
        if FLOOD[0] <= at < FLOOD[1]:
            rows.append({**when, "traffic_class": CODE["dos.flood.udp"], "direction": 1, "octet_delta_count": 5000,
                         "source_address": "192.0.2.7", "destination_address": "10.0.0.1"})  # fmt: skip
    return rows


def ratio_without(rows: list[dict[str, Any]], left_out: str, value: str = "octet_delta_count") -> float:
    """The same, flow by flow."""
    sides = [0.0, 0.0]
    for row in rows:
        if row["traffic_class"] != CODE[left_out]:
            sides[row["flow_start_nanoseconds"] >= RISE * DAY] += row[value] if value else 1
    return sides[1] / sides[0] if sides[0] else math.nan


def test_the_rest_is_that_of_the_naive_twin() -> None:
    rows = two_months()
    with stored(rows) as table:
        classes = decompose(table, WINDOWS, ["class"])
        flows = decompose(table, WINDOWS, ["class"], "flows")
    for share in classes.shares:
        expected = ratio_without(rows, share.cell["class"])
        assert share.without.value == pytest.approx(expected, nan_ok=True)
        assert math.isnan(expected) or share.without.low <= share.without.value <= share.without.high
        assert share.after - share.before == pytest.approx(share.amount)
    mining = next(s for s in flows.shares if s.cell["class"].startswith("mining"))
    assert mining.without.value == pytest.approx(ratio_without(rows, "mining.stratum.cryptonote", ""))


def test_mining_makes_the_flows_and_not_the_volume() -> None:
    rows = [r for r in two_months() if r["traffic_class"] != CODE["dos.flood.udp"]]
    with stored(rows) as table:
        octets, flows = (
            [decompose(table, WINDOWS, [by], c) for by in ("family", "class")] for c in ("octets", "flows")
        )
    assert {(t.dimension, t.outcome) for t in trials(octets, "octets")} >= {("family", "stays")}
    assert ended_by(octets, "octets", Names()) == ""
    assert ended_by(flows, "flows", Names()).startswith("without mining 1.00×")
    assert "So the rise is gone (the interval holds 1, or lies beyond it) without mining" in trial_words(
        flows, "flows", Names()
    )[0]  # fmt: skip
    assert "Not always: without mining it is 1.00×" in brief_words(flows, "flows", Names())[0]


def test_a_flood_is_a_part_of_its_own() -> None:
    flood = Verdict(
        class_id="dos.flood.udp", role="target", subject="10.0.0.1", peer="", port=0, protocol=17,
        since=FLOOD[0] * DAY, until=FLOOD[1] * DAY, posterior=0.99, prior=0.01, basis="behaviour", transport="",
        octets=10_000, packets=2, flows=2.0, peers=1, evidence=(),
    )  # fmt: skip
    rows = two_months()
    with stored(rows) as table:
        told = decompose(table, WINDOWS, ["episode"], verdicts=[flood])
    by_name = {share.cell["episode"]: share for share in told.shares}
    assert set(by_name) == {"no flood", "UDP flood against 10.0.0.1, 1970-02-10 00:00"}
    mine = by_name["UDP flood against 10.0.0.1, 1970-02-10 00:00"]
    assert mine.amount == pytest.approx(10_000 / (28 * 86_400))
    assert mine.without.value == pytest.approx(ratio_without(rows, "dos.flood.udp"))


@pytest.mark.parametrize(
    ("rose", "without", "said"),
    [
        (True, Estimate(2.0, 1.5, 2.5), "stays"),
        (True, Estimate(1.1, 0.9, 1.3), "gone"),
        (True, Estimate(0.8, 0.7, 0.9), "turns"),
        (False, Estimate(0.8, 0.7, 0.9), "stays"),
        (False, Estimate(1.4, 1.2, 1.6), "turns"),
        (True, Estimate(2.0, math.nan, math.nan), "unknown"),
    ],
)
def test_what_became_of_the_change(*, rose: bool, without: Estimate, said: str) -> None:
    assert outcome(rose, without) == said


def test_nothing_to_leave_out_is_nothing_said() -> None:
    alone = Composition("octets", "family", 5.0, (Share({"family": "ordinary"}, 5.0, 1.0, 1.0, 1.0),), 0.0)
    assert trial_words([alone], "octets", Names()) == []
    assert brief_words([alone], "octets", Names()) == []
