"""``BinSums``: what flows add up to in each bin, before coverage is allowed for; parts can be added up."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

EXPORTER = "exporter"
"""Kind of the rows that tell who was heard: ``flows`` counts records, ``packets`` sums their sampling intervals.

The columns of variance hold seconds: of how many it is known what was sent, and of that, how many came.
"""
CAPTURES = "captures"
"""Value of the exporter's row that tells for how many seconds captures ran, in ``octets_variance``."""
PARTS = ("octets", "octets_variance", "packets", "packets_variance", "flows")
"""Columns that add up. ``peers`` does not: of two parts of a bin the larger count stands, the least that is certain."""


@dataclass(slots=True)
class BinSums:
    """Equally long columns, one row per bin and entity: ``start`` int64 (ns UTC), ``kind`` and ``value`` (text, as in
    ``Entity``), the counters float64, corrected for sampling; all bins of ``width`` ns.
    """

    width: int
    start: np.ndarray
    kind: np.ndarray
    value: np.ndarray
    octets: np.ndarray
    octets_variance: np.ndarray
    packets: np.ndarray
    packets_variance: np.ndarray
    flows: np.ndarray
    peers: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    @classmethod
    def empty(cls, width: int) -> BinSums:
        """No rows."""
        none = np.zeros(0)
        return cls(width, np.zeros(0, np.int64), none.astype(object), none.astype(object), *[none] * 6)

    @classmethod
    def joined(cls, width: int, parts: list[BinSums]) -> BinSums:
        """The rows of all parts; those of one bin and entity still stand apart."""
        if not parts:
            return cls.empty(width)
        names = [f.name for f in fields(cls) if f.name != "width"]
        return cls(width, *(np.concatenate([getattr(p, name) for p in parts]) for name in names))

    def without(self, kind: str) -> BinSums:
        """The rows of all other kinds."""
        return self.take(self.kind != kind)

    def take(self, rows: np.ndarray) -> BinSums:
        """Some rows: a mask, bool (n,), or places."""
        columns = (getattr(self, f.name)[rows] for f in fields(self) if f.name != "width")
        return BinSums(self.width, *columns)
