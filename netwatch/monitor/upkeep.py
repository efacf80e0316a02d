"""Once a day of the data: small files joined, what is past its time deleted."""

from __future__ import annotations

import numpy as np

from netwatch.monitor.journal import Journal

SECOND = 10**9
DAY = 86_400 * SECOND


def keep_up(journal: Journal) -> None:
    """Compact the days that are complete and expire what retention lets go, when the data has reached another day."""
    state, retention = journal.state, journal.options.retention
    last = state.totals()["last"]
    today = date_of(last)
    if not last or state.get("kept_up") == today:
        return
    before = state.get("kept_up")
    done = [day for day in journal.lake.days() if before <= day < today]
    journal.lake.compact(done)
    journal.series.compact()
    kept_from = date_of(last - int(retention.flows * SECOND))
    gone = journal.lake.expire(kept_from)
    journal.series.expire(date_of(last - int(retention.bins * SECOND)))
    with state.change():
        state.put("kept_up", today)
        if gone:
            state.put("expired", max(kept_from, state.get("expired")))


def date_of(instant: int) -> str:
    """The UTC date of an instant, ns."""
    return str(np.datetime64(max(instant, 0), "ns").astype("M8[D]"))
