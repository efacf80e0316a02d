"""The two passes over the flows.

The first reads, meters, scopes, recognises payload while it is at hand, and stores; then
verdicts are concluded over all that is stored. The second gives each stored flow its class and folds it into series.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from netwatch.config import Options
from netwatch.meter import Copies, Meter
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows, octets_both, rebatched
from netwatch.model.packets import Packets
from netwatch.model.series import SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.verdict import Verdict, located
from netwatch.pipeline.exporters import exporters, once
from netwatch.read import InputFile, Inputs, open_inputs
from netwatch.scope import Scope
from netwatch.store import FlowStore

BATCH = 65_536
"""Flows that go through the stages at a time."""

UNSET = dt.datetime(1995, 1, 1, tzinfo=dt.UTC)
"""A clock that tells of a time before was never set."""

HELD = 16_384
"""Flows that the meter may hold back: a batch costs as much as some hundred flows."""

Advance = Callable[[Inputs], None]
"""Told now and then how far the inputs are read."""


@dataclass(slots=True)
class Judged:
    """Flows with scope, class and role in ``store``, and what was learnt on the way.

    ``exporters``: the largest ones with the timeouts by which they cut flows, JSON-ready.
    """

    inputs: Inputs
    scope: Scope
    store: FlowStore
    verdicts: list[Verdict]
    series: SeriesSet | None
    tallies: list[Tally]
    exporters: list[dict[str, Any]]


def metered(inputs: Inputs, meter: Meter, advance: Advance, copies: Copies | None = None) -> Iterator[Flows]:
    """The flows of all inputs: those exported as they are, packets through the meter."""
    for batch in inputs:
        if isinstance(batch, Packets):
            yield meter.add(copies.once(batch) if copies else batch, HELD)
        else:
            yield batch
        advance(inputs)
    yield from meter.drain()


def within(flows: Flows, since: int | None, until: int | None, tally: Tally) -> Flows:
    """The flows that touch the window; the others are counted as outside it."""
    keep = np.ones(len(flows), bool)
    if since is not None:
        keep &= flows["flow_end_nanoseconds"] >= since
    if until is not None:
        keep &= flows["flow_start_nanoseconds"] < until
    octets = octets_both(flows)
    kept = int(keep.sum())
    tally.keep(kept, int(octets[keep].sum()))
    if kept == len(flows):
        return flows
    tally.drop("outside --from and --to", len(flows) - kept, int(octets[~keep].sum()))
    return flows.take(keep)


def input_names(files: Sequence[InputFile]) -> dict[int, str]:
    """What evidence calls each input: its file's name, where another has the same its path."""
    names = Counter(Path(file.path).name for file in files)
    return {f.index: f.path if names[Path(f.path).name] > 1 else Path(f.path).name for f in files}


def likely_span(flows: Any) -> tuple[int, int]:
    """First and last instant (ns) of an Ibis table of flows, those of a wild clock left aside.

    A flow that begins or ends more than ten times the span of the middle 99.8 % beyond it is taken for one; a single
    such flow would otherwise stretch the bins of a day over decades. Clocks that were not set tell of 1970 and the days
    after: of flows before 1995 and later ones only those count that are more.
    """
    unset = flows.flow_start < UNSET
    before = flows.aggregate(share=unset.mean()).to_pyarrow().to_pylist()[0]["share"]
    flows = flows.filter(unset if before > 0.5 else ~unset)
    middle = flows.aggregate(low=flows.flow_start.quantile(0.001), high=flows.flow_end.quantile(0.999))
    low, high = middle.to_pyarrow().to_pylist()[0].values()
    margin = 10 * max(high - low, dt.timedelta(minutes=1))
    likely = flows.filter((flows.flow_start >= low - margin) & (flows.flow_end <= high + margin))
    span = likely.aggregate(first=likely.flow_start.min(), last=likely.flow_end.max()).to_pyarrow()
    first, last = (span.column(name).cast("int64")[0].as_py() * 1000 for name in ("first", "last"))
    return first, last


@contextmanager
def judged(paths: Sequence[str | Path], options: Options, advance: Advance = lambda _inputs: None) -> Iterator[Judged]:
    """Both passes; the stored flows live as long as the ``with`` block.

    Raises:
        UsageError: a path or an option that means nothing.
        UnreadableInput: nothing could be read from any input.
        OutputError: no room for what must be kept aside.
    """
    from netwatch.fingerprint import Fingerprinter
    from netwatch.series import SeriesBuilder

    scope = Scope.build(options.scope)
    inputs = open_inputs(paths, options.read)
    meter, fingerprinter = Meter(options.meter), Fingerprinter(options.fingerprint)
    copies = Copies([file.begins for file in inputs.files], dedupe=options.meter.dedupe)
    window = Tally("window", "flow record")
    with FlowStore.scratch() as observed, FlowStore.scratch() as store:
        for flows in rebatched(metered(inputs, meter, advance, copies), BATCH):
            scoped = scope.annotate(within(flows, options.since, options.until, window))
            observed.append(fingerprinter.observe(scoped.take(scoped["direction"] != Direction.OUTSIDE)))
        observed.flush()
        twice = once(observed, dedupe=options.meter.dedupe)
        verdicts = located(fingerprinter.conclude(observed.table), input_names(inputs.files))
        series = None
        if observed.rows:
            names = tuple(group.name for group in scope.groups)
            folding = replace(options.series, watch=names)
            builder = SeriesBuilder(folding, likely_span(observed.table), inputs.heard)
            for flows in observed.batches():
                classified = fingerprinter.classify(flows)
                store.append(classified)
                builder.add(classified)
            series = builder.result()
        store.flush()
        folded = [builder.tally] if observed.rows else []
        tallies = [*inputs.tallies, *copies.tallies, meter.tally, window, scope.tally, *twice, *folded]
        yield Judged(inputs, scope, store, verdicts, series, tallies, exporters(observed))
