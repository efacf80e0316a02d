"""Autoregression with gaps against a plain loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from netwatch.kernels.autoregression import autoregressed, forecast_errors

SERIES = arrays(float, st.integers(0, 80), elements=st.one_of(st.just(np.nan), st.floats(-9, 9, width=32)))


def rows(values, order, most):
    """(place, past newest first) of each bin with a whole past."""
    for i in range(order, len(values)):
        if not np.isnan(values[i - order : i + 1]).any():
            yield i, np.clip(values[i - order : i][::-1], -most, most)


@given(SERIES, st.integers(1, 4))
def test_errors_are_those_of_a_plain_loop(values, order):
    weights = np.linspace(0.5, -0.3, order)
    expected = np.full(len(values), np.nan)
    for i, past in rows(values, order, 4.0):
        expected[i] = values[i] - weights @ past
    np.testing.assert_allclose(forecast_errors(values, weights, 4.0), expected, atol=1e-12)


@given(SERIES, st.integers(1, 3))
def test_weights_are_those_of_least_squares(values, order):
    found = list(rows(values, order, 4.0))
    weights = autoregressed(values, order, 4.0)
    if len(found) < 10 * order:
        assert np.isnan(weights).all()
        return
    x = np.array([past for _, past in found])
    y = np.clip([values[i] for i, _ in found], -4, 4)
    np.testing.assert_allclose((x.T @ x + 1e-6 * np.eye(order)) @ weights, x.T @ y, atol=1e-6)
