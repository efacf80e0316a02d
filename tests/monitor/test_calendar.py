"""Days, weeks and months of a zone: they tile time, and summer time makes days of 23 and 25 hours."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.monitor.calendar import next_due, period_of

HOUR = 3600 * 10**9
DAY = 24 * HOUR
BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")


def ns(text, zone=dt.UTC):
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("every", "at", "label", "since", "until"),
    [
        ("day", "2019-02-01T12:00", "2019-02-01", "2019-02-01", "2019-02-02"),
        ("week", "2019-01-01T00:00", "2019-W01", "2018-12-31", "2019-01-07"),
        ("week", "2021-01-03T23:59", "2020-W53", "2020-12-28", "2021-01-04"),
        ("month", "2020-02-29T23:00", "2020-02", "2020-02-01", "2020-03-01"),
        ("month", "2019-12-31T00:00", "2019-12", "2019-12-01", "2020-01-01"),
    ],
)
@pytest.mark.parametrize("zone", [dt.UTC, BERLIN, TOKYO])
def test_periods(every, at, label, since, until, zone):
    assert period_of(every, ns(at, zone), zone) == (ns(since, zone), ns(until, zone), label)


def test_summer_time():
    spring, autumn = (period_of("day", ns(d, BERLIN), BERLIN) for d in ("2019-03-31T12:00", "2019-10-27T12:00"))
    assert (spring.until - spring.since, autumn.until - autumn.since) == (23 * HOUR, 25 * HOUR)


@given(
    st.sampled_from(["day", "week", "month"]),
    st.integers(0, 4 * 10**18),
    st.sampled_from([dt.UTC, BERLIN, TOKYO, ZoneInfo("America/Santiago")]),
)
def test_periods_tile_time(every, instant, zone):
    period = period_of(every, instant, zone)
    assert period.since <= instant < period.until
    assert period_of(every, period.since, zone) == period
    assert period_of(every, period.until - 1, zone) == period
    assert period_of(every, period.until, zone).since == period.until


def test_each_period_is_due_once_and_none_is_left_out():
    newest, told, labels = ns("2019-02-05T10:00"), 0, []
    while (period := next_due("day", told, newest, dt.UTC)) is not None:
        labels.append(period.label)
        told = period.until
    assert labels == ["2019-02-04"]
    newest += 3 * DAY
    while (period := next_due("day", told, newest, dt.UTC)) is not None:
        labels.append(period.label)
        told = period.until
    assert labels == ["2019-02-04", "2019-02-05", "2019-02-06", "2019-02-07"]


@pytest.mark.parametrize(("before", "after"), [(TOKYO, dt.UTC), (dt.UTC, TOKYO), (TOKYO, ZoneInfo("America/Santiago"))])
@pytest.mark.parametrize("every", ["day", "week", "month"])
def test_another_zone_brings_no_period_twice_and_leaves_none_out(every, before, after):
    newest, told, label, labels = ns("2018-12-20T10:00"), 0, "", []
    for days in range(120):
        while period := next_due(every, told, newest + days * DAY, before if days < 40 else after, label):
            labels.append(period.label)
            told, label = period.until, period.label
    whole = [period_of(every, ns("2018-11-01"), dt.UTC)]
    while whole[-1].until < newest + 150 * DAY:
        whole.append(period_of(every, whole[-1].until, dt.UTC))
    names = [period.label for period in whole]
    assert len(labels) > 2 and labels == names[names.index(labels[0]) :][: len(labels)]
