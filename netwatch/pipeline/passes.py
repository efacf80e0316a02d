"""The two passes over the flows.

The first reads, meters, scopes, recognises payload while it is at hand, and stores; then
verdicts are concluded over all that is stored. The second gives each stored flow its class and folds it into series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netwatch.config import Options
from netwatch.fingerprint import Fingerprinter
from netwatch.meter import Meter
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows, octets_both, rebatched
from netwatch.model.packets import Packets
from netwatch.model.series import SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.verdict import Verdict
from netwatch.read import Inputs, open_inputs
from netwatch.scope import Scope
from netwatch.store import FlowStore

BATCH = 65_536
"""Flows that go through the stages at a time."""

Advance = Callable[[Inputs], None]
"""Told now and then how far the inputs are read."""


@dataclass(slots=True)
class Judged:
    """Flows with scope, class and role in ``store``, and what was learnt on the way."""

    inputs: Inputs
    scope: Scope
    store: FlowStore
    verdicts: list[Verdict]
    series: SeriesSet | None
    tallies: list[Tally]


def metered(inputs: Inputs, meter: Meter, advance: Advance) -> Iterator[Flows]:
    """The flows of all inputs: those exported as they are, packets through the meter."""
    for batch in inputs:
        yield meter.add(batch) if isinstance(batch, Packets) else batch
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


@contextmanager
def judged(paths: Sequence[str | Path], options: Options, advance: Advance = lambda _inputs: None) -> Iterator[Judged]:
    """Both passes; the stored flows live as long as the ``with`` block.

    Raises:
        UsageError: a path or an option that means nothing.
        UnreadableInput: nothing could be read from any input.
        OutputError: no room for what must be kept aside.
    """
    from netwatch.series import SeriesBuilder

    scope = Scope.build(options.scope)
    inputs = open_inputs(paths, options.read)
    meter, fingerprinter = Meter(options.meter), Fingerprinter(options.fingerprint)
    window = Tally("window", "flow record")
    with FlowStore.scratch() as observed, FlowStore.scratch() as store:
        for flows in rebatched(metered(inputs, meter, advance), BATCH):
            scoped = scope.annotate(within(flows, options.since, options.until, window))
            observed.append(fingerprinter.observe(scoped.take(scoped["direction"] != Direction.OUTSIDE)))
        observed.flush()
        verdicts = fingerprinter.conclude(observed.table)
        series = None
        if observed.first is not None and observed.last is not None:
            builder = SeriesBuilder(options.series, (observed.first, observed.last))
            for flows in observed.batches():
                classified = fingerprinter.classify(flows)
                store.append(classified)
                builder.add(classified)
            series = builder.result()
        store.flush()
        tallies = [*inputs.tallies, meter.tally, window, scope.tally]
        yield Judged(inputs, scope, store, verdicts, series, tallies)
