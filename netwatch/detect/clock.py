"""Bins in the watched network's local time."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from netwatch.errors import UsageError
from netwatch.model.series import Bins

SECOND = 10**9
DAY = 86_400 * SECOND


class Clock(NamedTuple):
    """Local day and slot of each bin.

    ``day``, ``slot`` int64 (bins,): day counted from the first, slot of the day. ``slots`` of a day, ``days`` in all.
    ``weekday`` int64 (days,): 0 Monday. ``midnight`` int64 (days,): ns UTC of each day's local start.
    ``first``: number of the first day, counted from 1970-01-01.
    """

    day: np.ndarray
    slot: np.ndarray
    slots: int
    days: int
    weekday: np.ndarray
    midnight: np.ndarray
    first: int


@lru_cache(maxsize=4)
def local_clock(bins: Bins, timezone: str | None) -> Clock:
    """The bins' local days and slots; a day has at most 288 slots. Kept for other series of a run: not to be changed.

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
    slot = (local % DAY) * slots // DAY
    arrays = (day - first, slot, (numbers + 3) % 7, numbers * DAY - offset[at])
    for array in arrays:
        array.flags.writeable = False
    return Clock(*arrays[:2], slots, days, *arrays[2:], first)


def _offsets(times: np.ndarray, timezone: str | None) -> np.ndarray:
    """Local time minus UTC at each of some increasing instants, int64 ns.

    Asked of the zone four times a day, and bin by bin only between two answers that differ.
    """
    if timezone is None or timezone == "UTC":
        return np.zeros(len(times), np.int64)
    zone = _zone(timezone)
    ends = np.append(np.unique(np.searchsorted(times, np.arange(times[0], times[-1] + 1, DAY // 4))), len(times) - 1)
    told = np.array([_offset(int(times[at]), zone) for at in ends])
    offset = np.repeat(told[:-1], np.diff(ends))
    for at in np.flatnonzero(np.diff(told)):
        offset[ends[at] : ends[at + 1]] = [_offset(int(t), zone) for t in times[ends[at] : ends[at + 1]]]
    return np.append(offset, told[-1])


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise UsageError(f"no time zone {name!r}; give an IANA name such as Asia/Pyongyang") from fault


def _offset(instant: int, zone: zoneinfo.ZoneInfo) -> int:
    """Local time minus UTC at an instant, ns."""
    local = dt.datetime.fromtimestamp(instant // SECOND, zone).utcoffset() or dt.timedelta()
    return round(local.total_seconds()) * SECOND
