"""Data files of a lake that are written apart from its log, and known to nobody until a commit adopts them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from netwatch.places import Place


class Part(NamedTuple):
    """A Parquet file of one day: ``path`` below the table, ``size`` in octets, ``rows``, first and last start (µs)."""

    path: str
    day: str
    size: int
    rows: int
    first: int
    last: int


COUNTED = ("flow_start", "flow_end", "octet_delta_count", "reverse_octet_delta_count", "first_frame")
"""Columns of which hardly two values are alike: stored as differences, which are small where rows are in order."""


def write_parts(place: Place, stem: str, batches: Iterable[pa.RecordBatch]) -> list[Part]:
    """Write flows below the table ``place`` as one file a day, named after ``stem`` and their content.

    ``batches`` are flows as they are at rest (:func:`netwatch.store.lake.sorted_batches`); each becomes a row group.
    One name is one content, so that a task done twice leaves what it left once, and no two writers harm each other.

    Raises:
        OSError: no room, or no leave to write.
    """
    writers: dict[str, pq.ParquetWriter] = {}
    spans: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory(prefix="netwatch-") as name:
        scratch = Path(name)
        try:
            for batch in batches:
                for day, rows in _by_day(batch):
                    if day not in writers:
                        writers[day] = _writer(scratch / day, rows.schema)
                        spans[day] = [0, 1 << 62, 0]
                    writers[day].write_batch(rows)
                    low, high = pc.min_max(rows.column("flow_start").cast(pa.int64())).as_py().values()
                    count, first, last = spans[day]
                    spans[day] = [count + rows.num_rows, min(first, low), max(last, high)]
        finally:
            for writer in writers.values():
                writer.close()
        made = []
        for day in sorted(writers):
            path = f"day={day}/{stem}-{_digest(scratch / day)}.parquet"
            made.append(Part(path, day, place.put(scratch / day, path), *spans[day]))
    return made


def _by_day(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The rows of each day, without that column."""
    rows, days = batch.drop_columns(["day"]), pc.unique(batch.column("day")).to_pylist()
    for day in days:
        yield day, rows if len(days) == 1 else rows.filter(pc.equal(batch.column("day"), day))


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    counted = [name for name in schema.names if name in COUNTED]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[name for name in schema.names if name not in counted],
        column_encoding=dict.fromkeys(counted, "DELTA_BINARY_PACKED"),
        write_statistics=counted,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
