"""Local days and slots against pandas, over changes of daylight saving time and of the zone itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netwatch.detect.clock import DAY, local_clock
from netwatch.model.series import Bins

HOUR = DAY // 24


def test_one_bin_is_a_clock_too():
    clock = local_clock(Bins(1_500_000_000 * 10**9, HOUR, 1), "Asia/Tokyo")
    assert (clock.days, clock.slot.tolist(), clock.weekday.tolist()) == (1, [11], [4])


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Pyongyang", "Australia/Lord_Howe", "America/St_Johns"])
@pytest.mark.parametrize("width", [HOUR // 12, HOUR])
def test_local_time_is_that_of_pandas(zone, width):
    bins = Bins(1_483_228_800 * 10**9 + 7 * HOUR, width, 500 * DAY // width)
    clock = local_clock(bins, zone)
    wall = pd.DatetimeIndex(bins.times(), tz="UTC").tz_convert(zone).tz_localize(None)
    day = wall.normalize().asi8 // pd.Timedelta(1, wall.unit).value
    seconds = wall.hour * 3600 + wall.minute * 60 + wall.second
    np.testing.assert_array_equal(clock.slot, seconds * clock.slots // 86_400)
    assert len(np.unique(clock.day)) == len(np.unique(day))
    np.testing.assert_array_equal(np.diff(clock.day) != 0, np.diff(day) != 0)
    np.testing.assert_array_equal(clock.weekday[clock.day], wall.weekday)
