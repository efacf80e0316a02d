"""``Study``: the series under detection, with what several detectors need of them, computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from netwatch.detect.expectation import Baseline, baseline
from netwatch.detect.options import DetectOptions
from netwatch.model.change import Change
from netwatch.model.series import Entity, Series, SeriesSet

LEAST_BINS = 30
LEAST_SEEN = 0.2
"""A series with traffic in a smaller share of its known bins has no baseline to leave."""


class Study:
    """Series with their baselines."""

    def __init__(
        self,
        series: SeriesSet,
        options: DetectOptions,
        count: int | None = None,
        flows: Mapping[Entity, float] | None = None,
    ) -> None:
        self.series = series
        self.options = options
        self._flows = _flows(series) if flows is None else flows
        self.count = sum(1 for _ in self.watched()) if count is None else count
        """Series that share the budget of false alarms."""
        self._baselines: dict[int, Baseline] = {}

    def watched(self) -> Iterator[Series]:
        """The series that have a level: enough known bins, traffic in enough of them; of upstreams the shares count."""
        for one in self.series.series.values():
            if one.entity.kind == "upstream" or _remainder(one):
                continue
            known = np.count_nonzero(~np.isnan(one.values))
            if known >= LEAST_BINS and np.count_nonzero(one.values > 0) >= LEAST_SEEN * known:
                yield one

    def each(self) -> Iterator[Study]:
        """A study of each watched series alone, so that one baseline is held at a time."""
        for one in self.watched():
            alone = SeriesSet(self.series.bins, {(one.entity, one.counter): one})
            yield Study(alone, self.options, self.count, self._flows)

    def flows(self, series: Series) -> float:
        """Flows that a series rests on; 0 where only those of others are counted, infinity where none are."""
        return self._flows.get(series.entity, 0.0 if self._flows else np.inf)

    def baseline(self, series: Series) -> Baseline:
        """The series' baseline."""
        key = id(series)
        if key not in self._baselines:
            self._baselines[key] = baseline(series, self.options)
        return self._baselines[key]


def _flows(series: SeriesSet) -> dict[Entity, float]:
    """Flows of each entity of which they are counted."""
    return {one.entity: float(np.nansum(one.values)) for one in series.series.values() if one.counter == "flows"}


def _remainder(series: Series) -> bool:
    return series.entity.value == "other" and series.entity.kind not in ("direction", "family", "class")


Detector = Callable[[Study], Iterator[Change]]
"""Finds changes of one kind; its first line says which."""
