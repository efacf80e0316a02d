"""Steps and slopes in a level: forward selection of atoms, with noise that remembers.

Each candidate is a step or a change of slope; the one that lowers the squared error most is taken (orthogonal matching
pursuit, Pati et al. 1993) while its gain over the residual's long-run variance exceeds a penalty; then atoms are moved
to their best place and the weakest are dropped again. The long-run variance of an AR(1) residual with a bias-corrected
coefficient (Marriott & Pope 1954) keeps a wandering level from being cut into steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

STEP, SLOPE = 0, 1
_MOST = 12
_EDGE = 3


class Atom(NamedTuple):
    """A change at place ``at``: ``kind`` STEP or SLOPE, ``size`` in log units (per place for a slope)."""

    kind: int
    at: int
    size: float


class Structure(NamedTuple):
    """Atoms in order of place; ``noise``: long-run variance; its coefficient ``phi``; ``residual`` (n,)."""

    atoms: tuple[Atom, ...]
    noise: float
    phi: float
    residual: np.ndarray


def design(n: int, atoms: list[tuple[int, int]]) -> np.ndarray:
    """Columns of the atoms, float64 (n, k)."""
    t = np.arange(n)
    columns = [(t >= at).astype(float) if kind == STEP else np.maximum(t - at, 0).astype(float) for kind, at in atoms]
    return np.stack(columns, axis=1) if columns else np.zeros((n, 0))


def yearly(n: int, per_year: float) -> np.ndarray:
    """Intercept, and two waves a year where there are two years of data; float64 (n, 1 or 5)."""
    t = np.arange(n) / per_year
    columns = [np.ones(n)]
    if n >= 1.9 * per_year:
        for k in (1, 2):
            columns += [np.cos(2 * np.pi * k * t), np.sin(2 * np.pi * k * t)]
    return np.stack(columns, axis=1)


def autocorrelation(residual: np.ndarray, at: np.ndarray, terms: int) -> float:
    """Lag-1 coefficient of residuals at places ``at``, corrected for its bias, within [0, 0.95]."""
    pairs = np.flatnonzero(np.diff(at) == 1)
    power = float(residual @ residual)
    if len(pairs) < 4 or power <= 0:
        return 0.0
    n = len(residual)
    phi = float(residual[pairs] @ residual[pairs + 1]) / power * n / len(pairs)
    phi += (terms + (terms + 2) * phi) / n
    return float(np.clip(phi, 0.0, 0.95))


def long_run_variance(residual: np.ndarray, at: np.ndarray, terms: int) -> tuple[float, float]:
    """Variance of a mean of many residuals, times their number; and the coefficient behind it."""
    phi = autocorrelation(residual, at, min(terms, 4))
    variance = float(residual @ residual) / max(1, len(residual) - terms)
    return max(variance * (1 + phi) / (1 - phi), 1e-8), phi


def structure(level: np.ndarray, fixed: np.ndarray, penalty: float, *, slopes: bool = True) -> Structure:
    """Atoms of a level, float64 (n,), NaN unknown; ``fixed`` float64 (n, k): columns that are always fitted."""
    at = np.flatnonzero(~np.isnan(level))
    y = level[at]
    search = _Search(y, at, fixed[at], len(level), slopes)
    if len(at) < 4 * _EDGE:
        return Structure((), 1e-8, 0.0, np.zeros(len(level)))
    chosen: list[tuple[int, int]] = []
    best: list[tuple[int, int]] = []
    misses = 0
    while len(chosen) < _MOST and misses < 3:
        candidate = search.best(chosen)
        if candidate is None:
            break
        chosen = search.relocated([*chosen, candidate])
        kept = search.pruned(chosen, penalty)
        if len(kept) > len(best) or (len(kept) == len(best) and search.error(kept) < search.error(best)):
            best, chosen, misses = kept, kept, 0
        else:
            misses += 1
    best = sorted(best, key=lambda a: (a[1], a[0]))
    residual, sizes = search.fit(best)
    noise, phi = long_run_variance(residual, at, fixed.shape[1] + len(best))
    spread = np.full(len(level), np.nan)
    spread[at] = residual
    atoms = tuple(Atom(kind, place, float(s)) for (kind, place), s in zip(best, sizes, strict=True))
    return Structure(atoms, noise, phi, spread)


class _Search:
    def __init__(self, y: np.ndarray, at: np.ndarray, fixed: np.ndarray, n: int, slopes: bool) -> None:
        self.y, self.at, self.fixed = y, at, fixed
        places = range(_EDGE, n - _EDGE + 1)
        self.names = [(STEP, p) for p in places]
        if slopes:
            self.names += [(SLOPE, p) for p in range(n - 2 * _EDGE)]
        self.columns = design(n, self.names)[at]
        self.index = {name: i for i, name in enumerate(self.names)}
        self.slopes = slopes

    def _basis(self, atoms: list[tuple[int, int]]) -> np.ndarray:
        picked = self.columns[:, [self.index[a] for a in atoms]]
        q, r = np.linalg.qr(np.concatenate([self.fixed, picked], axis=1))
        diagonal = np.abs(np.diag(r))
        return np.asarray(q[:, diagonal > 1e-9 * max(diagonal.max(), 1e-300)])

    def gains(self, atoms: list[tuple[int, int]]) -> np.ndarray:
        """Fall of the squared error that each candidate brings beside ``atoms``."""
        q = self._basis(atoms)
        residual = self.y - q @ (q.T @ self.y)
        power = np.einsum("ij,ij->j", self.columns, self.columns)
        left = power - np.sum((q.T @ self.columns) ** 2, axis=0)
        usable = left > 1e-6 * np.maximum(power, 1e-300)
        return np.where(usable, (self.columns.T @ residual) ** 2 / np.where(usable, left, 1.0), 0.0)

    def best(self, atoms: list[tuple[int, int]]) -> tuple[int, int] | None:
        gains = self.gains(atoms)
        for kind, place in atoms:
            for near in range(place - _EDGE + 1, place + _EDGE):
                at = self.index.get((kind, near))
                if at is not None:
                    gains[at] = 0.0
        at = int(np.argmax(gains))
        return self.names[at] if gains[at] > 0 else None

    def relocated(self, atoms: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Each atom in turn at its best place (of either kind) beside the others."""
        for _ in range(2):
            for i in range(len(atoms)):
                rest = atoms[:i] + atoms[i + 1 :]
                found = self.best(rest)
                if found is not None:
                    atoms = [*atoms[:i], found, *atoms[i + 1 :]]
        return atoms

    def fit(self, atoms: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        x = np.concatenate([self.fixed, self.columns[:, [self.index[a] for a in atoms]]], axis=1)
        beta = np.linalg.lstsq(x, self.y, rcond=None)[0]
        return self.y - x @ beta, beta[self.fixed.shape[1] :]

    def error(self, atoms: list[tuple[int, int]]) -> float:
        residual, _ = self.fit(atoms)
        return float(residual @ residual)

    def pruned(self, atoms: list[tuple[int, int]], penalty: float) -> list[tuple[int, int]]:
        """Drop the weakest atom while its gain is under the penalty."""
        atoms = list(dict.fromkeys(atoms))
        while atoms:
            residual, _ = self.fit(atoms)
            noise, _ = long_run_variance(residual, self.at, self.fixed.shape[1] + len(atoms))
            base = float(residual @ residual)
            losses = [self.error(atoms[:i] + atoms[i + 1 :]) - base for i in range(len(atoms))]
            weakest = int(np.argmin(losses))
            if losses[weakest] / noise >= penalty:
                break
            atoms = atoms[:weakest] + atoms[weakest + 1 :]
        return atoms
