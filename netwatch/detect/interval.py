"""Ratio and date of a step, an episode or a ramp, with intervals that hold under a level that wanders.

What is not known is averaged over: how far the level wanders, how long its noise remembers, and the places of the
change (``detect/noise.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.detect.noise import Estimate, Plans, Posterior, posterior
from netwatch.detect.structure import RAMP, STEP, Atom, column

_SIDE, _NEAR, _BETWEEN = 7, 3, 0.15
"""Places to each side of a change's edge, those to each side of any other, and how far into a change a place must be to
be in its midst.
"""


class Located(NamedTuple):
    """An atom at its likeliest place, and the range (first, last) that holds its start with 95 %."""

    atom: Atom
    since: tuple[int, int]
    estimate: Estimate


def located(
    level: np.ndarray, fixed: np.ndarray, choices: list[Atom], window: tuple[int, int], extra: float = 0.0
) -> Located:
    """Size and place of one of the ``choices`` in a log level (n,), fitted within ``window`` (half-open places).

    ``fixed`` float64 (n, k): columns beside it, the first a constant; ``extra``: variance of the size to add.
    """
    n = len(level)
    at = np.arange(*window)
    at = at[~np.isnan(level[at])]
    columns = np.stack([column(n, atom)[at] for atom in choices], axis=1)
    moved = np.ptp(columns, axis=0) > 0
    choices = [atom for atom, moves in zip(choices, moved, strict=True) if moves]
    known = fixed[at]
    known = known[:, np.append(True, np.ptp(known[:, 1:], axis=0) > 0)]
    found = posterior(level[at], _plans(known, columns[:, moved]), at)
    return _summed(choices, found, extra)


def _plans(fixed: np.ndarray, columns: np.ndarray) -> Plans:
    k, designs = fixed.shape[1], columns.shape[1]
    picked = np.concatenate([np.tile(np.arange(k), (designs, 1)), k + np.arange(designs)[:, None]], axis=1)
    contrast = np.zeros(picked.shape)
    contrast[:, -1] = 1.0
    return Plans(np.concatenate([fixed, columns], axis=1), picked, contrast)


def _summed(choices: list[Atom], found: Posterior, extra: float) -> Located:
    weight = found.places()
    best = choices[int(np.argmax(weight))]
    starts = np.array([atom.at for atom in choices])
    order = np.argsort(starts, kind="stable")
    below = np.cumsum(weight[order])
    first, last = (starts[order[min(int(np.searchsorted(below, s)), len(order) - 1)]] for s in (0.025, 0.975))
    return Located(best, (int(first), int(last)), found.estimate(extra))


def around(atom: Atom, n: int, reach: int, stride: int) -> list[Atom]:
    """The atom and those with places up to ``reach`` from its own, every ``stride``."""
    moves = range(-reach, reach + 1, stride)
    if atom.kind == STEP:
        return [atom._replace(at=atom.at + m) for m in moves if 2 <= atom.at + m <= n - 2]
    least = min(8, atom.until - atom.at) if atom.kind == RAMP else 1
    ends = [(atom.at + a, atom.until + b) for a in moves for b in moves]
    edge = 0 if atom.kind == RAMP else 1
    last = n - 1 if atom.kind == RAMP else n
    inside = [(a, b) for a, b in ends if a >= edge and b <= last and b - a >= least]
    return [Atom(atom.kind, a, b) for a, b in inside]


def without_turns(level: np.ndarray) -> np.ndarray:
    """A log level without the places in whose midst it jumped: they lie between neighbours that four deviations part.
    Such a place would be told as a step of its own. float64 (n,).
    """
    out = level.copy()
    steps = np.abs(np.diff(level))
    if np.isnan(steps).all():
        return out
    least = 4 * 1.4826 * float(np.nanmedian(steps))
    jump = level[2:] - level[:-2]
    share = np.divide(level[1:-1] - level[:-2], jump, out=np.full(len(jump), np.nan), where=jump != 0)
    for place in 1 + np.flatnonzero((np.abs(jump) > least) & (share > _BETWEEN) & (share < 1 - _BETWEEN)):
        sides = level[max(0, place - _NEAR) : place], level[place + 1 : place + 1 + _NEAR]
        if all(np.isfinite(side).any() for side in sides):
            size = abs(np.nanmedian(sides[1]) - np.nanmedian(sides[0]))
            if abs(jump[place - 1]) > 0.7 * size > 0.7 * least:
                out[place] = np.nan
    return out


def turning(level: np.ndarray, atom: Atom) -> list[int]:
    """The places at an atom's edges whose level lies between both sides: in their midst it changed, so that they belong
    to neither. ``level`` float64 (n,).
    """
    edges = (atom.at,) if atom.kind == STEP else (atom.at, atom.until)
    between = []
    for edge in edges:
        before, after = level[max(0, edge - 1 - _SIDE) : max(edge - 1, 0)], level[edge + 1 : edge + 1 + _SIDE]
        if np.isnan(before).all() or np.isnan(after).all() or not 0 < edge < len(level):
            continue
        start, size = np.nanmedian(before), np.nanmedian(after) - np.nanmedian(before)
        share = (level[edge - 1 : edge + 1] - start) / (size or np.nan)
        between += [edge - 1 + int(place) for place in np.flatnonzero((share > _BETWEEN) & (share < 1 - _BETWEEN))]
    return between
