"""Flow Records at rest: the Arrow schema, and batches to and from it.

Columns keep their names but for the two times, which are ``timestamp[us]`` in UTC without a zone and are called
``flow_start`` and ``flow_end``. Integers are signed and wide enough (Delta Lake and Spark have no unsigned types),
addresses 16 octets in network order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from netwatch.model.address import from_octets, to_octets
from netwatch.model.elements import Element
from netwatch.model.flows import ELEMENTS, Flows

VERSION = 1
"""Of the schema; a store written under another is migrated or refused."""

AT_REST = {"flow_start_nanoseconds": "flow_start", "flow_end_nanoseconds": "flow_end"}
IN_MEMORY = {rest: memory for memory, rest in AT_REST.items()}
_SIGNED = {"u1": pa.int16(), "u2": pa.int32(), "u4": pa.int64(), "i8": pa.int64()}


def name_at_rest(name: str) -> str:
    """The column's name at rest."""
    return AT_REST.get(name, name)


def type_at_rest(element: Element) -> pa.DataType:
    """The column's Arrow type at rest."""
    if element.name in AT_REST:
        return pa.timestamp("us")
    if element.dtype.shape:
        return pa.binary(16)
    return _SIGNED[element.dtype.str[1:]]


def to_arrow(flows: Flows, columns: Sequence[str] | None = None) -> pa.Table:
    """A batch as an Arrow table; payload does not come along. ``columns``: names in memory, None for all."""
    names = [name for name in ELEMENTS if name in flows and (columns is None or name in columns)]
    arrays = [_to_array(ELEMENTS[name], flows[name]) for name in names]
    # No value is missing: to say so saves Parquet the levels that would tell, two thirds of its time.
    fields = [pa.field(name_at_rest(name), type_at_rest(ELEMENTS[name]), nullable=False) for name in names]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def from_arrow(table: pa.Table | pa.RecordBatch) -> Flows:
    """The batch that an Arrow table holds; columns of ``FLOW`` that it lacks get their default."""
    columns = {}
    for rest in table.schema.names:
        name = IN_MEMORY.get(rest, rest)
        if name in ELEMENTS:
            columns[name] = _from_array(ELEMENTS[name], table.column(rest))
    return Flows(columns)


def columns_at_rest(names: Iterable[str] | None) -> list[str] | None:
    """Names at rest of the columns asked for; None for all."""
    return None if names is None else [name_at_rest(name) for name in names]


def _to_array(element: Element, column: np.ndarray) -> pa.Array:
    kind = type_at_rest(element)
    if element.name in AT_REST:
        values = column // 1000
    elif element.dtype.shape:
        values = to_octets(column)
    else:
        values = column.astype(kind.to_pandas_dtype(), copy=False)
    # Not pa.array(): it imports pandas to see whether a column is one of its own.
    return pa.Array.from_buffers(kind, len(column), [None, pa.py_buffer(np.ascontiguousarray(values))])


def _from_array(element: Element, column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if element.name in AT_REST:
        times: np.ndarray = column.cast(pa.int64()).to_numpy(zero_copy_only=False) * 1000
        return times
    if element.dtype.shape:
        fixed = column.cast(pa.binary(16))
        octets = np.frombuffer(fixed.buffers()[1], np.uint8, len(fixed) * 16, fixed.offset * 16)
        return from_octets(octets.reshape(-1, 16))
    values: np.ndarray = column.to_numpy(zero_copy_only=False).astype(element.dtype.base, copy=False)
    return values
