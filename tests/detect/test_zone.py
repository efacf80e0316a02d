"""Local time by the rhythm: whose summer time, how far from UTC; and no change where clocks change."""

from __future__ import annotations

import numpy as np
import pytest
from naive.lived import lived
from naive.volume import one

from netwatch.detect import DetectOptions, detect, local_time
from netwatch.detect.clock import DAY
from netwatch.model.change import ChangeKind
from netwatch.model.series import SeriesSet

SECOND = 10**9


@pytest.mark.parametrize(
    ("zone", "summer", "offset"),
    [
        ("Europe/Berlin", "European", 1), ("America/New_York", "North American", -5), ("Asia/Tokyo", "", 9),
        ("Asia/Pyongyang", "", 9), ("Australia/Sydney", "Australian", 10), ("UTC", "", 0),
    ],
)  # fmt: skip
def test_the_rhythm_tells_summer_time_and_about_the_offset(zone, summer, offset):
    found = local_time(lived(zone))
    assert found is not None
    assert found.summer == summer
    assert abs(found.offset - offset) <= 1
    assert (found.zone == "UTC") == (not summer)
    assert f"UTC{round(found.offset):+d} (± 2 h)" in found.words()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_change_of_clocks_is_no_change(zone):
    series = lived(zone, 800)
    found = detect(series, DetectOptions())
    assert [c for c in found if c.kind is ChangeKind.RHYTHM] == []
    assert len(found) <= len(detect(series, DetectOptions(timezone=zone))) + 1
    in_utc = detect(series, DetectOptions(timezone="UTC"))
    assert [c for c in in_utc if c.kind is ChangeKind.RHYTHM]


def test_no_rhythm_or_too_little_tells_nothing():
    assert local_time(lived("Europe/Berlin", 40)) is None
    assert local_time(lived("Europe/Berlin", depth=0.1)) is None
    assert local_time(one(np.full(100 * 24, np.nan))) is None
    assert local_time(one(np.ones(100), 86_400)) is None
    assert local_time(SeriesSet(lived("UTC", 2).bins)) is None


def test_fine_bins_and_gaps_tell_the_same():
    series = lived("Europe/Berlin", 300, width=900)
    (only,) = series.series.values()
    only.values[1000:3000] = np.nan
    only.coverage[1000:3000] = 0
    found = local_time(series)
    assert found is not None
    assert (found.summer, series.bins.count * series.bins.width) == ("European", 300 * DAY)
