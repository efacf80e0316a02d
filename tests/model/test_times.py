"""Times as people type them mean one instant."""

from __future__ import annotations

import pytest

from netwatch.errors import UsageError
from netwatch.model.times import parse_instant, parse_width, parse_window

DAY = 86_400 * 10**9


@pytest.mark.parametrize(
    ("text", "days"),
    [("1970-01-02", 1), ("1971", 365), ("1970-02", 31), ("1970/01/02", 1), ("1970-01-02T00:00:00Z", 1),
     ("1970-01-02T09:00:00+09:00", 1)],
)  # fmt: skip
def test_instant(text: str, days: int) -> None:
    assert parse_instant(text) == days * DAY


def test_window_and_width() -> None:
    assert parse_window("1970-01-01..1970-01-03") == (0, 2 * DAY)
    assert parse_window("1970") == (0, 365 * DAY)
    assert parse_window("1970-12") == (334 * DAY, 365 * DAY)
    assert parse_window("1970-02") == (31 * DAY, 59 * DAY)
    assert parse_window("1970-12-31") == (364 * DAY, 365 * DAY)
    assert parse_width("5m") == 300 * 10**9
    assert parse_width("1d") == DAY


@pytest.mark.parametrize("text", ["yesterday", "2019-13-01", ""])
def test_not_a_time(text: str) -> None:
    with pytest.raises(UsageError, match="not a date or time"):
        parse_instant(text)


def test_not_a_window_or_width() -> None:
    with pytest.raises(UsageError, match="ends before it begins"):
        parse_window("2019-02..2019-01")
    with pytest.raises(UsageError, match="not a window"):
        parse_window("2019-02-01T12:00")
    with pytest.raises(UsageError, match="not a width"):
        parse_width("5 lightyears")
