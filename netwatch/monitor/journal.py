"""Commits of new inputs: each is prepared, made and recorded, so that it can be finished wherever it was cut off.

1. State: what the commit will mean (entries, sightings, files) is *prepared*.
2. Lake: the rows are committed under the next number, wholly or not at all.
3. State, in one transaction: ledger, files seen, findings, notices to send; what was prepared is settled.
4. Series: the rows' sums, which were worked out meanwhile, are added under the same number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from netwatch.config import MonitorOptions
from netwatch.errors import OutputError
from netwatch.model.notice import Life
from netwatch.model.sums import BinSums
from netwatch.model.tally import Tally
from netwatch.monitor.life import OPEN, Moment, advance
from netwatch.monitor.samples import samples_of
from netwatch.monitor.sighting import sighted
from netwatch.monitor.spool import Place
from netwatch.pipeline.increment import Context, Increment, Named, increment
from netwatch.pipeline.summing import summed
from netwatch.places import Place as Root
from netwatch.scope import groups_of
from netwatch.series import SeriesOptions
from netwatch.store.engines import Engine, open_engine
from netwatch.store.lake import Ingest, Lake
from netwatch.store.series_at_rest import SeriesStore
from netwatch.store.spark import Spark
from netwatch.store.state import State

SECOND = 10**9
DAY = 86_400 * SECOND
AHEAD = DAY
"""Flows that end so far (ns) beyond the clock, and beyond all flows known, are of a clock that is set wrong."""


class Journal:
    """The store and the state of one monitor, opened when first needed; ``said``: ns of the clock of this pass."""

    def __init__(self, options: MonitorOptions, state: State, said: int) -> None:
        self.options = options
        self.state = state
        self.said = said
        self.tallies: list[Tally] = []
        self.rows = 0

    @cached_property
    def engine(self) -> Engine:
        """Where queries run, and on a cluster the ingest."""
        return open_engine(self.options.engine)

    @cached_property
    def lake(self) -> Lake:
        """The flows."""
        return Lake(self.options.store, self.options.storage)

    @cached_property
    def series(self) -> SeriesStore:
        """Their sums."""
        return SeriesStore(self.options.store, self.options.storage)

    def close(self) -> None:
        """Let go of the query engine."""
        if "lake" in self.__dict__:
            self.lake.close()
        if "engine" in self.__dict__:
            self.engine.close()

    @property
    def moment(self) -> Moment:
        """Where the data's time stands."""
        passes = self.options.passes
        now = self.state.totals()["last"]
        return Moment(now, self.said, int(passes.ended_after * SECOND), passes.growth)

    def recover(self) -> bool:
        """Finish what an interrupted pass left half done; whether there was anything."""
        found = False
        for number, body in self.state.prepared():
            found = True
            if self._made(number, body):
                self._record(number, body)
            else:
                with self.state.change():
                    self.state.settle(number)
        if found or self.state.get("summed") != str(self.state.number):
            self._adopt()
            self._catch_up()
        return found

    def _made(self, number: int, body: dict[str, Any]) -> bool:
        """Whether a commit that was about to be made is there, and is no other monitor's of the same number."""
        if self.lake.number < number:
            return False
        there = self.lake.logged().get(number)
        return there is None or {e.digest for e in there} == {entry["digest"] for entry in body["entries"]}

    def agree(self) -> None:
        """See that state and lake are of one another, before anything is added to them.

        Raises:
            OutputError: the lake lacks commits that the state tells of.
        """
        there, known = self.lake.number, self.state.number
        if there < known:
            raise OutputError(
                f"{self.options.store} ends with commit {there}, but {self.state.path} tells of {known}: "
                "this is another store, or an older copy of it"
            )
        if there > known:
            self._adopt()
            self._catch_up()

    def _adopt(self) -> None:
        """Commits of the lake that the state knows nothing of (it was lost, or is of an older copy).

        Of those that the lake's log no longer tells of, the rows show which inputs there were.
        """
        missing = range(self.state.number + 1, self.lake.number + 1)
        if not missing:
            return
        logged = self.lake.logged()
        with self.state.change():
            for number in missing:
                self.state.record(number, logged.get(number, []))
                spans = [(e.first // DAY, e.last // DAY) for e in logged.get(number, []) if e.rows]
                self._outdate({day for first, last in spans for day in range(first, last + 1)})
            if not logged.keys() >= set(missing):
                known = {entry.code for _, entry in self.state.ledger()}
                self.state.record(missing[-1], [e for e in self.lake.counted() if e.code not in known])
                self.state.put("rebuilt", str(self.said))

    def _catch_up(self) -> None:
        """Add to the series what the lake has and they lack."""
        with self.state.change():
            self.state.put("summed", str(self.series.number))
        for number in range(self.series.number + 1, self.lake.number + 1):
            entries = [entry for _, entry in self.state.ledger(number)]
            self._sum(number, summed(self.lake.batches(entries), entries, self._summing()))

    def ingest(self, inputs: Sequence[tuple[Named, Place]]) -> list[Ingest]:
        """Commit some inputs; their entries as the ledger has them now.

        Raises:
            OutputError: the store cannot be written, or another writer took the number.
        """
        number = self.state.number + 1
        with self._increment(number, [named for named, _ in inputs]) as made, ThreadPoolExecutor(1) as beside:
            sums = beside.submit(made.sums, self._summing())
            samples = samples_of(made.table, made.findings) if made.findings else []
            told = [sighted(finding, some, made.groups) for finding, some in zip(made.findings, samples, strict=True)]
            body = {
                "entries": [asdict(entry) for entry in made.entries],
                "sightings": [sighting.as_json() for sighting in told],
                "places": [[p.key, *p[1:], entry.digest] for (_, p), entry in zip(inputs, made.entries, strict=True)],
            }
            with self.state.change():
                self.state.prepare(number, body)
            if not made.commit(self.lake, number):
                raise OutputError(f"another writer adds to {self.options.store}; a store has one monitor")
            self._record(number, body)
            self._sum(number, sums.result())
            self.tallies += made.tallies
            self.rows += made.rows
            return made.entries

    def _increment(self, number: int, named: Sequence[Named]) -> AbstractContextManager[Increment]:
        if not isinstance(self.engine, Spark):
            return increment(named, self.options.run, self._context())
        from netwatch.pipeline.cluster import Cluster

        place = Root(self.options.store, self.options.storage)
        return Cluster(self.engine, place, number).increment(named, self.options.run, self._context())

    def _context(self) -> Context:
        last, seconds = self.state.totals()["last"], self.options.passes.context
        latest = max(last, self.said) + AHEAD
        if not last or not seconds:
            return Context(latest=latest)
        since = last - int(seconds * SECOND)
        first, end = (str(np.datetime64(t, "ns").astype("M8[D]")) for t in (since, last))
        files = self.lake.files([d for d in self.lake.days() if first <= d <= end])
        return Context(files, since, self.state.inputs_since(since), latest)

    def _record(self, number: int, body: dict[str, Any]) -> None:
        """Everything that a commit means to the state, in one transaction."""
        entries = [Ingest(**entry) for entry in body["entries"]]
        with self.state.change():
            self.state.record(number, entries)
            for place in body["places"]:
                self.state.see(*place)
            self.tell(body["sightings"])
            self.state.settle(number)

    def tell(self, sightings: Sequence[dict[str, Any]]) -> None:
        """Advance the findings by what was sighted, and post what is to be said of it; within a transaction."""
        records = self.state.concerning([s["id"] for s in sightings], [str(life) for life in OPEN])
        changed, notices = advance(records, sightings, self.state.mutes(), self.moment)
        for record in changed:
            self.state.keep(record | {"life": str(Life(record["life"]))})
        for notice in notices:
            self.state.post(notice.key, asdict(notice))

    def _summing(self) -> SeriesOptions:
        """What is summed of a commit."""
        return SeriesOptions(
            bin=self.options.run.series.bin,
            by=self.options.run.series.by,
            top=self.options.passes.top,
            watch=tuple(group.name for group in groups_of(self.options.run.scope)),
            gap_p=self.options.run.series.gap_p,
        )

    def _sum(self, number: int, sums: BinSums) -> None:
        """Add a commit's sums to the series."""
        self.series.add(number, sums)
        with self.state.change():
            self._outdate(np.unique(sums.start // DAY).tolist())
            self.state.put("summed", str(number))

    def _outdate(self, days: Iterable[int]) -> None:
        """Hours of these days (from 1970 on) are to be summed anew; within a transaction."""
        named = {str(np.datetime64(day, "D")) for day in days}
        self.state.put("stale", " ".join(sorted(named | set(self.state.get("stale").split()))))
