"""Captures of hours and days: what jumped within is told, what a morning or a few bursts do is not."""

from __future__ import annotations

import numpy as np
import pytest

from netwatch.detect import DetectOptions, detect
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Entity, Series
from tests.naive.volume import START, brief, one

OPTIONS = DetectOptions(timezone="UTC")
LENGTHS = [(3600, 5), (6 * 3600, 30), (86_400, 300), (3 * 86_400, 600)]


def told(values: np.ndarray, width: int, options: DetectOptions = OPTIONS) -> list[Change]:
    return detect(one(values, width), options)


@pytest.mark.parametrize(("length", "width"), LENGTHS)
@pytest.mark.parametrize("ratio", [0.2, 4.0])
def test_a_step_within_a_capture_is_told_with_its_time_and_ratio(length: int, width: int, ratio: float) -> None:
    values = brief(length, width, 7)
    values[len(values) // 2 :] *= ratio
    (change,) = told(values, width)
    assert change.kind is ChangeKind.LEVEL_SHIFT
    assert abs(change.since - START - length * 10**9 / 2) <= length * 10**9 / 25
    assert change.ratio_low < change.ratio < change.ratio_high
    assert change.ratio == pytest.approx(ratio, rel=0.25)


@pytest.mark.parametrize(("length", "width"), LENGTHS)
def test_a_surge_that_ends_is_one_spike(length: int, width: int) -> None:
    values = brief(length, width, 11)
    values[round(0.4 * len(values)) : round(0.6 * len(values))] *= 10
    (change,) = told(values, width)
    assert change.kind is ChangeKind.SPIKE
    assert change.until is not None
    assert (change.until - change.since) / (length * 1e9) == pytest.approx(0.2, abs=0.04)


@pytest.mark.parametrize(("length", "width"), LENGTHS)
def test_a_capture_in_which_nothing_changes_tells_nothing(length: int, width: int) -> None:
    assert told(brief(length, width, 3), width) == []


def test_the_morning_of_the_only_day_is_no_change() -> None:
    hour = np.arange(288) / 12
    day = np.interp(hour, (0, 1, 6, 8, 9, 17, 19, 23, 24), (0, -0.6, -1.4, -0.3, 0.4, 0.5, 0.4, 0.2, 0))
    values = 1e6 * np.exp(day + np.random.default_rng(2).normal(0, 0.2, 288))
    assert [c for c in told(values, 300) if c.kind is not ChangeKind.SPIKE] == []


def test_bursts_whose_median_falls_and_whose_mean_does_not_are_no_shift() -> None:
    rng = np.random.default_rng(5)
    values = np.where(np.arange(720) < 360, 1e6, np.where(rng.random(720) < 0.05, 2e7, 1e4)) * rng.lognormal(
        0, 0.2, 720
    )
    assert [c for c in told(values, 5) if abs(c.since - START - 1800 * 10**9) < 300 * 10**9] == []


@pytest.mark.parametrize(("flows", "shifts"), [(0.2, 0), (40.0, 1)])
def test_a_few_flows_are_no_level(flows: float, shifts: int) -> None:
    values = brief(3600, 5, 7)
    values[360:] *= 4
    series = one(values, 5)
    whole = next(iter(series.series.values()))
    counts = np.full(720, flows)
    key = Entity("scope", "all"), "flows"
    series.series[key] = Series(*key, whole.bins, counts, whole.coverage, np.zeros(720), whole.sampling)
    found = [c for c in detect(series, OPTIONS) if (c.kind, c.counter) == (ChangeKind.LEVEL_SHIFT, "octets")]
    assert len(found) == shifts


def test_looks_day_after_day_tell_of_no_level_in_the_first_week() -> None:
    values = brief(3 * 86_400, 600, 7)
    values[216:] *= 4
    assert [c for c in told(values, 600, OPTIONS.repeated()) if c.kind is ChangeKind.LEVEL_SHIFT] == []
