"""Coverage of the interval of a step's ratio."""

from __future__ import annotations

import numpy as np
import statsmodels.api as sm

from netwatch.detect.interval import step, whitened
from netwatch.detect.tails import pareto, threshold


def test_the_interval_holds_the_truth_as_often_as_it_says():
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


def test_whitening_is_generalised_least_squares_also_over_gaps():
    rng = np.random.default_rng(1)
    at = np.sort(rng.choice(200, 120, replace=False))
    x = np.stack([np.ones(120), (at > 100).astype(float), at / 60], axis=1)
    y = x @ [1, 0.5, 0.1] + rng.normal(size=120)
    for phi in (0.1, 0.6, 0.95):
        correlation = phi ** np.abs(at[:, None] - at[None, :]).astype(float)
        whole = sm.GLS(y, x, sigma=correlation).fit()
        quick = sm.OLS(whitened(y, at, phi), whitened(x, at, phi)).fit()
        np.testing.assert_allclose(quick.params, whole.params, rtol=1e-9)
        np.testing.assert_allclose(quick.cov_params(), whole.cov_params(), rtol=1e-9)
