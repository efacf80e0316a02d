"""One increment of a store that grows: new inputs through all stages up to verdicts, each input by itself.

Packets are metered input by input, so that what a store holds does not depend on how its inputs came together: flows
that are open at the end of an input end there, by reason 4 (forced end).
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from netwatch.config import Options
from netwatch.explain.threats import threat_findings
from netwatch.meter import Meter
from netwatch.model.elements import Direction
from netwatch.model.finding import Finding
from netwatch.model.flows import Flows, octets_both, rebatched
from netwatch.model.sums import BinSums
from netwatch.model.tally import Tally
from netwatch.model.verdict import Verdict, located
from netwatch.pipeline.passes import BATCH, metered
from netwatch.pipeline.summing import summed
from netwatch.read import open_inputs
from netwatch.scope import Scope
from netwatch.series import SeriesOptions
from netwatch.store import FlowStore
from netwatch.store.lake import Ingest, Lake, heard_text

if TYPE_CHECKING:
    from netwatch.fingerprint import Fingerprinter

SECOND = 10**9
DAY = 86_400 * SECOND
MOST_DAYS = 1200
"""Days on which the flows of one input may begin; clocks that are set wrong, or lie, show more."""
TIMES = "times"
"""The stage at which flows are dropped whose times cannot be."""
LONGEST = 7 * DAY
"""Flows that claim to have lasted longer are cut out: exporters end a flow after minutes."""


class Context(NamedTuple):
    """Flows stored before that are judged with the new ones: Parquet files, and the earliest start (ns) that counts.

    ``names``: names of their inputs by code, several where inputs share one. ``latest``: no flow can end later, ns.
    """

    files: Sequence[str] = ()
    since: int = 0
    names: Mapping[int, Sequence[str]] = MappingProxyType({})
    latest: int = 1 << 62


class Increment(Protocol):
    """What new inputs came to: their flows with scope, class and role, and their codes in ``input``.

    ``entries``: one an input; ``findings``: what the verdicts that touch the new flows say; ``groups``: names of the
    watch groups by index.
    """

    entries: list[Ingest]
    findings: list[Finding]
    tallies: list[Tally]
    groups: list[str]

    @property
    def rows(self) -> int:
        """How many flows."""
        ...

    @property
    def table(self) -> Any:
        """The flows as an Ibis table."""
        ...

    def commit(self, lake: Lake, number: int) -> bool:
        """Add the flows to the lake as the numbered commit; False where another writer made it."""
        ...

    def sums(self, options: SeriesOptions) -> BinSums:
        """What the flows add up to."""
        ...


@dataclass(slots=True)
class Local:
    """An :class:`Increment` in this process; ``store`` holds the flows."""

    entries: list[Ingest]
    store: FlowStore
    groups: list[str]
    findings: list[Finding] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many flows."""
        return self.store.rows

    @property
    def table(self) -> Any:
        """The flows as an Ibis table."""
        return self.store.table

    def commit(self, lake: Lake, number: int) -> bool:
        """Add the flows to the lake; False where another writer made that commit."""
        return lake.add(number, self.entries, self.store.batches())

    def sums(self, options: SeriesOptions) -> BinSums:
        """What the flows add up to."""
        return summed(self.store.batches(), self.entries, options)


class Named(NamedTuple):
    """An input: where it lies, and its entry as far as it is known before reading (digest, name, size)."""

    path: str
    entry: Ingest


@contextmanager
def increment(named: Sequence[Named], options: Options, context: Context) -> Iterator[Local]:
    """Read, meter, scope, recognise, judge and classify; the flows live as long as the ``with`` block.

    An input that cannot be read, or on which a stage fails, has its
    ``fault`` in the entry that comes back and no flows; the others are not touched by it.

    Raises:
        UsageError: an option that means nothing.
        OutputError: no room for what must be kept aside.
    """
    from netwatch.fingerprint import Fingerprinter  # not loaded by a pass to which nothing came

    scope = Scope.build(options.scope)
    fingerprinter = Fingerprinter(options.fingerprint)
    with FlowStore.scratch() as observed, FlowStore.scratch() as store:
        made = Local([], store, [group.name for group in scope.groups])
        for one in named:
            made.entries.append(observe(one, options, (scope, fingerprinter), observed, made.tallies, context.latest))
        observed.flush()
        verdicts = fingerprinter.conclude(_with_context(observed, context))
        observed.rest()
        faulty = np.array([e.code for e in made.entries if e.fault], np.uint32)
        for flows in observed.batches():
            sound = flows.take(~np.isin(flows["input"], faulty)) if len(faulty) else flows
            store.append(fingerprinter.classify(sound))
        store.flush()
        made.findings = findings_of(verdicts, made.entries, context)
        made.tallies.append(scope.tally)
        yield made


def findings_of(verdicts: Sequence[Verdict], entries: Sequence[Ingest], context: Context) -> list[Finding]:
    """What the verdicts that touch the inputs' flows say; evidence may lie in inputs of the context."""
    firsts = [entry.first for entry in entries if entry.rows]
    if not firsts:
        return []
    named = {code: list(names) for code, names in context.names.items()}
    for entry in entries:
        named.setdefault(entry.code, []).append(entry.name)
    names = {code: " or ".join(sorted(set(some))) for code, some in named.items()}
    return threat_findings(located([v for v in verdicts if v.until >= min(firsts)], names))


def observe(
    named: Named,
    options: Options,
    stages: tuple[Scope, Fingerprinter],
    observed: FlowStore,
    tallies: list[Tally],
    latest: int,
) -> Ingest:
    """Take one input in as far as payload is needed; what came of it. ``latest``: as of :class:`Context`."""
    scope, fingerprinter = stages
    entry = named.entry
    inputs = open_inputs([named.path], options.read)
    meter, times = Meter(options.meter), Tally(TIMES, "flow record", entry.name)
    rows = octets = last = 0
    first = 1 << 62
    fault = ""
    try:
        for flows in rebatched(metered(inputs, meter, lambda _inputs: None), BATCH):
            scoped = scope.annotate(plausible(flows, times, latest))
            ours = scoped.take(scoped["direction"] != Direction.OUTSIDE)
            # Before anything is remembered of them: evidence points at an input of the store.
            kept = fingerprinter.observe(ours.with_columns(input=np.full(len(ours), entry.code, np.uint32)))
            if not len(kept):
                continue
            observed.append(kept)
            rows, octets = rows + len(kept), octets + int(octets_both(kept).sum())
            first = min(first, int(kept["flow_start_nanoseconds"].min()))
            last = max(last, int(kept["flow_end_nanoseconds"].max()))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the stage's door: one input's fault must not stop the rest
        fault = _reason(error)
    tallies += [*inputs.tallies, meter.tally, times]
    if fault:
        return replace(entry, fault=fault)
    heard = heard_text(inputs.heard)
    return replace(entry, rows=rows, octets=octets, first=first if rows else 0, last=last, heard=heard)


def _reason(error: Exception) -> str:
    """Why an input is set aside, in a line; of a fault of ours also where."""
    from netwatch.errors import NetwatchError, OutputError

    if isinstance(error, OutputError):
        raise error
    if isinstance(error, NetwatchError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"a fault of netwatch: {type(error).__name__}: {error} ({place.name}, line {place.lineno})"


def plausible(flows: Flows, tally: Tally, latest: int) -> Flows:
    """The flows whose times can be; those that last too long, or lie on days beyond the most frequent, are dropped.

    So are those that end after ``latest``, ns: they would age all that is stored.
    """
    start, end = flows["flow_start_nanoseconds"], flows["flow_end_nanoseconds"]
    octets = octets_both(flows)
    short = (end >= start) & (end - start <= LONGEST)
    day = start // DAY
    usual = (day > 0) & (day < 80_000) & (end <= latest)
    days, at, count = np.unique(day, return_inverse=True, return_counts=True)
    if len(days) > MOST_DAYS:
        frequent = np.zeros(len(days), bool)
        frequent[np.argsort(-count, kind="stable")[:MOST_DAYS]] = True
        usual &= frequent[at]
    keep = short & usual
    tally.keep(int(keep.sum()), int(octets[keep].sum()))
    if keep.all():
        return flows
    for reason, lost in (("lasts longer than a week", ~short), ("at a time that cannot be", short & ~usual)):
        if lost.any():
            tally.drop(reason, int(lost.sum()), int(octets[lost].sum()))
    return flows.take(keep)


def _with_context(observed: FlowStore, context: Context) -> Any:
    """The new flows and those before them as one Ibis table."""
    table = observed.table
    if not context.files or not observed.rows:
        return table
    connection = table.get_backend()
    files = [str(observed.path), *context.files]
    whole = connection.read_parquet(files, table_name="with_context", union_by_name=True, hive_partitioning=False)
    import ibis

    recent = whole.flow_start >= ibis.timestamp(np.datetime64(context.since, "ns").astype("M8[us]").item())
    return connection.create_view("observed_in_context", whole.filter(recent).select(table.columns))
