"""A report over a past period draws what its detectors judged by."""

from __future__ import annotations

import numpy as np
from naive.lived import lived

from netwatch.config import Options
from netwatch.detect import DetectOptions, baseline
from netwatch.detect.clock import DAY
from netwatch.pipeline.retrospect import Kept, retrospect
from netwatch.store import FlowStore


def test_bands_are_of_the_local_time_that_the_rhythm_tells():
    series = lived("Europe/Berlin")
    (one,) = series.series.values()
    since, until = series.bins.start + 390 * DAY, series.bins.start + 420 * DAY
    with FlowStore.scratch() as store:
        told = retrospect(Kept("month", since, until, store.table, series, (), (), ()), Options())
    band = told.baselines[one.entity, one.counter]
    local, utc = (
        baseline(one, DetectOptions(timezone=zone)).expected[-len(band.expected) :] for zone in ("Europe/Berlin", "UTC")
    )
    np.testing.assert_array_equal(band.expected, local)
    assert not np.allclose(band.expected, utc)
    assert "European summer time" in str(told.parameters["local_time"])
