"""Parquet of netwatch's own columns, as the store and ``netwatch flows --parquet`` write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from netwatch.model.address import from_octets
from netwatch.model.elements import FLOW, Element
from netwatch.model.flows import Flows
from netwatch.model.tally import Tally
from netwatch.read.base import ReadOptions
from netwatch.read.source import Source

ROWS = 1 << 17
LARGEST = 1 << 30
"""Octets of a file that is not plain on disk: Parquet is read from its end, so it must be held."""
_TIMES = {"flow_start_nanoseconds": "flow_start", "flow_end_nanoseconds": "flow_end"}
_NEEDED = ("source_address", "destination_address")


class ParquetReader:
    """A Parquet file with our columns. Units of its tally are rows; its octets, those of the file, go with the last."""

    name = "parquet"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By its magic."""
        return head.startswith(b"PAR1")

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Not told at the start of the file."""
        return None

    def __init__(self, source: Source, options: ReadOptions, input: int) -> None:
        self.source = source
        self.input = input
        self.tally = Tally("read", "flow record", source.name)
        self.details: dict[str, object] = {}
        self._number = 0

    def __iter__(self) -> Iterator[Flows]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        octets = self._octets()
        if octets is None:
            return
        try:
            file = pq.ParquetFile(pa.py_buffer(octets))
            names = [n for n in file.schema_arrow.names if n in _WANTED]
            self.details = {"rows": file.metadata.num_rows, "columns": names}
            if not all(name in names for name in _NEEDED):
                self._fail("Parquet without our columns", len(octets))
                return
            for batch in file.iter_batches(ROWS, columns=names, use_threads=False):
                flows = self._flows(batch)
                if len(flows):
                    yield flows
        except (pa.ArrowException, OSError, ValueError, TypeError) as fault:
            self._fail(f"Parquet that cannot be read ({type(fault).__name__})", len(octets))
            return
        self.tally.keep(0, len(octets))

    def _octets(self) -> bytes | np.ndarray | None:
        parts: list[np.ndarray] = []
        held = 0
        for block in self.source.blocks():
            held += len(block)
            parts.append(block)
            if held > LARGEST:
                self._fail("Parquet too large to be held", held)
                return None
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _fail(self, why: str, octets: int) -> None:
        self.tally.drop(why, 1, octets, 0)
        self.tally.incomplete = why

    def _flows(self, batch: Any) -> Flows:
        columns = {}
        for element in FLOW:
            name = _TIMES.get(element.name, element.name)
            name = name if name in batch.schema.names else element.name
            if name in batch.schema.names and element.name not in ("input", "first_frame"):
                columns[element.name] = _values(element, batch.column(name))
        n = batch.num_rows
        columns["input"] = np.full(n, self.input, np.uint32)
        columns["first_frame"] = self._number + 1 + np.arange(n)
        self._number += n
        self.tally.keep(n, 0)
        return Flows(columns)


_WANTED = {e.name for e in FLOW} | set(_TIMES.values())


def _values(element: Element, column: Any) -> np.ndarray:
    """One column as the model has it.

    Raises:
        ValueError: it holds what the column cannot.

    """
    import pyarrow as pa

    if column.null_count:
        raise ValueError(f"{element.name} has nulls")
    if element.dtype.shape:
        fixed = column.cast(pa.binary(16))
        octets = np.frombuffer(fixed.buffers()[1], np.uint8, len(fixed) * 16, fixed.offset * 16)
        return from_octets(octets.reshape(-1, 16))
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
    values: np.ndarray = column.to_numpy(zero_copy_only=False)
    limits = np.iinfo(element.dtype)
    if values.dtype.kind not in "iu" or (len(values) and (values.min() < limits.min or values.max() > limits.max)):
        raise ValueError(f"{element.name} out of range")
    return values.astype(element.dtype)
