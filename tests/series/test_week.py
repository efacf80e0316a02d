"""The hour-of-week profile is a mean rate in local time, and knows what it did not see."""

from __future__ import annotations

import numpy as np

from netwatch.model.series import Bins, Entity, Series
from netwatch.series.week import hour_of_week

HOUR = 3600 * 10**9
MONDAY = 1_546_819_200 * 10**9  # 2019-01-07T00:00:00Z


def hourly(values: np.ndarray, width: int = HOUR) -> Series:
    ones = np.ones(len(values))
    return Series(Entity("scope", "all"), "octets", Bins(MONDAY, width, len(values)), values, ones, 0 * ones, ones)


def test_each_hour_of_the_week_has_its_mean_rate() -> None:
    values = np.tile(np.arange(168.0) * 3600, 2)
    values[168:] += 7200
    matrix = hour_of_week(hourly(values), MONDAY, MONDAY + 336 * HOUR)
    np.testing.assert_allclose(matrix.ravel(), np.arange(168) + 1)


def test_local_time_moves_the_hours() -> None:
    matrix = hour_of_week(hourly(np.arange(168.0) * 3600), MONDAY, MONDAY + 168 * HOUR, "Asia/Seoul")
    assert matrix[0, 9] == 0
    assert matrix[6, 9] == 144


def test_what_was_not_seen_is_unknown() -> None:
    values = np.ones(168)
    values[5] = np.nan
    matrix = hour_of_week(hourly(values), MONDAY, MONDAY + 100 * HOUR)
    assert np.isnan(matrix[0, 5])
    assert np.isnan(matrix.ravel()[100:]).all()
    assert np.isnan(hour_of_week(hourly(values, 24 * HOUR), MONDAY, MONDAY + 168 * 24 * HOUR)).all()
