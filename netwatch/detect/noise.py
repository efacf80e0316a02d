"""Noise of a level that wanders and remembers, and estimates that hold under it.

A network's level is a random walk that carries AR(1) noise. How far it wanders decides how sure a step or a ramp can
be, and a few years tell it only roughly: so an estimate is averaged over all pairs of coefficients (and over all places
that the change may have), each weighted by its restricted likelihood (Patterson & Thompson 1971; Harville 1974: the
posterior under flat priors of the effects). One Student's t law for each, mixed, gives the interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from netwatch.kernels.innovations import innovate


class Noise(NamedTuple):
    """``phi``: coefficient of the AR(1); ``drift``: deviation of a step of the walk over that of the AR(1)."""

    phi: float
    drift: float


_MANY = 20
_DRIFTS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.22, 0.32, 0.45, 0.65, 0.95)
NOISES = tuple(Noise(phi, drift) for phi in (0.0, 0.2, 0.4, 0.6, 0.75, 0.9) for drift in _DRIFTS)


class Estimate(NamedTuple):
    """Effect in log units with its 95 % interval and p-value."""

    effect: float
    low: float
    high: float
    p_value: float


class Plans(NamedTuple):
    """Designs over shared columns: ``columns`` float64 (n, m); ``picked`` int64 (designs, k): theirs;
    ``contrast`` float64 (designs, k): what of their effects is sought.
    """

    columns: np.ndarray
    picked: np.ndarray
    contrast: np.ndarray


def whitened(columns: np.ndarray, at: np.ndarray, noise: Noise) -> tuple[np.ndarray, float]:
    """Columns (n, k) at increasing whole places as independent errors of variance 1, and the determinant's log.

    Least squares on them is generalised least squares; the first column to be fitted must be a constant, since the
    walk begins at 0.
    """
    out = np.empty(columns.shape)
    log = innovate(
        np.ascontiguousarray(columns, float), at, noise.phi, noise.drift, np.empty((2, columns.shape[1])), out
    )
    return out, float(log)


def deviance(y: np.ndarray, x: np.ndarray, at: np.ndarray, noise: Noise) -> float:
    """-2 log likelihood, up to a constant, at the best effects and variance."""
    return deviance_of(*whitened(np.column_stack([x, y]), at, noise))


def deviance_of(white: np.ndarray, log: float) -> float:
    """The same of what :func:`whitened` made of the columns and, last, of what they are fitted to."""
    left, n = float(np.linalg.qr(white)[1][-1, -1]), len(white)
    return n * float(np.log(max(left * left, 1e-12 * n))) + log


def fitted(y: np.ndarray, x: np.ndarray, at: np.ndarray, noises: tuple[Noise, ...] = NOISES) -> tuple[Noise, float]:
    """The likeliest noise and its deviance."""
    found = [deviance(y, x, at, noise) for noise in noises]
    best = int(np.argmin(found))
    return noises[best], found[best]


def _prior(drift: float) -> float:
    """Weight of a grid's point: flat over deviations (Gelman 2006), not in favour of a level that never wanders."""
    at = _DRIFTS.index(drift)
    low, high = max(0, at - 1), min(len(_DRIFTS) - 1, at + 1)
    return _DRIFTS[high] - _DRIFTS[low]


LEAST_ERROR = 1e-12
"""A law without any spread is taken for one of this error: that of no step at all then lies evenly about nothing."""


class Posterior(NamedTuple):
    """Student's t laws (noises, designs): ``weight`` (sums to 1), ``mean``, ``error``; ``freedom`` of them all."""

    weight: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    freedom: int

    def estimate(self, extra: float = 0.0) -> Estimate:
        """The mixture's median and 95 % interval; ``extra``: variance to add."""
        from scipy.special import stdtr

        kept = self.weight > 1e-5
        weight, mean = self.weight[kept] / self.weight[kept].sum(), self.mean[kept]
        error = np.maximum(np.sqrt(self.error[kept] ** 2 + extra), LEAST_ERROR)

        def below(value: float) -> float:
            return float(weight @ stdtr(self.freedom, (value - mean) / error))

        def quantile(share: float) -> float:
            reach = 60 * error.max()
            low, high = float(mean.min() - reach), float(mean.max() + reach)
            for _ in range(50):
                middle = 0.5 * (low + high)
                low, high = (middle, high) if below(middle) < share else (low, middle)
            return 0.5 * (low + high)

        under = below(0.0)
        return Estimate(quantile(0.5), quantile(0.025), quantile(0.975), min(1.0, 2 * min(under, 1 - under)))

    def places(self) -> np.ndarray:
        """Weight of each design, float64 (designs,)."""
        total: np.ndarray = self.weight.sum(axis=0)
        return total


def posterior(y: np.ndarray, plans: Plans, at: np.ndarray, noises: tuple[Noise, ...] = NOISES) -> Posterior:
    """What the data say of the contrast, over noises and designs."""
    if len(plans.picked) > _MANY:
        noises = _likely(y, plans, at, noises)
    rows = list(_laws(y, plans, at, noises))
    log, mean, error = (np.stack([r[i] for r in rows]) for i in range(3))
    weight = np.exp(log - log.max())
    return Posterior(weight / weight.sum(), mean, error, max(1, len(y) - plans.picked.shape[1]))


def _likely(y: np.ndarray, plans: Plans, at: np.ndarray, noises: tuple[Noise, ...]) -> tuple[Noise, ...]:
    """The noises that are not ruled out by the middle one of many designs."""
    middle = len(plans.picked) // 2
    one = plans._replace(picked=plans.picked[[middle]], contrast=plans.contrast[[middle]])
    log = np.array([float(law[0][0]) for law in _laws(y, one, at, noises)])
    return tuple(noise for noise, value in zip(noises, log, strict=True) if value > log.max() - 7.0)


def _laws(
    y: np.ndarray, plans: Plans, at: np.ndarray, noises: tuple[Noise, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Restricted log likelihood, mean and error of each design (designs,), noise by noise."""
    n, k = len(y), plans.picked.shape[1]
    together = np.column_stack([plans.columns, y])
    for noise in noises:
        white, log = whitened(together, at, noise)
        gram = white.T @ white
        a = gram[plans.picked[:, :, None], plans.picked[:, None, :]]
        a = a + 1e-10 * np.einsum("dii->di", a)[:, :, None] * np.eye(k)
        b = gram[plans.picked, -1]
        solved = np.linalg.solve(a, np.stack([b, plans.contrast], axis=2))
        beta, reach = solved[:, :, 0], solved[:, :, 1]
        squares = np.maximum(gram[-1, -1] - np.einsum("di,di->d", b, beta), 1e-12 * n)
        likelihood = np.log(_prior(noise.drift)) - 0.5 * ((n - k) * np.log(squares) + log + np.linalg.slogdet(a)[1])
        mean = np.einsum("di,di->d", plans.contrast, beta)
        variance = squares / max(1, n - k) * np.einsum("di,di->d", plans.contrast, reach)
        yield likelihood, mean, np.sqrt(np.maximum(variance, 1e-12))
