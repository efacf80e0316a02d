"""Steps, growth and ratios of daily series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from netwatch.explain.overall import comparable
from netwatch.explain.trend import growth_and_steps, ratio_of_means
from netwatch.explain.windows import DAY, WEEK, windows_for
from netwatch.model.change import Change, ChangeKind
from tests.naive.volume import START, one, smooth

DAYS = 1095


def rates(growth: float, step: float, at: int) -> np.ndarray:
    days = np.arange(DAYS)
    season = 1 + 0.2 * np.sin(2 * np.pi * days / 365.25) - 0.1 * (days % 7 >= 5)
    noise = np.exp(np.random.default_rng(7).normal(0, 0.05, DAYS))
    made: np.ndarray = 1e6 * (1 + growth) ** (days / 365.25) * np.where(days >= at, step, 1.0) * season * noise
    return made


@pytest.mark.parametrize(("growth", "step"), [(0.17, 2.2), (0.0, 1.5), (-0.2, 0.6)])
def test_step_and_growth_are_told_apart(growth: float, step: float) -> None:
    series = rates(growth, step, 435)
    series[600:604] = np.nan
    grown, (jumped,) = growth_and_steps(series, [435])
    assert grown.value == pytest.approx(growth, abs=0.03)
    assert jumped.value == pytest.approx(step, rel=0.04)
    assert grown.low < grown.value < grown.high
    assert jumped.low < jumped.value < jumped.high


def test_ratio_of_years_has_an_interval_that_holds_it() -> None:
    series = rates(0.17, 2.2, 435)
    ratio = ratio_of_means(series, slice(0, 365), slice(730, 1095))
    assert ratio.low < 2.2 * 1.17**2 < ratio.high


def test_too_little_data_has_no_interval() -> None:
    ratio = ratio_of_means(np.repeat([1.0, 2.0], 4), slice(0, 4), slice(4, 8))
    assert ratio.value == 2
    assert np.isnan(ratio.low)


@pytest.mark.parametrize(("days", "side"), [(28, 7), (45, 7), (60, 14), (120, 28), (300, 70)])
def test_an_interval_of_a_few_weeks_holds_the_truth_under_autocorrelation(days: int, side: int) -> None:
    held = 0
    for seed in range(100):
        daily = smooth(days, seed).reshape(days, 24).mean(axis=1)
        ratio = ratio_of_means(daily, slice(0, side), slice(days - side, days))
        held += ratio.low <= 1 <= ratio.high
    assert held >= 84  # 92 to 98 of 400 seeds' hundredths; seven days tell little of how they hang together


@pytest.mark.parametrize(("days", "at"), [(60, [30]), (300, [100, 200]), (1095, [500])])
def test_intervals_of_steps_and_growth_hold_the_truth_under_autocorrelation(days: int, at: list[int]) -> None:
    held, grown = 0, 0
    for seed in range(60):
        daily = smooth(days, seed).reshape(days, 24).mean(axis=1)
        for place in at:
            daily[place:] *= 1.5
        growth, steps = growth_and_steps(daily, at)
        held += sum(step.low <= 1.5 <= step.high for step in steps)
        grown += growth.low <= 0 <= growth.high
    assert held >= 0.865 * 60 * len(at)
    assert grown >= 0.865 * 60


def apart(before: int, gap: int, after: int) -> np.ndarray:
    daily = rates(0.0, 3.0, before + gap)[: before + gap + after]
    daily[before : before + gap] = np.nan
    return daily


def test_growth_is_not_told_from_a_step_where_most_days_were_not_seen() -> None:
    growth, (step,) = growth_and_steps(apart(14, 500, 14), [514])
    assert np.isnan(growth.value)
    assert step.value == pytest.approx(3.0, rel=0.1)
    assert 2.5 < step.low < step.value < step.high < 4.0


def test_captures_far_apart_are_compared_over_the_weeks_that_were_seen() -> None:
    series = next(iter(one(np.repeat(apart(14, 500, 14), 24)).series.values()))
    periods = comparable(series)
    assert periods is not None
    assert periods.first == (START, START + 2 * WEEK)
    assert periods.last == (START + 514 * DAY, START + 528 * DAY)
    change = Change(
        series.entity, "octets", ChangeKind.LEVEL_SHIFT, START + 514 * DAY, None, START + 13 * DAY, START + 515 * DAY,
        3.0, 2.8, 3.2, 1.0, 3.0, 0.0, "level",
    )  # fmt: skip
    windows = windows_for(change, series, (), 8 * WEEK)
    assert windows is not None
    assert windows.before == ((START + 6 * DAY, START + 13 * DAY),)
    assert windows.seconds[0] == 7 * 86_400
