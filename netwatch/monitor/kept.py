"""The kept series of a monitor: over all of their time, and in the bins in which lasting changes show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netwatch.model.series import Bins, SeriesSet
from netwatch.model.sums import EXPORTER, BinSums
from netwatch.monitor.journal import Journal
from netwatch.series import run_apart, series_from
from netwatch.store.series_at_rest import FINE, HOUR

QUARTER = 3 * FINE


def kept_series(journal: Journal, width: int, kinds: Sequence[str]) -> SeriesSet:
    """The series of some kinds in bins of ``width`` ns, a multiple of five minutes, from the first that is kept on."""
    totals = journal.state.totals()
    sums = journal.series.fine(0, totals["last"] + FINE, (*kinds, EXPORTER))
    if not len(sums):
        return SeriesSet(Bins(0, width, 0))
    first = max(totals["first"], int(sums.start.min()))
    bins = Bins.covering(first, totals["last"], width)
    return series_from(sums, bins, (first, totals["last"]), replace(journal.options.run.series, by=tuple(kinds)))


def wide(journal: Journal, since: int, until: int, kinds: Sequence[str]) -> tuple[BinSums, Bins]:
    """Sums of some kinds in the hours from one instant (ns) to another, and the bins to lay them into.

    Where captures ran now and then, they are finer ones in bins no wider than the captures ran: of an hour in which
    15 minutes were captured most is unknown.
    """
    bins = Bins.covering(since, until, HOUR)
    sums = journal.series.hours(bins.start, bins.end, (*kinds, EXPORTER))
    run = run_apart(sums)
    if not 0 < run < HOUR:
        return sums, bins
    bins = fine_bins(journal, since, until, QUARTER if run >= QUARTER else FINE)
    return journal.series.fine(bins.start, bins.end, (*kinds, EXPORTER)), bins


def fine_bins(journal: Journal, since: int, until: int, width: int = FINE) -> Bins:
    """Bins from one instant (ns) to another, but for those before the five-minute sums that are kept: what has expired
    is not nothing.
    """
    return Bins.covering(min(max(since, journal.series.since), until), until, width)


def heard_within(sums: BinSums, since: int, until: int) -> tuple[int, int]:
    """From the first to the last bin that shows a sign of an exporter or a capture, within two instants, ns.

    What lies before and after is not known to be silence: the signs by which that is judged are beyond what is looked
    at.
    """
    heard = sums.start[sums.kind == EXPORTER]
    return (max(since, int(heard.min())), min(until, int(heard.max()) + sums.width)) if len(heard) else (since, until)
