"""``Lake``: Flow Records kept for years, as a Delta Lake table that any engine reads.

Rows come in numbered commits. The number is the version of an application transaction in the very commit that adds the
rows (Delta protocol, "Transaction Identifiers"), and so is what the ledger needs to know of the inputs: a commit is
there wholly or not at all, and of two writers that try the same number one is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from netwatch.errors import UnreadableInput
from netwatch.model.flows import ELEMENTS, Flows
from netwatch.model.heard import Heard
from netwatch.store.delta import NUMBER_KEY, Delta, told
from netwatch.store.engines import Engine
from netwatch.store.parts import Part, write_parts
from netwatch.store.schema import name_at_rest, to_arrow, type_at_rest

if TYPE_CHECKING:
    import ibis

LEDGER_KEY = "netwatch.ingest"
DAY = 86_400 * 10**9
MOST_SPANS = 2000
"""Spans of an input that are kept: what exporters of a day's file lose is fewer."""
RUN = 1 << 17
"""Rows sorted and written at a time: a bound on memory. A larger commit holds several sorted runs a day."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """What the ledger knows of one input: content digest (SHA-256, hexadecimal), name, size, and what came of it.

    ``rows``, ``octets``: Flow Records stored and their octets, both directions, as observed. ``first``, ``last``: of
    the earliest start and latest end, ns UTC, 0 where there are no rows. ``fault``: why it was quarantined, else "".
    ``heard``: spans of which it is known what came, as :func:`heard_text` writes them.
    """

    digest: str
    name: str
    size: int
    rows: int = 0
    octets: int = 0
    first: int = 0
    last: int = 0
    fault: str = ""
    heard: str = ""

    @property
    def spans(self) -> list[Heard]:
        """Spans of which it is known what came."""
        told = json.loads(self.heard) if self.heard else []
        return [Heard((high, low), *rest) for high, low, *rest in told]

    @property
    def code(self) -> int:
        """What the column ``input`` holds in the rows of this input: the first 31 bits of the digest."""
        return int(self.digest[:8], 16) >> 1


def heard_text(spans: Sequence[Heard]) -> str:
    """Spans as text for the ledger; of an input with more than a commit's note should hold, nothing is known."""
    told = [(*span.exporter, *span[1:]) for span in spans]
    return json.dumps(told, separators=(",", ":")) if 0 < len(told) <= MOST_SPANS else ""


class Lake:
    """The flows under a directory or object-store URL.

    Raises:
        UsageError: the extra ``monitor`` is not installed.
        UnreadableInput: what lies there is of another schema version, or no table.
        OutputError: nothing can be written there.
    """

    def __init__(
        self, place: str | Path, storage_options: Mapping[str, str] | None = None, engine: Engine | None = None
    ) -> None:
        self._delta = Delta(place, "flows", at_rest_schema(), "day", storage_options, engine)

    @property
    def number(self) -> int:
        """Number of the last commit that added rows; 0 before the first."""
        return self._delta.transaction("ingest")

    def add(self, number: int, entries: Sequence[Ingest], batches: Iterable[Flows]) -> bool:
        """Commit the rows of some inputs; False where this number is committed already.

        Every batch has the columns of ``FLOW``, ``SCOPED`` and ``JUDGED``, and in ``input`` the entries' codes.

        Raises:
            OutputError: the commit could not be made; nothing of it is visible then.
        """
        if self.number >= number:
            return False
        with told(f"cannot write to the store {self._delta.place}"):
            parts = write_parts(self._delta.root, f"part-{number:08d}", sorted_batches(batches))
        return self.adopt(number, entries, parts)

    def adopt(self, number: int, entries: Sequence[Ingest], parts: Sequence[Part]) -> bool:
        """Commit data files that were written apart; False where this number is committed already.

        Raises:
            OutputError: the commit could not be made; nothing of it is visible then.
        """
        if self.number >= number:
            return False
        note = {LEDGER_KEY: json.dumps([asdict(entry) for entry in entries])}
        return self._delta.adopt(parts, ("ingest", number), note)

    def entries(self, number: int) -> list[Ingest]:
        """The inputs of a commit, as its log tells them.

        Raises:
            UnreadableInput: the log no longer holds that commit.
        """
        logged = self.logged()
        if number not in logged:
            raise UnreadableInput(f"commit {number} of {self._delta.place} is no longer in its log")
        return logged[number]

    def logged(self) -> dict[int, list[Ingest]]:
        """The inputs of each commit that the log still holds, by number."""
        ours = (commit for commit in self._delta.commits() if LEDGER_KEY in commit)
        return {int(c[NUMBER_KEY]): [Ingest(**entry) for entry in json.loads(c[LEDGER_KEY])] for c in ours}

    def close(self) -> None:
        """Let go of the query engine."""
        self._delta.close()

    def days(self) -> list[str]:
        """Days that have rows, ascending."""
        return self._delta.partitions()

    def days_between(self, since: int | None, until: int | None) -> list[str]:
        """Days that have rows and touch ``[since, until)``, ns; None is open."""
        first, last = (None if t is None else str(np.datetime64(t, "ns").astype("M8[D]")) for t in (since, until))
        return [day for day in self.days() if (first is None or first <= day) and (last is None or day <= last)]

    def files(self, days: Sequence[str] | None = None) -> list[str]:
        """The Parquet files that hold the flows of these days; None for all."""
        return self._delta.files(days)

    def table(self, days: Sequence[str] | None = None) -> ibis.Table:
        """The flows as an Ibis table, all or those whose start lies on one of ``days``."""
        return self._delta.table(days)

    def batches(self, entries: Sequence[Ingest]) -> Iterator[Flows]:
        """The rows of some inputs, in the order in which they are stored."""
        from netwatch.store.schema import from_arrow

        kept = [e for e in entries if e.rows]
        if not kept:
            return
        days = _days_between(min(e.first for e in kept), max(e.last for e in kept))
        table = self.table([day for day in self.days() if day in days])
        rows = table.filter(table.input.isin([e.code for e in kept])).drop("day")
        for batch in rows.order_by(["watch", "flow_start"]).to_pyarrow_batches(chunk_size=1 << 17):
            yield from_arrow(batch)

    def counted(self) -> list[Ingest]:
        """The inputs as the rows show them, counted anew: without a name, of the digest only what rows hold."""
        if not self.files():
            return []
        table = self.table()
        octets = (table.octet_delta_count + table.reverse_octet_delta_count).sum()
        ends = {"first": table.flow_start.min(), "last": table.flow_end.max()}
        told = table.group_by("input").agg(rows=table.count(), octets=octets, **ends).to_pyarrow()
        firsts, lasts = (told[name].cast("timestamp[us]").cast("int64").to_pylist() for name in ends)
        kept = zip(*(told[name].to_pylist() for name in ("input", "rows", "octets")), firsts, lasts, strict=True)
        return [Ingest(f"{code << 1:08x}", "", 0, n, int(o), s * 1000, e * 1000) for code, n, o, s, e in kept]

    def info(self) -> dict[str, Any]:
        """Rows, octets at rest, files, days, version: JSON-ready."""
        return self._delta.info()

    def compact(self, days: Sequence[str] | None = None) -> int:
        """Join small files of a day; how many files are fewer."""
        return self._delta.compact(days)

    def expire(self, before: str) -> int:
        """Delete the flows that began before a day (``2019-02-01``); how many days went."""
        return self._delta.expire(before)


def at_rest_schema() -> pa.Schema:
    """All columns of the flows at rest, and ``day`` (UTC, of the start), by which files are parted."""
    fields = [pa.field(name_at_rest(name), _delta_type(type_at_rest(e))) for name, e in ELEMENTS.items()]
    return pa.schema([*fields, pa.field("day", pa.string())])


def staged_schema(*, judged: bool) -> pa.Schema:
    """Columns of flows between the passes, with those of the stage ``fingerprint`` where they are judged."""
    late = () if judged else ("traffic_class", "role")
    fields = [pa.field(name_at_rest(n), _delta_type(type_at_rest(e))) for n, e in ELEMENTS.items() if n not in late]
    return pa.schema(fields)


def at_rest(flows: Flows) -> pa.Table:
    """A batch as the table holds it, in its order: by day, watch and start."""
    start = flows["flow_start_nanoseconds"]
    order = np.lexsort((start, flows["watch"], start // DAY))
    table = to_arrow(
        Flows({name: column if _same(column) else column[order] for name, column in flows.columns.items()})
    )
    # No value is missing, which ``to_arrow`` says of each column, and which is quicker to write.
    table = table.cast(pa.schema([field.with_type(_delta_type(field.type)) for field in table.schema]))
    return table.append_column("day", table.column("flow_start").cast(pa.date32()).cast(pa.string()))


def _same(column: np.ndarray) -> bool:
    """Whether all rows are alike, as they are of most columns: their order is then no matter."""
    return not len(column) or bool((column == column[0]).all())


def _delta_type(given: pa.DataType) -> pa.DataType:
    """Delta Lake has no octets of fixed length."""
    return pa.binary() if pa.types.is_fixed_size_binary(given) else given


def sorted_batches(batches: Iterable[Flows]) -> Iterator[pa.RecordBatch]:
    """The flows as the table holds them, a bounded number sorted at a time."""
    held: list[Flows] = []
    for flows in batches:
        held.append(flows)
        if sum(map(len, held)) >= RUN:
            yield from at_rest(Flows.concatenate(held)).to_batches()
            held = []
    if sum(map(len, held)):
        yield from at_rest(Flows.concatenate(held)).to_batches()


def _days_between(first: int, last: int) -> set[str]:
    return {str(np.datetime64(d, "D")) for d in range(first // DAY, last // DAY + 1)}
