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


def stream(
    query: Query, flows: ibis.Table, rows: int, beside: Mapping[str, pa.Table] | None = None
) -> Iterator[pa.RecordBatch]:
    """What :func:`run` would give, some ``rows`` at a time; no other query may run on the backend meanwhile."""
    import pyarrow as pa

    text, schema = _prepared(query, flows, beside or {})

    def begun(answer: Any) -> Iterator[pa.RecordBatch]:
        reader = iter(answer.to_arrow_reader(rows))
        return chain(list(islice(reader, 1)), reader)

    for batch in answered(flows.get_backend().con, text, begun):
        yield from pa.Table.from_batches([batch]).cast(schema).to_batches()


def count(flows: ibis.Table) -> int:
    """How many flows there are."""
    ((rows,),) = _stored(flows).count("*").fetchall()
    return int(rows)


def _stored(flows: ibis.Table) -> Any:
    """The flows as a relation of DuckDB."""
    return flows.get_backend().con.table(_named(flows))


def _prepared(query: Query, flows: ibis.Table, beside: Mapping[str, pa.Table]) -> Prepared:
    """The query's SQL and the schema of its answer; what it needs is known to the engine under its name."""
    import ibis

    backend, name = flows.get_backend(), _named(flows)
    for other, table in beside.items():
        backend.con.register(other, table)
    others = tuple((other, ibis.Schema.from_pyarrow(table.schema)) for other, table in sorted(beside.items()))
    return _compiled(query, name, flows.schema(), others)


@contextmanager
def kept(
    query: Query, flows: ibis.Table, name: str, beside: Mapping[str, pa.Table] | None = None, *, made: bool = True
) -> Iterator[ibis.Table]:
    """What :func:`run` would give as a table of the engine, for as long as the ``with`` block.

    ``made``: it is made once and held, and may go to disk; else each query makes what it needs of it.
    """
    engine, prepared = flows.get_backend().con, _prepared(query, flows, beside or {})
    kind = "TABLE" if made else "VIEW"
    answered(engine, f"CREATE OR REPLACE TEMP {kind} {name} AS {prepared.text}", lambda _answer: None)
    try:
        yield _table(name, prepared.schema, flows)
    finally:
        engine.execute(f"DROP {kind} IF EXISTS {name}")
        for other in beside or {}:
            engine.unregister(other)


@contextmanager
def at_hand(table: pa.Table, name: str, beside: ibis.Table) -> Iterator[ibis.Table]:
    """A table in memory as one of the engine's that knows ``beside``, for as long as the ``with`` block."""
    engine = beside.get_backend().con
    engine.register(name, table)
    try:
        yield _table(name, table.schema, beside)
    finally:
        engine.unregister(name)


def chosen(flows: ibis.Table, condition: str) -> ibis.Table:
    """The flows for which a condition in SQL holds, under a name of their own."""
    name = "netwatch_chosen"
    _stored(flows).filter(condition).create_view(name, replace=True)
    return _table(name, flows.schema().to_pyarrow(), flows)


@contextmanager
def near(flows: ibis.Table, columns: Sequence[str], most: int) -> Iterator[ibis.Table]:
    """The flows with these of their columns, in memory if they are at most so many, so that they are read once."""
    wanted = [name for name in columns if name in flows.columns]
    if count(flows) > most:
        yield flows
        return
    with at_hand(_stored(flows).select(*wanted).to_arrow_table(), "netwatch_near", flows) as held:
        yield held


def _table(name: str, schema: pa.Schema, beside: ibis.Table) -> ibis.Table:
    """A table whose columns are known, so that the engine need not be asked; it is where ``beside`` is."""
    import ibis
    import ibis.expr.operations as ops

    known = ibis.Schema.from_pyarrow(schema)
    made: ibis.Table = ops.DatabaseTable(name=name, schema=known, source=beside.get_backend()).to_expr()
    return made


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


def hashed(address: Any, other: Any) -> Any:
    """64 bits of an address and another value, by the query engine's own function for that."""
    import ibis

    @ibis.udf.scalar.builtin(name="hash", signature=(("binary", str(other.type())), "uint64"))
    def hash_of(address, other):  # type: ignore[no-untyped-def]
        ...

    return hash_of(address, other)


def as_columns(table: pa.Table | pa.RecordBatch) -> dict[str, Any]:
    """The columns of a query's answer: addresses uint8 (n, 16), numbers with NaN for null where real."""
    made: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name)
        if str(column.type).startswith(("binary", "fixed_size_binary", "large_binary")):
            made[name] = _octets(column)
        else:
            made[name] = column.to_numpy(zero_copy_only=False)
    return made


def _octets(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """A column of addresses as uint8 (n, 16), without an object for each."""
    import pyarrow as pa

    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    fixed = whole.cast(pa.binary(16))
    return np.frombuffer(fixed.buffers()[1], np.uint8, len(fixed) * 16, fixed.offset * 16).reshape(-1, 16)
