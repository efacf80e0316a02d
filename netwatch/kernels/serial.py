"""Serial correlation: the AR(1) coefficient of residuals, and values from which it is taken out."""

from __future__ import annotations

import numpy as np


def whitened(values: np.ndarray, at: np.ndarray, phi: float) -> np.ndarray:
    """What is left of values (n,) or (n, k) at increasing whole places ``at`` when AR(1) is taken out.

    Least squares on it is generalised least squares under the correlation ``phi ** distance``, gaps included
    (Prais and Winsten 1954), at the cost of one pass instead of a decomposition of an n by n matrix.
    """
    if phi <= 0:
        return values
    carried = np.power(phi, np.diff(at).astype(float))
    if values.ndim == 2:
        carried = carried[:, None]
    white: np.ndarray = np.array(values, float)
    white[1:] = (values[1:] - carried * values[:-1]) / np.sqrt(1 - carried**2)
    return white


def autocorrelation(residual: np.ndarray, at: np.ndarray, terms: int) -> float:
    """Lag-1 coefficient of residuals at places ``at``, corrected for its bias (Marriott & Pope 1954) as of a fit of
    ``terms``, within [0, 0.95]; 0 where fewer than four follow each other.
    """
    pairs = np.flatnonzero(np.diff(at) == 1)
    power = float(residual @ residual)
    if len(pairs) < 4 or power <= 0:
        return 0.0
    n = len(residual)
    phi = float(residual[pairs] @ residual[pairs + 1]) / power * n / len(pairs)
    phi += (terms + (terms + 2) * phi) / n
    return float(np.clip(phi, 0.0, 0.95))
