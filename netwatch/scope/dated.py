"""``DatedTables``: the tables of a run, each flow looked up in the one valid at its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from netwatch.scope.catalogue import from_file, known_tables, loaded
from netwatch.scope.table import PrefixTable, TableInfo


class DatedTables:
    """Tables by date. A layer (AS, country) is looked up in the latest table that has it and is not after the flow's
    start, else in the earliest. ``used`` counts look-ups by layer and table.
    """

    def __init__(self, tables: list[tuple[TableInfo, Callable[[], PrefixTable]]]) -> None:
        self._tables = tables
        self.used: Counter[tuple[str, str]] = Counter()

    @classmethod
    def open(cls, path: Path | None) -> DatedTables:
        """The user's one table, or all that are known."""
        if path is None:
            return cls([(info, partial(loaded, directory)) for info, directory in known_tables()])
        table = from_file(path)
        return cls([(table.info, lambda: table)])

    def infos(self, layer: str) -> list[TableInfo]:
        """The tables that have a layer, by date."""
        return [info for info, _ in self._tables if layer in info.layers]

    def having(self, layer: str) -> list[PrefixTable]:
        """The tables that have a layer, by date, loaded."""
        return [table() for info, table in self._tables if layer in info.layers]

    def find(self, layer: str, addresses: np.ndarray, times: np.ndarray) -> np.ndarray:
        """uint32 (n,): the layer's value at (n, 2) addresses and times (ns UTC)."""
        tables = [(info, table) for info, table in self._tables if layer in info.layers]
        out = np.zeros(len(addresses), np.uint32)
        if not tables or not len(addresses):
            return out
        since = np.array([info.since for info, _ in tables], np.int64)
        which = np.maximum(np.searchsorted(since, times, side="right") - 1, 0)
        for number in np.unique(which):
            info, table = tables[int(number)]
            rows = which == number
            self.used[layer, str(info)] += int(rows.sum())
            out[rows] = table().find(layer, addresses[rows])
        return out
