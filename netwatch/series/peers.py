"""Distinct peers of the entities of a fixed vocabulary."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.sketch import EXACT, Pages, distinct, hashed, note
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows
from netwatch.series.keys import direction_of

PEERED = ("scope", "direction", "family", "watch", "class")
"""Kinds whose peers are counted."""
LIMIT = 1 << 20
"""Most sketches: 277 MB."""


class PeerCounts:
    """Peers (addresses outside the scope; of transit both ends) by (row of the ledger, bin)."""

    def __init__(self, count: int) -> None:
        self._pages = Pages(np.full((0, count), -1, np.int32), np.zeros((1024, EXACT + 1), np.uint64))
        self._used = 0

    def add(self, flows: Flows, bins: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> None:
        """Count the peers of flows that live from one bin to another in their rows (n, k)."""
        if not rows.size:
            return
        self._widen(int(rows.max()) + 1)
        direction = direction_of(flows)
        for side, ways in (
            ("source_address", (Direction.INBOUND, Direction.TRANSIT)),
            ("destination_address", (Direction.OUTBOUND, Direction.TRANSIT)),
        ):
            peers = np.where(np.isin(direction, ways), hashed(flows[side]), np.uint64(0))
            self._note(peers, bins, rows)

    def _note(self, peers: np.ndarray, bins: tuple[np.ndarray, np.ndarray], rows: np.ndarray) -> None:
        at = 0
        while at < len(peers):
            state = np.array([self._used, at, len(self._pages.pool) >= LIMIT], np.int64)
            at = int(note(peers, bins[0], bins[1], rows, self._pages, state))
            self._used = int(state[0])
            if at < len(peers):
                pool = self._pages.pool
                self._pages = self._pages._replace(pool=np.concatenate([pool, np.zeros_like(pool)]))

    def _widen(self, rows: int) -> None:
        table = self._pages.table
        if rows > len(table):
            more = np.full((rows + 8 - len(table), table.shape[1]), -1, np.int32)
            self._pages = self._pages._replace(table=np.concatenate([table, more]))

    def counts(self, row: int) -> np.ndarray:
        """Distinct peers in each bin of a row, float64 (bins,)."""
        self._widen(row + 1)
        counted: np.ndarray = distinct(self._pages, row)
        return counted

    @property
    def exhausted(self) -> int:
        """Bins that were left without a sketch."""
        return int((self._pages.table == -2).sum())
