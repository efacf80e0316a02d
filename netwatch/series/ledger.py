"""Rows of sums for the entities of all kinds, bounded: what is small is added up as "other"."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.binning import Grid, Lives, Sums, settle, spread
from netwatch.series.keys import NONE, OTHER, Keys

CELLS = 1 << 24
"""Most (row, bin) cells over all kinds: a bound on memory, about 128 MB a counter."""


class Ledger:
    """Sums by (entity, bin); an entity's key is (kind, number).

    Of each kind at most ``room`` entities have a row at a time. Newcomers with most octets in their batch get rows;
    when there are too many, the smallest rows are added to "other" and given back. Sums over a kind are
    therefore exact; a single entity may miss what it did while it was small beside the others.
    """

    def __init__(self, grid: Grid, kinds: tuple[str, ...], top: int) -> None:
        self.grid = grid
        self.kinds = kinds
        self.top = max(1, min(top, CELLS // grid.bins // max(len(kinds), 1)))
        self.room = {kind: self._room(kind) for kind in kinds}
        self.rows: dict[tuple[str, int], int] = {}
        self._free: list[int] = []
        n = grid.bins
        blank = np.zeros((0, n))
        self.sums = Sums(blank, blank, blank, np.zeros((0, n + 1)), np.zeros((0, n + 1)), blank, blank)
        self._sampled = False

    def _room(self, kind: str) -> int:
        """Kinds with a fixed vocabulary keep all."""
        fixed = {"scope": 2, "direction": 6, "family": 6, "class": 256}
        return fixed.get(kind, min(3 * self.top, max(self.top + 1, CELLS // self.grid.bins // len(self.kinds))) + 1)

    def rows_of(self, kind: str, keys: Keys, weight: np.ndarray) -> Keys:
        """The row of each flow's entity, given before the flows are added; ``weight`` float64 (n,): octets."""
        both = np.concatenate([keys.forward, keys.reverse]) if keys.reverse is not keys.forward else keys.forward
        unique, inverse = np.unique(both, return_inverse=True)
        octets = np.bincount(inverse, np.tile(weight, len(both) // max(len(weight), 1)), len(unique))
        self._admit(kind, unique, octets)
        row = np.array([self._row(kind, int(key)) for key in unique], np.int64)[inverse]
        return Keys(row[: len(weight)], row[-len(weight) :] if len(weight) else row)

    def _row(self, kind: str, key: int) -> int:
        if key == NONE:
            return -1
        return self.rows.get((kind, key), self.rows.get((kind, OTHER), -1))

    def _admit(self, kind: str, unique: np.ndarray, octets: np.ndarray) -> None:
        new = [i for i in range(len(unique)) if unique[i] != NONE and (kind, int(unique[i])) not in self.rows]
        if not new:
            return
        held = [key for k, key in self.rows if k == kind and key != OTHER]
        if len(held) + len(new) >= self.room[kind]:
            if (kind, OTHER) not in self.rows:
                self._open(kind, OTHER)
            new = sorted(new, key=lambda i: (-octets[i], int(unique[i])))[: max(1, self.room[kind] // 3)]
            excess = len(held) + len(new) - (self.room[kind] - 1)
            if excess > 0:
                totals = {key: self._total((kind, key)) for key in held}
                for key in sorted(held, key=lambda key: (totals[key], key))[:excess]:
                    self._fold((kind, key))
        for i in new:
            self._open(kind, int(unique[i]))

    def _total(self, entity: tuple[str, int]) -> float:
        row = self.rows[entity]
        return float(self.sums.octets[row].sum()) + float(np.cumsum(self.sums.octets_slope[row]).sum())

    def _open(self, kind: str, key: int) -> None:
        if not self._free:
            have = len(self.sums.octets)
            more = max(8, have // 2)
            self.sums = Sums(**{name: self._grown(name, a, more) for name, a in self.sums._asdict().items()})
            self._free = list(range(have + more - 1, have - 1, -1))
        self.rows[kind, key] = self._free.pop()

    def _grown(self, name: str, array: np.ndarray, more: int) -> np.ndarray:
        if name.endswith("variance") and not self._sampled:
            return array
        return np.concatenate([array, np.zeros((more, array.shape[1]))])

    def _fold(self, entity: tuple[str, int]) -> None:
        """Add an entity's row to "other" of its kind and give it back."""
        row, other = self.rows.pop(entity), self.rows[entity[0], OTHER]
        for array in self.sums:
            if len(array):
                array[other] += array[row]
                array[row] = 0.0
        self._free.append(row)

    def add(self, lives: Lives, forward: np.ndarray, reverse: np.ndarray) -> None:
        """Spread flows over their rows (n, kinds)."""
        if not self._sampled and len(lives.interval) and int(lives.interval.max()) > 1:
            self._sampled = True
            shape = self.sums.octets.shape
            self.sums = self.sums._replace(octets_variance=np.zeros(shape), packets_variance=np.zeros(shape))
        spread(lives, forward, reverse, self.grid, self.sums)

    def trim(self) -> None:
        """Keep the largest ``top`` of each open-ended kind, the rest in "other"."""
        for kind in self.kinds:
            held = [(k, key) for k, key in self.rows if k == kind and key != OTHER]
            if kind in ("scope", "direction", "family", "class") or len(held) <= self.top:
                continue
            if (kind, OTHER) not in self.rows:
                self._open(kind, OTHER)
            for entity in sorted(held, key=lambda e: (-self._total(e), e))[self.top :]:
                self._fold(entity)

    def values(self, row: int, counter: str) -> tuple[np.ndarray, np.ndarray]:
        """Values and sampling variance of one row's counter, float64 (bins,)."""
        whole: np.ndarray = getattr(self.sums, counter)[row]
        if counter == "flows":
            return whole, np.zeros(len(whole))
        variance: np.ndarray = getattr(self.sums, f"{counter}_variance")
        slope = getattr(self.sums, f"{counter}_slope")[row]
        return settle(whole, slope), variance[row] if len(variance) else np.zeros(len(whole))
