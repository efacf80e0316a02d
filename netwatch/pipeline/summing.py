"""Flows of some inputs to the sums that are kept of them, whatever batches they come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from netwatch.model.flows import Flows
from netwatch.model.heard import Heard
from netwatch.model.sums import BinSums
from netwatch.series import SeriesOptions, sums_of
from netwatch.store.lake import Ingest

SECOND = 10**9
DAY = 86_400 * SECOND
FINE = 300 * SECOND
"""Width of the kept bins."""
CHUNK_DAYS = 32
"""Days of flows that are summed at a time: a bound on memory for inputs that span years."""
EVEN = 65_536
"""Flows that are summed at a time: which entities are kept apart is decided on a batch, so that all are alike."""


def summed(batches: Iterable[Flows], entries: Sequence[Ingest], options: SeriesOptions) -> BinSums:
    """Sums of the flows of some inputs, in the inputs' order."""
    kept = [entry for entry in entries if entry.rows]
    if not kept:
        return BinSums.empty(FINE)
    first, last = min(e.first for e in kept), max(e.last for e in kept)
    heard = [span for entry in kept for span in entry.spans]
    if last - first <= CHUNK_DAYS * DAY:
        parts = [sums_of(even(batches), (first, last), options, heard)]
    else:
        parts = _in_chunks(list(batches), options, heard)
    return BinSums.joined(FINE, parts)


def even(batches: Iterable[Flows], size: int = EVEN) -> Iterator[Flows]:
    """The same flows in the same order, in batches of ``size`` but for the last."""
    held: list[Flows] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += len(batch)
        if count >= size:
            whole = Flows.concatenate(held)
            for at in range(0, count - size + 1, size):
                yield _rows(whole, at, at + size)
            rest = count % size
            held, count = [_rows(whole, count - rest, count)], rest
    if count:
        yield Flows.concatenate(held)


def _rows(flows: Flows, start: int, end: int) -> Flows:
    """Some rows in a line, which are not copied."""
    return Flows({name: column[start:end] for name, column in flows.columns.items()})


def _in_chunks(batches: Sequence[Flows], options: SeriesOptions, heard: Sequence[Heard]) -> list[BinSums]:
    """Sums of flows that span long, those that begin in the same weeks together."""
    flows = Flows.concatenate(batches)
    chunk = flows["flow_start_nanoseconds"] // (CHUNK_DAYS * DAY)
    parts = []
    for number in np.unique(chunk):
        some = flows.take(chunk == number)
        span = int(some["flow_start_nanoseconds"].min()), int(some["flow_end_nanoseconds"].max())
        parts.append(sums_of(even([some]), span, options, heard))
    return parts
