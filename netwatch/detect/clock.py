"""Bins in the watched network's local time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.errors import UsageError
from netwatch.model.series import Bins

DAY = 86_400 * 10**9


class Clock(NamedTuple):
    """Local day and slot of each bin.

    ``day``, ``slot`` int64 (bins,): day counted from the first, slot of the day. ``slots`` of a day, ``days`` in all.
    ``weekday`` int64 (days,): 0 Monday. ``noon`` int64 (days,): ns UTC of each day's local start.
    """

    day: np.ndarray
    slot: np.ndarray
    slots: int
    days: int
    weekday: np.ndarray
    midnight: np.ndarray


def local_clock(bins: Bins, timezone: str | None) -> Clock:
    """The bins' local days and slots; a day has at most 288 slots.

    Raises:
        UsageError: no such time zone.
    """
    times = bins.times()
    offset = _offsets(times, timezone)
    local = times + offset
    day = local // DAY
    slots = int(min(288, max(1, DAY // bins.width)))
    first = int(day[0])
    days = int(day[-1]) - first + 1
    numbers = first + np.arange(days)
    at = np.minimum(np.searchsorted(day, numbers), len(times) - 1)
    return Clock(day - first, (local % DAY) * slots // DAY, slots, days, (numbers + 3) % 7, numbers * DAY - offset[at])


def _offsets(times: np.ndarray, timezone: str | None) -> np.ndarray:
    """Local time minus UTC at each instant, int64 ns."""
    if timezone is None or timezone == "UTC":
        return np.zeros(len(times), np.int64)
    import zoneinfo

    import pandas as pd

    try:
        zone = zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise UsageError(f"no time zone {timezone!r}; give an IANA name such as Asia/Pyongyang") from fault
    stamps = pd.DatetimeIndex(times, tz="UTC").as_unit("ns")
    wall = stamps.tz_convert(zone).tz_localize(None)
    offset: np.ndarray = np.asarray(wall.asi8 - stamps.asi8, np.int64)
    return offset
