"""Steps of one bin, of many, over saved state and against the whole; what is told when."""

from __future__ import annotations

import json

import numpy as np
import pytest
from naive.volume import START, hourly, one

from netwatch.detect import DetectOptions, detect
from netwatch.detect.carried import Carried
from netwatch.detect.clock import DAY
from netwatch.detect.online import LEARNT, advance, learn
from netwatch.model.change import ChangeKind
from netwatch.model.series import Series

HOUR = DAY // 24
OPTIONS = DetectOptions(timezone="Europe/Berlin")
LESSON = LEARNT // HOUR


def made(days: int = 95, seed: int = 1, **more: np.ndarray) -> Series:
    values = hourly(days, seed)
    values[LESSON + 100] *= 5  # a spike of one hour
    values[LESSON + 300 : LESSON + 324] *= 0.05  # an outage of a day
    values[LESSON + 500 : LESSON + 503] = np.nan  # a gap
    return next(iter(one(values, **more).series.values()))


def taught(series: Series) -> Carried:
    carried = learn(series.part(0, LESSON), OPTIONS, 1)
    assert carried is not None
    return carried


def stepped(carried: Carried, series: Series, cuts: list[int], *, saved: bool = False):
    """The last state of every alarm, by sign and beginning, over bins in pieces that end at ``cuts``."""
    alarms, at = {}, LESSON
    for end in [*cuts, series.bins.count]:
        carried, raised = advance(carried, series.values[at:end], series.coverage[at:end])
        alarms |= {(alarm.sign, alarm.since): alarm for alarm in raised}
        carried = Carried.from_json(json.loads(json.dumps(carried.as_json()))) if saved else carried
        at = end
    return carried, alarms


def assert_same(found: dict, expected: dict) -> None:
    assert found.keys() == expected.keys()
    for key, alarm in expected.items():
        assert found[key][:6] == alarm[:6]
        np.testing.assert_allclose(found[key][6:], alarm[6:], rtol=1e-9)


@pytest.mark.parametrize("saved", [False, True])
def test_bins_one_at_a_time_are_bins_all_at_once(saved):
    series = made()
    whole_end, whole = stepped(taught(series), series, [])
    cuts = list(range(LESSON + 1, series.bins.count)) if not saved else [LESSON + 5, LESSON + 101, LESSON + 310]
    single_end, single = stepped(taught(series), series, cuts, saved=saved)
    assert len(whole) >= 2
    assert_same(single, whole)
    np.testing.assert_allclose(single_end.tail, whole_end.tail, atol=1e-9)
    assert (single_end.at, single_end.day) == (whole_end.at, whole_end.day)
    np.testing.assert_allclose(single_end.levels, whole_end.levels)


def test_a_spike_and_an_outage_are_told_within_their_first_bin():
    series = made()
    _, alarms = stepped(taught(series), series, [])
    spike = next(a for a in alarms.values() if a.sign > 0)
    assert (spike.since, spike.told) == (START + (LESSON + 100) * HOUR, START + (LESSON + 101) * HOUR)
    assert spike.ratio == pytest.approx(5, rel=0.25)
    outage = next(a for a in alarms.values() if a.ratio < 0.3)
    assert (outage.since, outage.told) == (START + (LESSON + 300) * HOUR, START + (LESSON + 301) * HOUR)
    assert abs(outage.until - START - (LESSON + 324) * HOUR) <= HOUR
    assert outage.ratio == pytest.approx(0.05, rel=0.3)


def test_what_the_whole_finds_is_told_online():
    series = made()
    whole = [c for c in detect(one(series.values), OPTIONS) if c.detector == "points" and c.since >= START + LEARNT]
    _, alarms = stepped(taught(series), series, [])
    told = {(ChangeKind.SPIKE if a.sign > 0 else ChangeKind.DROP, a.since) for a in alarms.values()}
    assert {(c.kind, c.since) for c in whole} <= told


def test_a_gap_and_what_is_beside_it_raise_nothing():
    series = made()
    series.values[LESSON + 503] *= 0.2  # records of flows that lived across the gap are missing
    _, alarms = stepped(taught(series), series, [])
    near = (START + (LESSON + 495) * HOUR, START + (LESSON + 510) * HOUR)
    assert not [a for a in alarms.values() if near[0] <= a.since <= near[1]]


def test_a_holiday_is_no_drop():
    values = hourly(95, 3)
    weekday = LESSON // 24 + 9  # 2017-03-14, a Tuesday
    factor = np.where(np.arange(24) < 12, 0.45, 0.8)
    day = np.arange(95)
    for sunday in day[day % 7 == 0]:  # the series begins on one
        values[sunday * 24 : sunday * 24 + 24] *= factor
    plain = values.copy()
    values[weekday * 24 : weekday * 24 + 24] *= factor
    for shape, told in ((values, False), (plain * np.where(np.arange(len(plain)) // 24 == weekday, 0.1, 1.0), True)):
        series = next(iter(one(shape).series.values()))
        carried = learn(series.part(0, LESSON), DetectOptions(), 1)
        assert carried is not None
        _, alarms = advance(carried, series.values[LESSON:], series.coverage[LESSON:])
        on_day = [a for a in alarms if START + weekday * DAY <= a.since < START + (weekday + 1) * DAY]
        assert bool(on_day) == told


def test_too_little_teaches_nothing():
    series = made()
    assert learn(series.part(0, 14 * 24), OPTIONS, 1) is None
    empty = next(iter(one(np.full(LESSON, np.nan)).series.values()))
    assert learn(empty, OPTIONS, 1) is None


@pytest.mark.parametrize("fill", [np.nan, 0.0, 1e300, 7.0])
def test_odd_bins_are_borne(fill):
    series = made()
    odd = np.full(60, fill)
    coverage = np.where(np.isnan(odd), 0.0, 1.0)
    carried, _ = advance(taught(series), odd, coverage)
    for at in range(5):
        carried, _ = advance(carried, odd[at : at + 1], coverage[at : at + 1])
    flat = next(iter(one(np.full(LESSON, 5.0)).series.values()))
    taught_flat = learn(flat, OPTIONS, 1)
    if taught_flat is not None:
        advance(taught_flat, odd, coverage)
