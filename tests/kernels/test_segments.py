"""Running statistics against NumPy."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from netwatch.kernels.segments import row_medians, running_mean, running_median, week_profile

numbers = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))
values = arrays(np.float64, st.integers(1, 60), elements=numbers)
tables = arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=numbers)


@settings(max_examples=60, deadline=None)
@given(values, st.integers(0, 9))
def test_running_median(x, reach):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        naive = [np.nanmedian(x[max(0, i - reach) : i + reach + 1]) for i in range(len(x))]
    assert np.allclose(running_median(x, reach), naive, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(tables)
def test_row_medians(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        naive = np.nanmedian(rows, axis=1)
    assert np.allclose(row_medians(rows), naive, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(values, st.integers(1, 9))
def test_running_mean(x, width):
    got = running_mean(x, width)
    for i in range(len(x)):
        seen = x[max(0, i - width + 1) : i + 1]
        known = seen[~np.isnan(seen)]
        if 2 * len(known) >= width:
            assert np.isclose(got[i], known.mean(), atol=1e-6)
        else:
            assert np.isnan(got[i])


def test_week_profile_is_the_departure_of_like_days():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(30, 4))
    level = matrix.mean(axis=1)
    got = week_profile(matrix, level, 7, 2)
    assert np.isclose(got[15, 2], np.median([matrix[d, 2] - level[d] for d in (1, 8, 15, 22, 29)]))
