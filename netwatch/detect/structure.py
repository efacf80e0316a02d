"""Steps, episodes and ramps in a level, against noise that wanders and remembers.

Each candidate is a step, a stretch that returns, or a ramp between two places; the one that raises the likelihood most
is taken (orthogonal matching pursuit, Pati et al. 1993), then all are moved to their best places and those that do not
pay for themselves are dropped. The likelihood is that of a random walk with AR(1) noise, at the best coefficients for
each set of candidates, so that a level that wanders by itself is not cut into steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.detect.noise import Noise, deviance, whitened

STEP, EPISODE, RAMP = 0, 1, 2
_PRICE = np.array([1.0, 1.5, 1.2])
"""Cost of an atom of each kind in penalties: those with two places have more of them to choose from."""
_MOST = 12
_EDGE = 3
_GRID = 40
"""Ramps begin and end at every fortieth of the level."""
_SHORT_RAMPS, _SHORT_PRICE = (3, 5, 8), 3.0
"""Lengths of ramps that begin anywhere, and their cost: they are much like steps, which are to be preferred."""
# One walk for all: beside a few steps a walk looks like none, and without a step that is there like a greater one; a
# likeliest walk is cut into steps in the one case and hides the step in the other.
_NOISES = tuple(Noise(phi, 0.1) for phi in (0.0, 0.3, 0.6, 0.85))


class Atom(NamedTuple):
    """A change at place ``at``, of an episode or ramp to ``until``; ``size`` in log units, in all."""

    kind: int
    at: int
    until: int
    size: float = 0.0


class Sought(NamedTuple):
    """What is sought: ``penalty``, least fall of the deviance for a step; ``longest`` episode in places and
    ``shortest``, 0 for none; ``ramps``: whether.
    """

    penalty: float
    longest: int = 0
    shortest: int = _EDGE
    ramps: bool = False


class Structure(NamedTuple):
    """Atoms in order of place, and the noise beside them."""

    atoms: tuple[Atom, ...]
    noise: Noise


def column(n: int, atom: Atom) -> np.ndarray:
    """An atom of size 1 over ``n`` places, float64 (n,); a step lasts to the end."""
    t = np.arange(n)
    if atom.kind == STEP:
        return (t >= atom.at).astype(float)
    if atom.kind == RAMP:
        return np.clip((t - atom.at) / (atom.until - atom.at), 0.0, 1.0)
    return ((t >= atom.at) & (t < atom.until)).astype(float)


def yearly(years: np.ndarray, enough: bool) -> np.ndarray:
    """Intercept, and two waves a year where there are ``enough`` data; float64 (n, 1 or 5) for times (n,) in years."""
    columns = [np.ones(len(years))]
    for k in (1, 2) if enough else ():
        columns += [np.cos(2 * np.pi * k * years), np.sin(2 * np.pi * k * years)]
    return np.stack(columns, axis=1)


def structure(level: np.ndarray, fixed: np.ndarray, sought: Sought) -> Structure:
    """Atoms of a level, float64 (n,), NaN unknown; ``fixed`` float64 (n, k): always fitted, one constant first."""
    known = ~np.isnan(level)
    if known.sum() < 4 * _EDGE or np.ptp(level[known]) < 1e-9:
        return Structure((), _NOISES[0])
    return _Search(level, fixed, sought).run()


def _candidates(n: int, sought: Sought) -> list[Atom]:
    atoms = [Atom(STEP, at, n) for at in range(_EDGE, n - _EDGE + 1)]
    for width in range(max(1, sought.shortest), min(sought.longest, n // 3) + 1):
        atoms += [Atom(EPISODE, at, at + width) for at in range(1, n - width - _EDGE + 1)]
    if sought.ramps:
        places = sorted({round(i * (n - 1) / _GRID) for i in range(_GRID + 1)})
        atoms += [Atom(RAMP, a, b) for a in places for b in places if b - a >= max(4 * _EDGE, n // 12)]
        atoms += [Atom(RAMP, a, a + width) for width in _SHORT_RAMPS for a in range(_EDGE, n - width - _EDGE + 1)]
    return atoms


class _Search:
    def __init__(self, level: np.ndarray, fixed: np.ndarray, sought: Sought) -> None:
        self.n = len(level)
        self.at = np.flatnonzero(~np.isnan(level))
        self.y = level[self.at]
        self.names = _candidates(self.n, sought)
        kinds, lengths = np.array([(a.kind, a.until - a.at) for a in self.names]).T
        short = (kinds == RAMP) & (lengths <= _SHORT_RAMPS[-1])
        self.price = sought.penalty * np.where(short, _SHORT_PRICE, _PRICE[kinds])
        self.first = len(self.names)
        columns = np.stack([column(self.n, a) for a in self.names], axis=1)
        self.columns = np.concatenate([columns, fixed], axis=1)[self.at]
        self.fixed = list(range(self.first, self.columns.shape[1]))
        self.starts = np.array([[a.kind, a.at, a.until] for a in self.names])
        self._white: dict[Noise, np.ndarray] = {}
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
        atoms = [self.names[i]._replace(size=float(s)) for i, s in zip(best, sizes, strict=True)]
        return Structure(tuple(sorted(atoms, key=lambda a: (a.at, a.kind))), noise)

    def _fit(self, atoms: list[int]) -> tuple[Noise, float]:
        """The likeliest noise beside some atoms, and the deviance."""
        key = tuple(sorted(atoms))
        if key not in self._fits:
            x = self.columns[:, [*self.fixed, *key]]
            found = [deviance(self.y, x, self.at, noise) for noise in _NOISES]
            least = int(np.argmin(found))
            self._fits[key] = (_NOISES[least], found[least])
        return self._fits[key]

    def _cost(self, atoms: list[int]) -> float:
        return self._fit(atoms)[1] + float(self.price[atoms].sum())

    def _whitened(self, noise: Noise) -> np.ndarray:
        if noise not in self._white:
            self._white[noise] = whitened(np.column_stack([self.columns, self.y]), self.at, noise)[0]
        return self._white[noise]

    def _sizes(self, atoms: list[int], noise: Noise) -> np.ndarray:
        white = self._whitened(noise)
        beta = np.linalg.lstsq(white[:, [*self.fixed, *atoms]], white[:, -1], rcond=None)[0]
        return np.asarray(beta[len(self.fixed) :])

    def _best(self, atoms: list[int], noise: Noise) -> int | None:
        """The candidate that lowers the cost most beside ``atoms``."""
        white = self._whitened(noise)
        q, r = np.linalg.qr(white[:, [*self.fixed, *atoms]])
        diagonal = np.abs(np.diag(r))
        q = q[:, diagonal > 1e-9 * max(float(diagonal.max()), 1e-300)]
        y, columns = white[:, -1], white[:, : self.first]
        residual = y - q @ (q.T @ y)
        squares = float(residual @ residual)
        power = np.einsum("ij,ij->j", columns, columns)
        left = power - np.sum((q.T @ columns) ** 2, axis=0)
        usable = left > 1e-6 * np.maximum(power, 1e-300)
        share = np.where(usable, (columns.T @ residual) ** 2 / np.where(usable, left, 1.0), 0.0) / max(squares, 1e-300)
        gain = -len(y) * np.log(np.maximum(1.0 - share, 1e-12)) - self.price
        for atom in atoms:
            near = np.abs(self.starts - self.starts[atom]).max(axis=1) < _EDGE
            gain[near] = -np.inf
        at = int(np.argmax(gain))
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
