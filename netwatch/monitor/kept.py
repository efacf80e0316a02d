"""The kept series of a monitor, over all of their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netwatch.model.series import Bins, SeriesSet
from netwatch.model.sums import EXPORTER
from netwatch.monitor.journal import Journal
from netwatch.series import series_from
from netwatch.store.series_at_rest import FINE


def kept_series(journal: Journal, width: int, kinds: Sequence[str]) -> SeriesSet:
    """The series of some kinds in bins of ``width`` ns, a multiple of five minutes, from the first that is kept on."""
    totals = journal.state.totals()
    sums = journal.series.fine(0, totals["last"] + FINE, (*kinds, EXPORTER))
    if not len(sums):
        return SeriesSet(Bins(0, width, 0))
    first = max(totals["first"], int(sums.start.min()))
    bins = Bins.covering(first, totals["last"], width)
    return series_from(sums, bins, (first, totals["last"]), replace(journal.options.run.series, by=tuple(kinds)))
