"""Robust running statistics over series with gaps, for baselines and change points."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import kernel, part


@part
def _median(kept, count):  # type: ignore[no-untyped-def]
    """Median of the first ``count`` values, NaN for none; they are sorted in place (by insertion: they are few)."""
    if count == 0:
        return np.nan
    for i in range(1, count):
        value = kept[i]
        j = i
        while j > 0 and kept[j - 1] > value:
            kept[j] = kept[j - 1]
            j -= 1
        kept[j] = value
    half = count // 2
    return kept[half] if count % 2 else 0.5 * (kept[half - 1] + kept[half])


@kernel
def _running_median(values, reach, kept, out):  # type: ignore[no-untyped-def]
    n = values.size
    for i in range(n):
        count = 0
        for j in range(max(0, i - reach), min(n, i + reach + 1)):
            if not np.isnan(values[j]):
                kept[count] = values[j]
                count += 1
        out[i] = _median(kept, count)


def running_median(values: np.ndarray, reach: int) -> np.ndarray:
    """Median of the values within ``reach`` places, NaN left out; float64 (n,)."""
    out = np.empty(len(values))
    _running_median(values, reach, np.empty(2 * reach + 1), out)
    return out


def row_medians(rows: np.ndarray) -> np.ndarray:
    """Median of each row's known values, NaN of a row without any; float64 (rows,).

    As NumPy's nanmedian, in a tenth of its time: sorting puts NaN last.
    """
    ordered = np.sort(rows, axis=1)
    known = (~np.isnan(ordered)).sum(axis=1)
    at = np.arange(len(ordered))
    middle: np.ndarray = 0.5 * (ordered[at, np.maximum(known - 1, 0) // 2] + ordered[at, known // 2 - (known == 0)])
    return middle


@kernel
def _week_profile(matrix, level, period, kept, out):  # type: ignore[no-untyped-def]
    days, slots = matrix.shape
    reach = kept.size // 2
    for d in range(days):
        for s in range(slots):
            count = 0
            for k in range(-reach, reach + 1):
                at = d + k * period
                if 0 <= at < days and not np.isnan(matrix[at, s]) and not np.isnan(level[at]):
                    kept[count] = matrix[at, s] - level[at]
                    count += 1
            out[d, s] = _median(kept, count) if count > 1 else np.nan


def week_profile(matrix: np.ndarray, level: np.ndarray, period: int, reach: int) -> np.ndarray:
    """Departure from the day's level by slot: median of the days ``period`` apart, ``reach`` to each side.

    ``matrix`` float64 (days, slots), ``level`` float64 (days,). Where fewer than two such days are known, NaN.
    """
    out = np.empty(matrix.shape)
    _week_profile(matrix, level, period, np.empty(2 * reach + 1), out)
    return out


@kernel
def _running_mean(values, width, out):  # type: ignore[no-untyped-def]
    n = values.size
    total, count = 0.0, 0
    for i in range(n):
        if not np.isnan(values[i]):
            total += values[i]
            count += 1
        if i >= width and not np.isnan(values[i - width]):
            total -= values[i - width]
            count -= 1
        out[i] = total / count if 2 * count >= width and count > 0 else np.nan


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of the last ``width`` places, NaN left out; NaN where under half of them are known."""
    out = np.empty(len(values))
    _running_mean(values, width, out)
    return out


@kernel
def _window_gain(values, width, out):  # type: ignore[no-untyped-def]
    n = values.size
    half = width // 2
    for i in range(2, n - 1):
        left, right = min(half, i), min(half, n - i)
        a, b = values[i - left : i].mean(), values[i : i + right].mean()
        out[i] = left * right / (left + right) * (a - b) ** 2


def window_gain(values: np.ndarray, width: int) -> np.ndarray:
    """Fall of the squared error when the window of ``width`` round each place is split there; float64 (n,)."""
    out = np.zeros(len(values))
    _window_gain(values, width, out)
    return out
