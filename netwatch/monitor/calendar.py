"""Periods of a calendar: days, weeks from Monday, and months, in the reader's zone."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

SECOND = 10**9
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Period(NamedTuple):
    """``since``, ``until``: ns UTC, half-open; ``label``: ``2019-02-01``, ``2019-W05`` (ISO 8601) or ``2019-02``."""

    since: int
    until: int
    label: str


def period_of(every: str, instant: int, zone: dt.tzinfo) -> Period:
    """The day, week or month that holds an instant (ns UTC).

    A day lasts from midnight to midnight by the clock on the wall, so that one of summer time has 23 or 25 hours.
    """
    day = (EPOCH + dt.timedelta(seconds=instant // SECOND)).astimezone(zone).date()
    if every == "day":
        return Period(_midnight(day, zone), _midnight(day + dt.timedelta(days=1), zone), day.isoformat())
    if every == "week":
        first = day - dt.timedelta(days=day.weekday())
        year, week, _ = day.isocalendar()
        return Period(_midnight(first, zone), _midnight(first + dt.timedelta(days=7), zone), f"{year}-W{week:02}")
    first = day.replace(day=1)
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return Period(_midnight(first, zone), _midnight(after, zone), f"{day:%Y-%m}")


def next_due(every: str, told: int, newest: int, zone: dt.tzinfo, label: str = "") -> Period | None:
    """The period that a report is due for, None where there is none.

    ``told``: end of the last one reported, 0 before the first, which is then the last that is complete; ``label``: its
    label, since it may have ended by the clock of another zone. ``newest``: how far the data reaches. Of several that
    are due it is the earliest.
    """
    running = period_of(every, newest, zone)
    wanted = period_of(every, told, zone) if told else period_of(every, running.since - 1, zone)
    if wanted.label == label:
        wanted = period_of(every, wanted.until, zone)
    return wanted if wanted.until <= running.since else None


def _midnight(day: dt.date, zone: dt.tzinfo) -> int:
    moment = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) - EPOCH
    return (moment.days * 86_400 + moment.seconds) * SECOND
