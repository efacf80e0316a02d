"""Atoms: the shapes that a change of a level may have, and all the places that they may be at."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from netwatch.detect.noise import Noise, whitened

STEP, EPISODE, RAMP = 0, 1, 2
EDGE = 3
"""Places that are left at the ends, and those within which two atoms are one."""
_PRICE = np.array([1.0, 1.5, 1.2])
"""Cost of an atom of each kind in penalties: those with two places have more of them to choose from."""
_GRID = 40
"""Ramps begin and end at every fortieth of the level."""
_SHORT_RAMPS, _SHORT_PRICE = (3, 5, 8), 3.0
"""Lengths of ramps that begin anywhere, and their cost: they are much like steps, which are to be preferred."""


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
    shortest: int = EDGE
    ramps: bool = False


class White(NamedTuple):
    """Atoms as :func:`~netwatch.detect.noise.whitened` makes them: ``columns`` float64 (known, atoms); ``power``: their
    sums of squares; ``log``: of the covariance's determinant.
    """

    columns: np.ndarray
    power: np.ndarray
    log: float


def column(n: int, atom: Atom) -> np.ndarray:
    """An atom of size 1 over ``n`` places, float64 (n,); a step lasts to the end."""
    return _columns(np.arange(n), np.array([atom[:3]])).ravel()


class Candidates:
    """All atoms that may be in a level of ``n`` places, those ``at`` (int64) of which are known.

    ``shapes`` int64 (atoms, 3): kind, place and end. ``price`` float64 (atoms,): least fall of the deviance.
    """

    def __init__(self, n: int, at: np.ndarray, sought: Sought) -> None:
        self.at = at
        self.shapes = _shapes(n, sought)
        kind, begin, end = self.shapes.T
        short = (kind == RAMP) & (end - begin <= _SHORT_RAMPS[-1])
        self.price = sought.penalty * np.where(short, _SHORT_PRICE, _PRICE[kind])
        self._white: dict[Noise, White] = {}

    def atom(self, number: int) -> Atom:
        """One of them, without a size."""
        kind, at, until = self.shapes[number].tolist()
        return Atom(kind, at, until)

    def white(self, noise: Noise) -> White:
        """All of them under a noise."""
        if noise not in self._white:
            columns, log = whitened(_columns(self.at, self.shapes), self.at, noise)
            self._white[noise] = White(columns, np.einsum("ij,ij->j", columns, columns), log)
        return self._white[noise]

    def near(self, atom: int) -> np.ndarray:
        """Which begin and end where an atom does, or nearly, bool (atoms,)."""
        (begin, end), (first, last) = self.shapes[:, 1:].T, self.shapes[atom, 1:]
        found: np.ndarray = (np.abs(begin - first) < EDGE) & (np.abs(end - last) < EDGE)
        return found


def candidates(n: int, at: np.ndarray, sought: Sought) -> Candidates:
    """Those of a level; most series of a network have the same."""
    return _kept(n, at.astype(np.int64).tobytes(), sought)


@lru_cache(maxsize=2)
def _kept(n: int, at: bytes, sought: Sought) -> Candidates:
    return Candidates(n, np.frombuffer(at, np.int64), sought)


def _shapes(n: int, sought: Sought) -> np.ndarray:
    shapes = [(STEP, at, n) for at in range(EDGE, n - EDGE + 1)]
    for width in range(max(1, sought.shortest), min(sought.longest, n // 3) + 1):
        shapes += [(EPISODE, at, at + width) for at in range(1, n - width - EDGE + 1)]
    if sought.ramps:
        places = sorted({round(i * (n - 1) / _GRID) for i in range(_GRID + 1)})
        shapes += [(RAMP, a, b) for a in places for b in places if b - a >= max(4 * EDGE, n // 12)]
        shapes += [(RAMP, a, a + width) for width in _SHORT_RAMPS for a in range(EDGE, n - width - EDGE + 1)]
    return np.array(shapes, np.int64)


def _columns(at: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Atoms of size 1 at some places, float64 (places, atoms)."""
    (kind, begin, end), t = shapes.T, at[:, None]
    out: np.ndarray = ((t >= begin) & ((kind == STEP) | (t < end))).astype(float)
    ramps = np.flatnonzero(kind == RAMP)
    begin, end = begin[ramps], end[ramps]
    out[:, ramps] = np.clip((t - begin) / (end - begin), 0.0, 1.0)
    return out
