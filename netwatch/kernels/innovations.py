"""Kalman filter of a random walk that carries AR(1) noise: the innovations of many columns at once."""

from __future__ import annotations

import math

from netwatch.kernels.jit import kernel


@kernel
def innovate(columns, at, phi, drift, state, out):  # type: ignore[no-untyped-def]
    """Standardised innovations of the columns, into ``out``; returns the log of the covariance's determinant.

    ``columns``, ``out`` float64 (n, k); ``at`` int64 (n,): increasing whole places. The noise is a walk from 0 whose
    steps have variance ``drift`` squared a place, and an AR(1) of variance 1 with coefficient ``phi``, below 1.
    ``state`` float64 (2, k): room for the two of them. (Harvey 1989, Forecasting, Structural Time Series Models and
    the Kalman Filter, ch. 3.)
    """
    n, k = columns.shape
    walk, both, short = 0.0, 0.0, 1.0
    log = 0.0
    for j in range(k):
        state[0, j] = 0.0
        state[1, j] = 0.0
    for i in range(n):
        gap = at[i] - at[i - 1] if i else 0
        carried = phi**gap
        walk += drift * drift * gap
        both *= carried
        short = short * carried * carried + 1.0 - carried * carried
        power = walk + 2.0 * both + short
        first, second = (walk + both) / power, (both + short) / power
        scale = 1.0 / math.sqrt(power)
        log += math.log(power)
        for j in range(k):
            state[1, j] *= carried
            error = columns[i, j] - state[0, j] - state[1, j]
            state[0, j] += first * error
            state[1, j] += second * error
            out[i, j] = error * scale
        # What is seen leaves nothing unknown but how it divides: walk and short err by the same, against each other.
        left = walk * short - both * both
        walk = short = left / power
        both = -walk
    return log
