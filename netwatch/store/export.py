"""Stored flows as files for other tools: CSV, JSON lines, Parquet, IPFIX.

CSV and JSON lines carry addresses, AS numbers, classes and times as text; Parquet carries the columns at rest, so that
netwatch reads it again. An IPFIX file (RFC 5655) carries the Information Elements that the registry has.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from netwatch.errors import OutputError
from netwatch.model.elements import Orientation, Tunnel
from netwatch.model.flows import Flows
from netwatch.model.text import instant
from netwatch.places import whole
from netwatch.store.keys import as_text
from netwatch.store.schema import from_arrow
from netwatch.wire.ipfix_writer import IpfixWriter

FORMATS = ("csv", "json", "parquet", "ipfix")
_CODED = {"orientation": Orientation.names, "tunnel": Tunnel.names}
_NAMED = ("direction", "traffic_class", "role", "source_country", "destination_country")


def readable(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """Stored columns with addresses, names and times as text (RFC 3339, UTC)."""
    columns: dict[str, Any] = {}
    for name in batch.schema.names:
        column = batch.column(name)
        if name in ("flow_start", "flow_end"):
            texts = [instant(us * 1000, fraction=True) for us in column.cast(pa.int64()).to_pylist()]
            columns[name] = pa.array(texts, pa.string())
        elif name in _NAMED or name.endswith("_address"):
            columns[name] = pa.array(as_text(name, column), pa.string())
        elif name in _CODED:
            names = _CODED[name]
            columns[name] = pa.array([names[value] if value < len(names) else "" for value in column.to_pylist()])
        else:
            columns[name] = column
    return pa.table(columns)


def write_csv(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """One line a flow under a fixed header."""
    empty = readable(reader.schema.empty_table())
    with pacsv.CSVWriter(out, empty.schema, write_options=pacsv.WriteOptions(quoting_style="needed")) as writer:
        for batch in reader:
            writer.write_table(readable(batch))


def write_json_lines(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """One JSON object a line."""
    for batch in reader:
        for row in readable(batch).to_pylist():
            out.write(json.dumps(row).encode("ascii") + b"\n")


def write_parquet(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """The columns at rest, zstd."""
    with pq.ParquetWriter(out, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


def write_ipfix(reader: pa.RecordBatchReader, out: BinaryIO) -> None:
    """IPFIX messages back to back, all of one observation domain; at least the templates."""
    writer = IpfixWriter()
    begun = False
    for batch in reader:
        for message in writer.messages(from_arrow(batch).columns):
            out.write(message)
            begun = True
    if not begun:
        out.writelines(writer.messages(Flows.empty().columns))


def export(table: Any, out: Path, form: str) -> None:
    """Write an Ibis table of flows to a file, ``-`` being stdout; a file that cannot be finished is not there.

    Raises:
        OutputError: the file cannot be written.
        BrokenPipeError: nobody reads what was written so far.
    """
    write = {"csv": write_csv, "json": write_json_lines, "parquet": write_parquet, "ipfix": write_ipfix}[form]
    try:
        with _reader(table) as reader, whole(out) as file:
            write(reader, file)
    except BrokenPipeError:
        raise
    except (OSError, pa.ArrowException) as fault:
        number = getattr(fault, "errno", None)  # Arrow's own words name the part and say it twice
        raise OutputError(f"cannot write {out}: {os.strerror(number) if number else fault}") from fault


def collect(table: Any) -> Flows:
    """All flows of an Ibis table, in memory."""
    with _reader(table) as reader:
        return Flows.concatenate([from_arrow(batch) for batch in reader])


def rows(table: Any) -> Iterator[dict[str, Any]]:
    """The flows of an Ibis table as dicts of readable values."""
    with _reader(table) as reader:
        for batch in reader:
            yield from readable(batch).to_pylist()


def _reader(table: Any) -> pa.RecordBatchReader:
    reader: pa.RecordBatchReader = table.to_pyarrow_batches(chunk_size=65_536)
    return reader
