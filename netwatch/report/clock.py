"""Times as a report prints them: RFC 3339 in its zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from netwatch.errors import UsageError

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class Clock:
    """The zone of a report, as a ``tzinfo`` and as its IANA name."""

    zone: dt.tzinfo
    name: str

    @classmethod
    def of(cls, name: str) -> Clock:
        """The clock of an IANA zone.

        Raises:
            UsageError: no such zone.

        """
        if name in ("", "UTC"):
            return cls(dt.UTC, "UTC")
        try:
            return cls(ZoneInfo(name), name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(f"unknown time zone {name!r}") from None

    def moment(self, nanoseconds: int) -> dt.datetime:
        """The local time, held within what a calendar can say (years 2 to 9998)."""
        seconds = min(max(nanoseconds // SECOND, -62_000_000_000), 253_000_000_000)
        utc = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
        return utc.astimezone(self.zone)

    def instant(self, nanoseconds: int | None) -> str:
        """RFC 3339 to the second: ``2018-03-04T05:00:00Z``; "end of data" for None."""
        if nanoseconds is None:
            return "end of data"
        moment = self.moment(nanoseconds)
        offset = moment.utcoffset()
        if offset is not None and offset.total_seconds() % 60:  # local mean time, which RFC 3339 cannot say
            moment = moment.astimezone(dt.UTC)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

    def day(self, nanoseconds: int) -> str:
        """The local date."""
        return self.moment(nanoseconds).date().isoformat()

    def when(self, nanoseconds: int, window: int) -> str:
        """A time as exactly as a window of that many ns deserves: the date for months, the second for an hour."""
        if window >= 60 * DAY:
            return self.day(nanoseconds)
        return self.moment(nanoseconds).strftime("%Y-%m-%d %H:%M" if window >= DAY else "%H:%M:%S")

    def minute(self, nanoseconds: int | None, window: int) -> str:
        """A time to the minute where the window is of days, else to the second; "end of data" for None."""
        if nanoseconds is None or window < DAY:
            return self.instant(nanoseconds)
        return self.moment(nanoseconds).strftime("%Y-%m-%d %H:%M")

    def brief(self, since: int, until: int, window: int) -> str:
        """A span as exactly as a window of that many ns deserves, one date said once."""
        if window >= 60 * DAY and until - since >= 2 * DAY:
            return f"{self.day(since)} to {self.day(until)}"
        first, last = self.moment(since), self.moment(until)
        form = "%H:%M" if window >= DAY else "%H:%M:%S"
        if window < DAY:
            return f"{first.strftime(form)}–{last.strftime(form)}"
        if first.date() == last.date():
            return f"{first.date().isoformat()} {first.strftime(form)}–{last.strftime(form)}"
        return f"{first.strftime('%Y-%m-%d %H:%M')} to {last.strftime('%m-%d %H:%M')}"

    def span(self, since: int, until: int | None) -> str:
        """``since`` to ``until`` (half-open) in words."""
        return f"{self.instant(since)} to {self.instant(until)}"
