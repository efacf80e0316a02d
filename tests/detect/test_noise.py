"""The noise model against statsmodels, over gaps too."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from netwatch.detect.local_step import mixed
from netwatch.detect.noise import NOISES, Estimate, Noise, Plans, deviance, fitted, posterior, whitened


def covariance(at: np.ndarray, noise: Noise) -> np.ndarray:
    apart = np.abs(at[:, None] - at[None, :]).astype(float)
    walk = np.minimum(at[:, None], at[None, :]) - at[0]
    return np.asarray(noise.phi**apart + noise.drift**2 * walk)


@pytest.fixture
def gappy() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    at = np.sort(rng.choice(200, 120, replace=False))
    x = np.stack([np.ones(120), (at > 100).astype(float), at / 60], axis=1)
    return at, x, x @ [1, 0.5, 0.1] + rng.normal(size=120)


@pytest.mark.parametrize("noise", [Noise(0.0, 0.0), Noise(0.6, 0.0), Noise(0.0, 0.3), Noise(0.9, 0.06)])
def test_whitening_is_generalised_least_squares(noise, gappy):
    at, x, y = gappy
    whole = sm.GLS(y, x, sigma=covariance(at, noise)).fit()
    white, log = whitened(np.column_stack([x, y]), at, noise)
    quick = sm.OLS(white[:, -1], white[:, :-1]).fit()
    np.testing.assert_allclose(quick.params, whole.params, rtol=1e-8)
    np.testing.assert_allclose(quick.cov_params(), whole.cov_params(), rtol=1e-8)
    assert log == pytest.approx(np.linalg.slogdet(covariance(at, noise))[1], abs=1e-8)
    likelihood = -0.5 * (deviance(y, x, at, noise) + len(y) * (1 + np.log(2 * np.pi / len(y))))
    assert likelihood == pytest.approx(whole.llf, abs=1e-6)


def test_one_design_and_one_noise_is_students_interval(gappy):
    at, x, y = gappy
    plans = Plans(x, np.array([[0, 1, 2]]), np.array([[0.0, 1.0, 0.0]]))
    noise = Noise(0.4, 0.1)
    found = posterior(y, plans, at, (noise,)).estimate()
    whole = sm.GLS(y, x, sigma=covariance(at, noise)).fit()
    np.testing.assert_allclose((found.low, found.high), whole.conf_int()[1], rtol=1e-6)
    assert found.p_value == pytest.approx(whole.pvalues[1], rel=1e-5)


def test_the_likeliest_noise_is_near_that_of_unobserved_components():
    rng = np.random.default_rng(4)
    n = 600
    short = np.zeros(n)
    for i in range(1, n):
        short[i] = 0.6 * short[i - 1] + rng.normal(0, 0.8)
    y = short + np.cumsum(rng.normal(0, 0.2, n))
    model = sm.tsa.UnobservedComponents(y, "random walk", autoregressive=1)
    walk, innovation, phi = model.fit(disp=0).params
    noise, _ = fitted(y, np.ones((n, 1)), np.arange(n), NOISES)
    assert abs(noise.phi - phi) <= 0.2
    assert noise.drift == pytest.approx(np.sqrt(walk / innovation * (1 - phi**2)), rel=0.7)


@pytest.mark.parametrize("effect", [0.0, 0.3])
def test_a_law_without_spread_mixes_with_another(effect: float) -> None:
    """As of a spread that is the same on all days but those of one step."""
    exact, wide = Estimate(effect, effect, effect, 1.0), Estimate(0.3, 0.1, 0.5, 0.003)
    with np.errstate(all="raise", under="ignore"):
        found = mixed(exact, wide)
    assert found.low <= effect <= found.high and 0 <= found.p_value <= 1
    assert found.low <= found.effect <= found.high
