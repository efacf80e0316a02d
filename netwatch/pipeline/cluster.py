"""One increment of a store, taken in by a cluster.

1. A map over inputs: read, meter, scope, recognise; flows to the staging place, payload to the driver.
2. The driver looks at payload in the inputs' order and concludes by queries over what is staged, as the embedded engine
   does: their plans take Spark minutes, the rows of a commit DuckDB seconds. Flow exports have no payload; of captures
   the first octets of every flow come to the driver.
3. A map over inputs: flows get class and role by the verdicts, and become data files of the lake that nobody knows yet.
4. One commit of the driver adopts them all.
5. A map over kinds of entity: sums of the classified flows.

A task may be done twice, or by two executors at once: whatever it writes has a name that follows from the input's
content, is the same each time and is put there whole. What no commit adopted is not part of the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from netwatch.config import Options
from netwatch.errors import UsageError
from netwatch.fingerprint import Fingerprinter, FingerprintOptions
from netwatch.model.finding import Finding
from netwatch.model.flows import Flows
from netwatch.model.sums import EXPORTER, BinSums
from netwatch.model.tally import Tally
from netwatch.model.verdict import Verdict
from netwatch.pipeline.increment import Context, Named, findings_of, observe
from netwatch.pipeline.summing import FINE, summed
from netwatch.places import Place
from netwatch.scope import Scope
from netwatch.series import SeriesOptions
from netwatch.store import FlowStore
from netwatch.store.engines import Embedded
from netwatch.store.lake import Ingest, Lake, sorted_batches, staged_schema
from netwatch.store.parts import Part, write_parts
from netwatch.store.schema import from_arrow
from netwatch.store.spark import Spark

STAGING = "staging"
BATCH = 131_072


class Taken(NamedTuple):
    """What a task of the first map tells the driver; ``payload``: the flows whose first octets are at hand."""

    entry: Ingest
    payload: list[Flows]
    tallies: list[Tally]


class _Attentive(Fingerprinter):
    """Keeps the flows with payload that it observes."""

    def __init__(self, options: FingerprintOptions) -> None:
        super().__init__(options)
        self.payload: list[Flows] = []

    def observe(self, flows: Flows) -> Flows:
        """Observe, and keep."""
        if flows.exchange is not None:
            self.payload.append(flows.take(flows.exchange.row >= 0))
        return super().observe(flows)


@dataclass(slots=True)
class Spread:
    """An increment whose flows lie in the staging place; see :class:`netwatch.pipeline.increment.Increment`."""

    engine: Spark
    queries: Embedded
    place: Place
    folder: str
    entries: list[Ingest]
    groups: list[str]
    findings: list[Finding] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many flows."""
        return sum(entry.rows for entry in self.entries)

    @property
    def table(self) -> Any:
        """The classified flows as an Ibis table."""
        files = [self.place.uri(_classified(self.folder, e)) for e in self.entries if e.rows]
        return self.queries.table("classified", files, staged_schema(judged=True))

    def commit(self, lake: Lake, number: int) -> bool:
        """Adopt the data files; False where another writer made that commit."""
        return lake.adopt(number, self.entries, self.parts)

    def sums(self, options: SeriesOptions) -> BinSums:
        """What the flows add up to; each kind of entity is summed by a task of its own."""
        tasks = [replace(options, by=(kind,)) for kind in options.by]
        made = self.engine.map(partial(_sums, self.place, self.folder, self.entries), tasks)
        # Each task has heard all exporters.
        return BinSums.joined(FINE, [made[0], *(sums.without(EXPORTER) for sums in made[1:])])


class Cluster:
    """Takes inputs in on the executors of a Spark engine; ``place`` is the store, ``number`` of the commit to come."""

    def __init__(self, engine: Spark, place: Place, number: int) -> None:
        self._engine = engine
        self._place = place
        self._folder = f"{STAGING}/{number:08d}"
        self._queries = Embedded(place)

    @contextmanager
    def increment(self, named: Sequence[Named], options: Options, context: Context) -> Iterator[Spread]:
        """As :func:`netwatch.pipeline.increment.increment`; what is staged is deleted at the end.

        Raises:
            UsageError: an option that means nothing, or nothing to watch was named.
            OutputError: an executor could not write.
        """
        scope = Scope.build(options.scope)
        if scope.inferred:
            raise UsageError("a cluster must be told what to watch: write [watch.NAME] with prefix, asn or country")
        try:
            yield self._spread(named, options, context, [group.name for group in scope.groups])
        finally:
            self._queries.close()
            self._place.remove(self._folder)

    def _spread(self, named: Sequence[Named], options: Options, context: Context, groups: list[str]) -> Spread:
        engine, place, folder = self._engine, self._place, self._folder
        taken = engine.map(partial(_take_in, place, folder, options, context.latest), named)
        made = Spread(engine, self._queries, place, folder, [one.entry for one in taken], groups)
        fingerprinter = Fingerprinter(options.fingerprint)
        for one in taken:
            made.tallies += one.tallies
            for flows in one.payload:
                fingerprinter.observe(flows)
        kept = [entry for entry in made.entries if entry.rows]
        if kept:
            verdicts = fingerprinter.conclude(self._observed(kept, context))
            made.findings = findings_of(verdicts, made.entries, context)
            found = engine.map(partial(_classify, place, folder, options, verdicts), kept)
            made.parts = [part for parts in found for part in parts]
        return made

    def _observed(self, entries: Sequence[Ingest], context: Context) -> Any:
        """The staged flows, and those stored before that are judged with them, as an Ibis table."""
        import ibis
        import numpy as np

        schema = staged_schema(judged=False)
        new = [self._place.uri(_staged(self._folder, entry)) for entry in entries]
        table = self._queries.table("observed", [*new, *context.files], schema).select(schema.names)
        if not context.files:
            return table
        since = np.datetime64(context.since, "ns").astype("M8[us]").item()
        return table.filter(table.flow_start >= ibis.timestamp(since))


def _staged(folder: str, entry: Ingest) -> str:
    return f"{folder}/{entry.digest}.observed.parquet"


def _classified(folder: str, entry: Ingest) -> str:
    return f"{folder}/{entry.digest}.classified.parquet"


def _take_in(place: Place, folder: str, options: Options, latest: int, named: Named) -> Taken:
    """The first map: one input to staged flows."""
    scope, fingerprinter = Scope.build(options.scope), _Attentive(options.fingerprint)
    tallies: list[Tally] = []
    with FlowStore.scratch() as store:
        entry = observe(named, options, (scope, fingerprinter), store, tallies, latest)
        store.flush()
        if entry.fault:
            return Taken(entry, [], tallies)
        if entry.rows:
            place.put(store.path, _staged(folder, entry))
    return Taken(entry, fingerprinter.payload, [*tallies, scope.tally])


def _classify(place: Place, folder: str, options: Options, verdicts: list[Verdict], entry: Ingest) -> list[Part]:
    """The second map: the staged flows of one input to data files of the lake."""
    fingerprinter = Fingerprinter(options.fingerprint)
    fingerprinter.adopt(verdicts)
    with FlowStore.scratch() as store:
        for flows in _read(place, _staged(folder, entry)):
            store.append(fingerprinter.classify(flows))
        store.flush()
        table = Place(place.uri("flows"), place.options)
        parts = write_parts(table, f"part-{entry.digest}", sorted_batches(store.batches()))
        place.put(store.path, _classified(folder, entry))
    return parts


def _sums(place: Place, folder: str, entries: Sequence[Ingest], options: SeriesOptions) -> BinSums:
    """The third map: one kind of entity over all flows, in the inputs' order."""
    kept = [entry for entry in entries if entry.rows]
    batches = (flows for entry in kept for flows in _read(place, _classified(folder, entry)))
    return summed(batches, kept, options)


def _read(place: Place, name: str) -> Iterator[Flows]:
    with place.open(name) as octets, pq.ParquetFile(octets) as file:
        for batch in file.iter_batches(BATCH, use_threads=False):
            yield from_arrow(batch)
