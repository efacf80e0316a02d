"""What sampling leaves of things that are alike: how many packets each had, from how often one was met again."""

from __future__ import annotations

import numpy as np

LEAST_AGAIN = 4
"""Packets of what had been met before, at least, by which the packets of all can be told."""


def packets_each(seen: np.ndarray, met: np.ndarray, interval: np.ndarray) -> np.ndarray:
    """float64 (n,): packets of each of the ``met`` things of which ``seen`` packets were sampled, one in ``interval``.

    Of n packets a Poisson number of mean n / interval is sampled, and a thing is met if that is not 0: solved is
    mean / (1 - exp(-mean)) = seen / met (the zero-truncated Poisson distribution, by fixed-point iteration). NaN where
    packets are sampled and too few were met again; unsampled it is seen / met.
    """
    ratio = seen / np.maximum(met, 1)
    mean = ratio.astype(np.float64)
    for _ in range(60):
        mean = ratio * -np.expm1(-np.maximum(mean, 1e-9))
    told: np.ndarray = np.where(seen - met >= LEAST_AGAIN, mean * interval, np.nan)
    return np.where(interval > 1, told, ratio)
