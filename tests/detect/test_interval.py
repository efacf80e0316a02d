"""Coverage of the intervals of steps and ramps, under levels that wander."""

from __future__ import annotations

import numpy as np

from netwatch.detect.interval import around, located
from netwatch.detect.local_step import mixed, step
from netwatch.detect.noise import Estimate
from netwatch.detect.structure import RAMP, STEP, Atom, column
from netwatch.detect.tails import pareto, threshold


def wandering(rng: np.random.Generator, n: int, walk: float, sigma: float = 0.04, phi: float = 0.6) -> np.ndarray:
    level = np.zeros(n)
    for d in range(1, n):
        level[d] = phi * level[d - 1] + sigma * np.clip(rng.standard_t(4), -6, 6) / np.sqrt(2)
    return level + np.cumsum(rng.normal(0, walk, n))


def trending(n: int) -> np.ndarray:
    return np.column_stack([np.ones(n), np.arange(n) / n])


def test_the_interval_of_a_step_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = dated = 0
    runs = 150
    for _ in range(runs):
        level = wandering(rng, 160, 0.004)
        place = int(rng.integers(60, 100))
        level[place:] += np.log(1.3)
        level[rng.integers(0, 160, 4)] = np.nan
        found = located(level, trending(160), around(Atom(STEP, 80, 160), 160, 24, 1), (0, 160))
        held += found.estimate.low <= np.log(1.3) <= found.estimate.high
        dated += found.since[0] - 1 <= place <= found.since[1] + 1
    assert 0.9 <= held / runs <= 0.99
    assert dated / runs >= 0.93


def test_the_interval_of_a_ramp_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held, runs = 0, 60
    for _ in range(runs):
        level = wandering(rng, 130, 0.0106, 0.025, 0.2)  # weeks
        level += np.log(3) * column(130, Atom(RAMP, 20, 110))
        choices = around(Atom(RAMP, int(rng.integers(16, 25)), int(rng.integers(106, 115))), 130, 12, 4)
        estimate = located(level, np.ones((130, 1)), choices, (0, 130)).estimate
        held += estimate.low <= np.log(3) <= estimate.high
        assert estimate.p_value < 0.05
    assert held / runs >= 0.88


def test_what_a_walk_does_by_itself_is_no_sure_ramp():
    rng = np.random.default_rng(3)
    sure = 0
    for _ in range(40):
        level = wandering(rng, 130, 0.03, 0.025, 0.2)
        sure += located(level, np.ones((130, 1)), [Atom(RAMP, 10, 120)], (0, 130)).estimate.p_value < 0.05
    assert sure <= 6


def test_a_pareto_tail_is_fitted():
    rng = np.random.default_rng(2)
    shape, scale = pareto(rng.exponential(2.0, 20_000))
    assert abs(shape) < 0.03
    assert abs(scale - 2.0) < 0.1


def test_the_threshold_is_passed_as_often_as_asked():
    rng = np.random.default_rng(3)
    counts = []
    for _ in range(20):
        history, fresh = rng.standard_normal((2, 20_000))
        limit = threshold(history, 1, 10.0)
        counts.append((fresh > limit).sum())
    assert 6 <= np.mean(counts) <= 15


def test_the_local_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held, runs = 0, 300
    for _ in range(runs):
        level = np.zeros(120)
        for d in range(1, 120):
            level[d] = 0.6 * level[d - 1] + 0.04 * np.clip(rng.standard_t(4), -6, 6) / np.sqrt(2)
        level[60:] += np.log(3)
        level[rng.integers(0, 120, 4)] = np.nan
        estimate = step(level, 60, (0, 120))
        held += estimate.low <= np.log(3) <= estimate.high
    assert 0.915 <= held / runs <= 0.985


def test_two_laws_in_equal_parts_have_the_quantiles_of_their_mixture():
    one, other = (Estimate(m, m - 1.96 * s, m + 1.96 * s, 0.5) for m, s in ((0.2, 0.1), (0.5, 0.3)))
    found = mixed(one, other)
    rng = np.random.default_rng(5)
    drawn = np.concatenate([rng.normal(0.2, 0.1, 200_000), rng.normal(0.5, 0.3, 200_000)])
    expected = np.quantile(drawn, [0.5, 0.025, 0.975])
    np.testing.assert_allclose((found.effect, found.low, found.high), expected, atol=0.01)
