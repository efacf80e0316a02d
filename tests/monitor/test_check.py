"""The check: status, words and performance data as the plug-in guidelines want them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.monitor.check import CRITICAL, OK, UNKNOWN, WARNING, CheckLimits, check
from netwatch.monitor.summary import PassSummary

SECOND = 1_000_000_000
NOW = 1_763_899_200 * SECOND
WELL = PassSummary(started=NOW - 5 * SECOND, ended=NOW, last_success=NOW, newest=NOW - 60 * SECOND, kept=1000)
LIMITS = CheckLimits()
PERFORMANCE = re.compile(r"[a-z]+=(?:U|[0-9.e+-]+(?:s|%|));[0-9.e+-]+;[0-9.e+-]+;0")


@pytest.mark.parametrize(
    ("changes", "later", "status"),
    [
        ({}, 0, OK),
        ({}, 899, OK),
        ({}, 900, WARNING),
        ({}, 3600, CRITICAL),
        ({"lost": 9}, 0, OK),
        ({"lost": 11}, 0, WARNING),
        ({"lost": 112}, 0, CRITICAL),
        ({"inputs_quarantined": 1}, 0, WARNING),
        ({"inputs_quarantined": 100}, 0, CRITICAL),
        ({"newest": NOW - 3600 * SECOND}, 0, WARNING),
        ({"newest": NOW - 21_600 * SECOND}, 0, CRITICAL),
        ({"newest": 0}, 0, OK),
        ({"last_success": 0}, 0, CRITICAL),
        ({}, -59, OK),
        ({}, -61, UNKNOWN),
    ],
)
def test_status(changes: dict[str, Any], later: int, status: int) -> None:
    found, words = check(replace(WELL, **changes), LIMITS, NOW + later * SECOND)
    assert found == status
    assert words.startswith(f"NETWATCH {('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')[status]} - ")


def test_before_the_first_pass_nothing_is_known() -> None:
    assert check(None, LIMITS, NOW) == (UNKNOWN, "NETWATCH UNKNOWN - no pass has ended yet")


def test_the_line_begins_with_what_is_worst_and_ends_with_performance_data() -> None:
    poorly = replace(WELL, lost=30, faults=("bad | input\nhere",))
    _, line = check(poorly, LIMITS, NOW + 60 * SECOND)
    assert line == (
        r"NETWATCH WARNING - 2.9 % lost, last success 1 min ago, newest flow 1 min old, 0 quarantined"
        r"; bad / input\x0ahere"
        " | age=60s;900;3600;0 lag=60s;3600;21600;0 loss=2.91262%;1;10;0 quarantined=0;1;100;0"
    )


@given(
    st.builds(
        PassSummary, *[st.integers(0, 2 * NOW)] * 4, *[st.integers(0, 10**12)] * 8,
        faults=st.lists(st.text(), max_size=2).map(tuple),
    ),
    st.integers(0, 2 * NOW),
)  # fmt: skip
def test_always_one_line_with_parseable_data(summary: PassSummary, now: int) -> None:
    status, line = check(summary, LIMITS, now)
    assert 0 <= status <= 3
    assert "\n" not in line
    if status != UNKNOWN:
        _, data = line.split(" | ")
        assert all(PERFORMANCE.fullmatch(part) for part in data.split(" "))
