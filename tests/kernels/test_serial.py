"""Least squares on whitened values are generalised least squares; the coefficient is that of the noise."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from netwatch.kernels.serial import autocorrelation, whitened


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


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6, 0.8])
def test_the_coefficient_of_short_noise_is_found_without_bias(phi: float) -> None:
    rng, found = np.random.default_rng(2), []
    for _ in range(300):
        noise = np.zeros(260)
        for i in range(1, 260):
            noise[i] = phi * noise[i - 1] + rng.normal()
        rest = noise[200:] - noise[200:].mean()
        found.append(autocorrelation(rest, np.arange(60), 1))
    assert np.median(found) == pytest.approx(phi, abs=0.05)


def test_what_is_not_consecutive_tells_no_coefficient() -> None:
    assert autocorrelation(np.sin(np.arange(20.0)), np.arange(0, 40, 2), 1) == 0.0
