"""Data files of a lake that are written apart from its log, and known to nobody until a commit adopts them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
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


def write_parts(place: Place, stem: str, batches: Iterable[pa.RecordBatch]) -> list[Part]:
    """Write flows below the table ``place`` as one file a day, named after ``stem``.

    ``batches`` are flows as they are at rest (:func:`netwatch.store.lake.sorted_batches`). The same flows under one
    stem give the same files, so that a task done twice leaves what it left once.

    Raises:
        OSError: no room, or no leave to write.
    """
    writers: dict[str, pq.ParquetWriter] = {}
    spans: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory(prefix="netwatch-") as name:
        scratch = Path(name)
        try:
            for batch in batches:
                for day in pc.unique(batch.column("day")).to_pylist():
                    rows = pa.table(batch.filter(pc.equal(batch.column("day"), day))).drop_columns(["day"])
                    if day not in writers:
                        writers[day] = pq.ParquetWriter(scratch / day, rows.schema, compression="zstd")
                        spans[day] = [0, 1 << 62, 0]
                    writers[day].write_table(rows)
                    starts = rows.column("flow_start").cast(pa.int64())
                    low, high = pc.min_max(starts).as_py().values()
                    count, first, last = spans[day]
                    spans[day] = [count + rows.num_rows, min(first, low), max(last, high)]
        finally:
            for writer in writers.values():
                writer.close()
        made = []
        for day in sorted(writers):
            path = f"day={day}/{stem}.parquet"
            made.append(Part(path, day, place.put(scratch / day, path), *spans[day]))
    return made
