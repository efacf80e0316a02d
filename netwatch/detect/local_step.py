"""Ratio of a step with an interval that holds under autocorrelation.

Generalised least squares with AR(1) errors in a window round the change: level, trend and step; the coefficient
corrected for its bias (Marriott & Pope 1954), and Student's t with the effective number of observations (Bartlett 1946:
n (1-phi)/(1+phi)). So near to a step the level has no time to wander.
"""

from __future__ import annotations

import numpy as np

from netwatch.detect.noise import Estimate, Posterior
from netwatch.kernels.serial import autocorrelation, whitened

_WIDTH = 3.92
"""A normal law's 95 % interval in deviations."""
_MANY = 10**6


def generalised(y: np.ndarray, x: np.ndarray, at: np.ndarray, contrast: np.ndarray, extra: float = 0.0) -> Estimate:
    """Estimate of ``contrast @ beta`` under AR(1) errors at whole places ``at``; ``extra``: variance to add."""
    import statsmodels.api as sm
    from scipy import stats

    n, terms = x.shape
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    phi = autocorrelation(residual, at, min(terms, 4))
    fit = sm.OLS(whitened(y, at, phi), whitened(x, at, phi)).fit()
    effect = float(contrast @ fit.params)
    error = float(np.sqrt(max(contrast @ fit.cov_params() @ contrast, 0.0) + extra))
    freedom = max(n * (1 - phi) / (1 + phi) - terms, 2.0)
    reach = float(stats.t.ppf(0.975, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(effect) / error, freedom)) if error > 0 else 0.0
    return Estimate(effect, effect - reach, effect + reach, p_value)


def step(level: np.ndarray, place: int, window: tuple[int, int], extra: float = 0.0) -> Estimate:
    """The step at ``place`` in a daily log level, fitted within ``window`` (half-open places)."""
    at = np.arange(*window)
    at = at[~np.isnan(level[at])]
    after = (at >= place).astype(float)
    columns = [np.ones(len(at)), after]
    if min(place - window[0], window[1] - place) >= 14:
        columns.append((at - place) / 60.0)
    x = np.stack(columns, axis=1)
    contrast = np.zeros(x.shape[1])
    contrast[1] = 1.0
    return generalised(level[at], x, at, contrast, extra)


def mixed(one: Estimate, other: Estimate) -> Estimate:
    """What two models of the noise say, each as likely as the other: their laws in equal parts, taken as normal."""
    mean, error = (
        np.array(values) for values in zip(*((e.effect, (e.high - e.low) / _WIDTH) for e in (one, other)), strict=True)
    )
    return Posterior(np.full(2, 0.5), mean, error, _MANY).estimate()
