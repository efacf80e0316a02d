"""Steps, episodes and ramps in a level, against noise that wanders and remembers.

Each candidate is a step, a stretch that returns, or a ramp between two places; the one that raises the likelihood most
is taken (orthogonal matching pursuit, Pati et al. 1993), then all are moved to their best places and those that do not
pay for themselves are dropped. The likelihood is that of a random walk with AR(1) noise, at the best coefficients for
each set of candidates, so that a level that wanders by itself is not cut into steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.detect.noise import Noise, deviance_of, whitened
from netwatch.detect.structure import EDGE, Atom, Sought, candidates

_MOST = 12
_ALIKE = 1e-9
"""Candidates that gain as much but for rounding: the first is taken."""
# One walk for all: beside a few steps a walk looks like none, and without a step that is there like a greater one; a
# likeliest walk is cut into steps in the one case and hides the step in the other.
_NOISES = tuple(Noise(phi, 0.1) for phi in (0.0, 0.3, 0.6, 0.85))


class Structure(NamedTuple):
    """Atoms in order of place, and the noise beside them."""

    atoms: tuple[Atom, ...]
    noise: Noise


def cycles(periods: np.ndarray, enough: bool) -> np.ndarray:
    """Intercept, and two waves a period where there are ``enough`` data; float64 (n, 1 or 5) for times (n,) in periods:
    years or days.
    """
    columns = [np.ones(len(periods))]
    for k in (1, 2) if enough else ():
        columns += [np.cos(2 * np.pi * k * periods), np.sin(2 * np.pi * k * periods)]
    return np.stack(columns, axis=1)


def structure(level: np.ndarray, fixed: np.ndarray, sought: Sought) -> Structure:
    """Atoms of a level, float64 (n,), NaN unknown; ``fixed`` float64 (n, k): always fitted, one constant first."""
    known = ~np.isnan(level)
    if known.sum() < 4 * EDGE or np.ptp(level[known]) < 1e-9:
        return Structure((), _NOISES[0])
    return _Search(level, fixed, sought).run()


class _Search:
    def __init__(self, level: np.ndarray, fixed: np.ndarray, sought: Sought) -> None:
        at = np.flatnonzero(~np.isnan(level))
        self.all = candidates(len(level), at, sought)
        self.given = np.column_stack([fixed[at], level[at]])
        self._given: dict[Noise, np.ndarray] = {}
        self._products: dict[tuple[Noise, int], np.ndarray] = {}
        self._fits: dict[tuple[int, ...], tuple[Noise, float]] = {}

    def run(self) -> Structure:
        chosen: list[int] = []
        best, cost, misses = chosen, self._cost(chosen), 0
        while len(chosen) < _MOST and misses < 2:
            candidate = self._best(chosen, self._fit(chosen)[0])
            if candidate is None:
                break
            chosen = self._relocated([*chosen, candidate])
            kept = self._pruned(chosen)
            if self._cost(kept) < cost - 1e-9:
                best, chosen, cost, misses = kept, kept, self._cost(kept), 0
            else:
                misses += 1
        best = self._fewer(best)
        noise = self._fit(best)[0]
        sizes = self._sizes(best, noise)
        atoms = [self.all.atom(i)._replace(size=float(s)) for i, s in zip(best, sizes, strict=True)]
        return Structure(tuple(sorted(atoms, key=lambda a: (a.at, a.kind))), noise)

    def _fit(self, atoms: list[int]) -> tuple[Noise, float]:
        """The likeliest noise beside some atoms, and the deviance at the best effects and variance."""
        key = tuple(sorted(atoms))
        if key not in self._fits:
            found = [deviance_of(self._design([*key], noise), self.all.white(noise).log) for noise in _NOISES]
            least = int(np.argmin(found))
            self._fits[key] = (_NOISES[least], found[least])
        return self._fits[key]

    def _cost(self, atoms: list[int]) -> float:
        return self._fit(atoms)[1] + float(self.all.price[atoms].sum())

    def _design(self, atoms: list[int], noise: Noise) -> np.ndarray:
        """What is always fitted, some atoms, and the level last; whitened, float64 (known, columns)."""
        if noise not in self._given:
            self._given[noise] = whitened(self.given, self.all.at, noise)[0]
        given = self._given[noise]
        return np.column_stack([given[:, :-1], self.all.white(noise).columns[:, atoms], given[:, -1]])

    def _sizes(self, atoms: list[int], noise: Noise) -> np.ndarray:
        white = self._design(atoms, noise)
        beta = np.linalg.lstsq(white[:, :-1], white[:, -1], rcond=None)[0]
        return np.asarray(beta[self.given.shape[1] - 1 :])

    def _product(self, noise: Noise, which: int, given: np.ndarray) -> np.ndarray:
        """A whitened column times those of all candidates; ``which``: the atom's number, below 0 what is given."""
        if (noise, which) not in self._products:
            self._products[noise, which] = given @ self.all.white(noise).columns
        return self._products[noise, which]

    def _best(self, atoms: list[int], noise: Noise) -> int | None:
        """The candidate that lowers the cost most beside ``atoms``."""
        white = self._design(atoms, noise)
        names = [*range(-self.given.shape[1], -1), *atoms, -1]
        products = np.stack([self._product(noise, which, x) for which, x in zip(names, white.T, strict=True)])
        q, r = np.linalg.qr(white[:, :-1])
        diagonal = np.abs(np.diag(r))
        kept = diagonal > 1e-9 * max(float(diagonal.max()), 1e-300)
        if not kept.all():
            q, r = np.linalg.qr(white[:, :-1][:, kept])
        # With X = QR, Q'C = R'^-1 X'C: products of columns are kept from call to call, those with Q are not needed.
        explained = np.linalg.solve(r.T, products[:-1][kept])
        y = white[:, -1]
        residual = y - q @ (q.T @ y)
        squares = float(residual @ residual)
        power = self.all.white(noise).power
        left = power - np.sum(explained**2, axis=0)
        usable = left > 1e-6 * np.maximum(power, 1e-300)
        across = products[-1] - (q.T @ y) @ explained
        share = np.where(usable, across**2 / np.where(usable, left, 1.0), 0.0) / max(squares, 1e-300)
        gain = -len(y) * np.log(np.maximum(1.0 - share, 1e-12)) - self.all.price
        for atom in atoms:
            gain[self.all.near(atom)] = -np.inf
        at = int(np.argmax(gain >= gain.max() - _ALIKE))
        return at if usable[at] and np.isfinite(gain[at]) else None

    def _relocated(self, atoms: list[int]) -> list[int]:
        """Each atom in turn at its best place (of any kind) beside the others."""
        noise = self._fit(atoms)[0]
        for _ in range(2):
            before = list(atoms)
            for i in range(len(atoms)):
                found = self._best(atoms[:i] + atoms[i + 1 :], noise)
                if found is not None:
                    atoms = [*atoms[:i], found, *atoms[i + 1 :]]
            if atoms == before:
                break
        return list(dict.fromkeys(atoms))

    def _fewer(self, atoms: list[int]) -> list[int]:
        """Without atoms whose part the others take over from better places: two may stand for one at a wrong place."""
        while len(atoms) > 1:
            rests = [self._relocated(atoms[:i] + atoms[i + 1 :]) for i in range(len(atoms))]
            least = min(rests, key=self._cost)
            if self._cost(least) > self._cost(atoms):
                break
            atoms = least
        return atoms

    def _pruned(self, atoms: list[int]) -> list[int]:
        """Drop the weakest atom while it does not pay for itself."""
        while atoms:
            costs = [self._cost(atoms[:i] + atoms[i + 1 :]) for i in range(len(atoms))]
            weakest = int(np.argmin(costs))
            if costs[weakest] > self._cost(atoms):
                break
            atoms = atoms[:weakest] + atoms[weakest + 1 :]
        return atoms
