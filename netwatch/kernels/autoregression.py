"""Autoregression over series with gaps: the moments that its weights come from, and the errors of its forecasts."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import kernel


@kernel
def _moments(values, most, gram, cross):  # type: ignore[no-untyped-def]
    order = cross.size
    run = count = 0
    for i in range(values.size):
        if np.isnan(values[i]):
            run = 0
            continue
        if run >= order:
            count += 1
            now = min(max(values[i], -most), most)
            for a in range(order):
                first = min(max(values[i - 1 - a], -most), most)
                cross[a] += first * now
                for b in range(a, order):
                    gram[a, b] += first * min(max(values[i - 1 - b], -most), most)
        run += 1
    return count


@kernel
def _errors(values, most, weights, out):  # type: ignore[no-untyped-def]
    order = weights.size
    run = 0
    for i in range(values.size):
        out[i] = np.nan
        if np.isnan(values[i]):
            run = 0
            continue
        if run >= order:
            out[i] = values[i]
            for a in range(order):
                out[i] -= weights[a] * min(max(values[i - 1 - a], -most), most)
        run += 1


def autoregressed(values: np.ndarray, order: int, most: float) -> np.ndarray:
    """Least-squares weights, float64 (order,), of the last ``order`` values in the next; all held within ``most``.

    Only bins with a full past count; all NaN where there are fewer than ten times ``order``.
    """
    gram, cross = np.zeros((order, order)), np.zeros(order)
    if _moments(np.ascontiguousarray(values, float), most, gram, cross) < 10 * order:
        return np.full(order, np.nan)
    whole = gram + np.triu(gram, 1).T
    weights: np.ndarray = np.linalg.solve(whole + 1e-6 * np.eye(order), cross)
    return weights


def forecast_errors(values: np.ndarray, weights: np.ndarray, most: float) -> np.ndarray:
    """What ``weights`` on the last values (held within ``most``) did not foretell, float64 (n,); NaN without a past."""
    out = np.empty(len(values))
    _errors(np.ascontiguousarray(values, float), most, np.ascontiguousarray(weights, float), out)
    return out
