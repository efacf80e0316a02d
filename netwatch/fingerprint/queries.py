"""Queries over stored flows, written once as Ibis expressions and compiled once to the engine's SQL.

Building and compiling such an expression takes some 0.2 s, running it on a small store a hundredth of that, and a
monitor concludes again and again: the SQL is kept on disk (``prepared.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from netwatch.fingerprint.prepared import Prepared, path_of
from netwatch.fingerprint.prepared import keep as keep_text
from netwatch.fingerprint.prepared import kept as kept_text
from netwatch.fingerprint.room import answered

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

Query = Callable[..., "ibis.Table"]


def run(query: Query, flows: ibis.Table, beside: Mapping[str, pa.Table] | None = None) -> pa.Table:
    """What ``query(flows, *beside)`` selects; ``beside`` are small tables by the name under which the engine sees them.

    ``flows`` is a table of a DuckDB backend.
    """
    beside = beside or {}
    engine = flows.get_backend().con
    text, schema = _prepared(query, flows, beside)
    found: pa.Table = answered(engine, text, lambda answer: answer.to_arrow_table())
    for other in beside:
        engine.unregister(other)
    return found.cast(schema)


def stream(query: Query, flows: ibis.Table, rows: int) -> Iterator[pa.RecordBatch]:
    """What ``query(flows)`` selects, some ``rows`` at a time; no other query may run on the backend meanwhile."""
    import pyarrow as pa

    text, schema = _prepared(query, flows, {})

    def begun(answer: Any) -> Iterator[pa.RecordBatch]:
        reader = iter(answer.to_arrow_reader(rows))
        return chain(list(islice(reader, 1)), reader)

    for batch in answered(flows.get_backend().con, text, begun):
        yield from pa.Table.from_batches([batch]).cast(schema).to_batches()


def _prepared(query: Query, flows: ibis.Table, beside: Mapping[str, pa.Table]) -> Prepared:
    """The query's SQL and the schema of its answer; what it needs is known to the engine under its name."""
    import ibis

    backend, name = flows.get_backend(), _named(flows)
    for other, table in beside.items():
        backend.con.register(other, table)
    others = tuple((other, ibis.Schema.from_pyarrow(table.schema)) for other, table in sorted(beside.items()))
    return _compiled(query, name, flows.schema(), others)


@contextmanager
def kept(query: Query, flows: ibis.Table, name: str) -> Iterator[ibis.Table]:
    """What ``query(flows)`` selects as a table of the engine, for as long as the ``with`` block; it may go to disk."""
    backend = flows.get_backend()
    text = _compiled(query, _named(flows), flows.schema(), ()).text
    answered(backend.con, f"CREATE OR REPLACE TEMP TABLE {name} AS {text}", lambda _answer: None)
    try:
        yield backend.table(name)
    finally:
        backend.con.execute(f"DROP TABLE IF EXISTS {name}")


def _named(flows: ibis.Table) -> str:
    """The name under which the engine knows the flows."""
    import ibis.expr.operations as ops

    stored = flows.op()
    if isinstance(stored, ops.DatabaseTable):
        return str(stored.name)
    flows.get_backend().create_view("netwatch_selected", flows, overwrite=True)
    return "netwatch_selected"


@cache
def _compiled(query: Query, name: str, schema: Any, others: tuple[tuple[str, Any], ...]) -> Prepared:
    named = ((name, schema), *others)
    path = path_of(query, [(table, tuple(columns.items())) for table, columns in named])
    found = None if path is None else kept_text(path)
    if found is None:
        found = _built(query, named)
        if path is not None:
            keep_text(path, found)
    return found


def _built(query: Query, named: Sequence[tuple[str, Any]]) -> Prepared:
    import ibis

    expression = query(*(ibis.table(columns, name=table) for table, columns in named))
    return Prepared(str(ibis.to_sql(expression, dialect="duckdb")), expression.schema().to_pyarrow())


def as_columns(table: pa.Table) -> dict[str, Any]:
    """The columns of a query's answer: addresses uint8 (n, 16), numbers with NaN for null where real."""
    made: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name)
        if str(column.type).startswith(("binary", "fixed_size_binary", "large_binary")):
            made[name] = np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, 16)
        else:
            made[name] = column.to_numpy(zero_copy_only=False)
    return made
