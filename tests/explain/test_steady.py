"""A window that kept its level, and gaps of which there are many: nothing is split, little is told at length."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from netwatch.explain import ExplainOptions, explain
from netwatch.explain.conditions import gaps_together
from netwatch.explain.questions import WHAT, answer
from netwatch.model.change import ChangeKind
from netwatch.model.finding import Finding, Severity
from netwatch.model.series import SeriesSet
from netwatch.model.taxonomy import CODE

sys.path.insert(0, str(Path(__file__).parent))
from flow_table import DAY, stored
from test_findings import change, of_kind, series_set


def steady(mined: float) -> list[dict[str, Any]]:
    """20 weeks of 100 octets/s give or take; of the last ten a share is mining."""
    noise, rows = np.random.default_rng(5), []
    for at in range(140):
        octets = 86_400 * 100 * float(np.exp(0.05 * noise.standard_normal()))
        share = mined if at >= 70 else 0.0
        day = {"flow_start_nanoseconds": at * DAY, "flow_end_nanoseconds": (at + 1) * DAY}
        rows.append({**day, "traffic_class": CODE["benign.web"], "octet_delta_count": int(octets * (1 - share))})
        mining = {"traffic_class": CODE["mining.stratum.cryptonote"], "octet_delta_count": int(octets * share)}
        rows += [{**day, **mining}] if share else []
    return rows


def told_of(mined: float, *changes: Any) -> tuple[SeriesSet, list[Finding]]:
    rows = steady(mined)
    with stored(rows) as table:
        return series_set(rows), explain(series_set(rows), changes, [], table, ExplainOptions(resamples=100))


def test_a_level_that_was_kept_is_not_split_into_large_shares_of_nothing() -> None:
    series, findings = told_of(0.0)
    (whole,) = of_kind(findings, "volume")
    assert whole.title.startswith("Volume kept its level within what is known, 1") and not whole.compositions
    words = dict(answer(series, findings, []))[WHAT]
    assert "hardly changed" in words and "added" not in words and "Would the rise" not in words


def test_mining_in_place_of_ordinary_use_is_told_though_the_volume_kept_its_level() -> None:
    series, findings = told_of(0.3)
    (whole,) = of_kind(findings, "volume")
    told = "Its make-up did change: mining from 0.0 % to 30 % and ordinary use from 100 % to 70 % of the octets."
    assert told in whole.words and told in dict(answer(series, findings, []))[WHAT]
    assert whole.figures["levels_by_family"]["mining"]["before"] == 0  # type: ignore[index]


def test_of_a_window_that_ends_as_it_began_the_largest_change_within_is_what_is_explained() -> None:
    shifts = change(ChangeKind.LEVEL_SHIFT, 40, None, 1.3), change(ChangeKind.LEVEL_SHIFT, 70, None, 0.6)
    series, findings = told_of(0.3, *shifts)
    assert " from 1970-03-12 on, " in dict(answer(series, findings, []))[WHAT]


def test_many_gaps_are_one_finding_beside_the_unusual_ones() -> None:
    gaps = [change(ChangeKind.GAP, at, at + 1, 0.0) for at in range(0, 60, 5)]
    longer = change(ChangeKind.GAP, 80, 89, 0.0)
    shift = change(ChangeKind.LEVEL_SHIFT, 70, None, 3.0)
    twice = [replace(gap, counter="flows") for gap in gaps]  # each series shows them
    rest, (one,) = gaps_together([*gaps, *twice, longer, shift])
    assert rest == [longer, shift]
    assert one.title == "Nothing was captured 12 times, for 12 d in all" and one.severity is Severity.MEDIUM
    assert "12 times, each 1 d." in one.words[0] and one.words[1] == "1 longer gap stands by itself."
    assert (one.since, one.until) == (0, 56 * DAY)


def test_few_gaps_are_told_one_by_one() -> None:
    gaps = [change(ChangeKind.GAP, at, at + 1, 0.0) for at in range(0, 45, 5)]
    assert gaps_together(gaps) == (gaps, [])
