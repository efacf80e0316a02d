"""``Series``: one counter of one entity over equal bins."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

COUNTERS = ("octets", "packets", "flows", "peers")
"""Octets, packets and flows are additive; peers are distinct addresses outside the scope seen in the bin."""


@dataclass(frozen=True, slots=True)
class Bins:
    """``count`` half-open bins ``[start + i*width, start + (i+1)*width)``; ``start`` and ``width`` in ns."""

    start: int
    width: int
    count: int

    @property
    def end(self) -> int:
        """The instant after the last bin, ns."""
        return self.start + self.width * self.count

    def times(self) -> np.ndarray:
        """Start of each bin, int64 ns (count,)."""
        return self.start + self.width * np.arange(self.count, dtype=np.int64)

    def part(self, first: int, end: int) -> Bins:
        """The bins ``first`` to ``end`` (half-open) of these."""
        return Bins(self.start + first * self.width, self.width, end - first)

    @classmethod
    def covering(cls, first: int, last: int, width: int) -> Bins:
        """The bins, aligned to multiples of ``width``, that hold both instants (ns)."""
        start = first // width * width
        return cls(start, width, (last - start) // width + 1)


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """What a series is about: ``kind`` ("scope", "watch", "asn", "class", "direction", "port", "prefix", "upstream")
    and its ``value`` as people write it ("all", "AS131279", "mining.stratum.cryptonote", "inbound", "tcp/443").
    """

    kind: str
    value: str

    def __str__(self) -> str:
        return self.value if self.kind == "scope" else f"{self.kind} {self.value}"


@dataclass(slots=True)
class Series:
    """One counter of one entity.

    ``values`` float64 (count,): estimate per bin, corrected for sampling and for partial coverage; NaN where the bin
    was not observed (never 0 for a gap). ``coverage`` float64 (count,): observed share of the bin, 0 to 1.
    ``variance`` float64 (count,): variance of ``values`` that sampling brings, 0 where unsampled.
    ``sampling`` float64 (count,): mean packet interval in force, NaN where not observed; it marks epochs.
    """

    entity: Entity
    counter: str
    bins: Bins
    values: np.ndarray
    coverage: np.ndarray
    variance: np.ndarray
    sampling: np.ndarray

    def part(self, first: int, end: int) -> Series:
        """The bins ``first`` to ``end`` (half-open); the values are shared, not copied."""
        columns = (column[first:end] for column in (self.values, self.coverage, self.variance, self.sampling))
        return Series(self.entity, self.counter, self.bins.part(first, end), *columns)


@dataclass(slots=True)
class SeriesSet:
    """All series of a run; they share ``bins``, coverage and sampling.

    ``counted``: for octets, packets and flows of all that is watched, float64 (count,), what was counted in each bin,
    corrected for sampling alone: the sums of an account, where ``Series.values`` are estimates of a rate.
    """

    bins: Bins
    series: dict[tuple[Entity, str], Series] = field(default_factory=dict)
    counted: dict[str, np.ndarray] = field(default_factory=dict)

    def part(self, first: int, end: int) -> SeriesSet:
        """The bins ``first`` to ``end`` (half-open) of every series."""
        series = {key: one.part(first, end) for key, one in self.series.items()}
        counted = {counter: values[first:end] for counter, values in self.counted.items()}
        return SeriesSet(self.bins.part(first, end), series, counted)

    def of(self, kind: str, counter: str) -> list[Series]:
        """The series of one kind of entity and one counter, largest sum first."""
        chosen = [s for (e, c), s in self.series.items() if e.kind == kind and c == counter]
        return sorted(chosen, key=lambda s: (-float(np.nansum(s.values)), s.entity))

    def get(self, kind: str, value: str, counter: str) -> Series | None:
        """One series, or None."""
        return self.series.get((Entity(kind, value), counter))
