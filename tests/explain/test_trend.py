"""Steps, growth and ratios of daily series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from netwatch.explain.trend import Draws, growth_and_steps, ratio_of_means

DAYS = 1095
DRAWS = Draws(200, 28, 1)


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
    grown, (jumped,) = growth_and_steps(series, [435], DRAWS)
    assert grown.value == pytest.approx(growth, abs=0.03)
    assert jumped.value == pytest.approx(step, rel=0.04)
    assert grown.low < grown.value < grown.high
    assert jumped.low < jumped.value < jumped.high


def test_ratio_of_years_has_an_interval_that_holds_it() -> None:
    series = rates(0.17, 2.2, 435)
    ratio = ratio_of_means(series[:365], series[730:], DRAWS)
    assert ratio.low < 2.2 * 1.17**2 < ratio.high


def test_too_little_data_has_no_interval() -> None:
    ratio = ratio_of_means(np.ones(10), np.full(10, 2.0), DRAWS)
    assert ratio.value == 2
    assert np.isnan(ratio.low)
