"""``FlowStore``: Flow Records at rest as Parquet files in one directory, queried through Ibis on DuckDB."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from netwatch.errors import OutputError
from netwatch.model.flows import ELEMENTS, Flows, filled, octets_both
from netwatch.store.memory import give_back
from netwatch.store.schema import columns_at_rest, from_arrow, to_arrow

if TYPE_CHECKING:
    import ibis

ROWS_PER_GROUP = 131_072
MEMORY = "512MB"
"""What the query engine may hold; beyond it spills into the store's directory."""


class FlowStore:
    """Flow Records in the order in which they were appended.

    ``rows`` counts them; ``first`` and ``last`` are the earliest start and the latest end, ns UTC.
    Appending and reading do not overlap: reading begins after :meth:`flush`. One row group is written behind while the
    next is gathered; what fails of it is raised by the call that comes next.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.rows = 0
        self.first: int | None = None
        self.last: int | None = None
        self._writer: pq.ParquetWriter | None = None
        self._held: list[Flows] = []
        self._held_rows = 0
        self._behind: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None
        self._connection: Any = None  # Ibis backends carry no types

    @classmethod
    @contextmanager
    def scratch(cls) -> Iterator[FlowStore]:
        """A store that lives as long as the ``with`` block.

        Raises:
            OutputError: the temporary directory cannot be made.
        """
        try:
            directory = Path(tempfile.mkdtemp(prefix="netwatch-"))
        except OSError as fault:
            raise OutputError(f"no room for temporary files: {fault.strerror}") from fault
        store = cls(directory)
        try:
            yield store
        finally:
            store.close()
            shutil.rmtree(directory, ignore_errors=True)

    @property
    def path(self) -> Path:
        """The Parquet file that holds the flows."""
        return self.directory / "flows.parquet"

    def append(self, flows: Flows) -> None:
        """Add a batch; every batch of a store has the same columns.

        Raises:
            OutputError: the disk is full or not writable.
        """
        if not len(flows):
            return
        self.rows += len(flows)
        first, last = int(flows["flow_start_nanoseconds"].min()), int(flows["flow_end_nanoseconds"].max())
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        self._held.append(Flows(flows.columns))
        self._held_rows += len(flows)
        if self._held_rows >= ROWS_PER_GROUP:
            self._write()

    def leave_out(self, places: np.ndarray) -> int:
        """Take flows out, by their places in order; the octets that go with them, both directions.

        Raises:
            OutputError: the disk is full or not writable.
        """
        self.flush()
        before = self.path.rename(self.path.with_suffix(".before"))
        self.rows, self.first, self.last = 0, None, None
        place = octets = 0
        with pq.ParquetFile(before) as file:
            for batch in file.iter_batches(ROWS_PER_GROUP, use_threads=False):
                flows = from_arrow(batch)
                keep = ~np.isin(place + np.arange(len(flows)), places)
                octets += int(octets_both(flows)[~keep].sum())
                self.append(flows.take(keep))
                place += len(flows)
        self.flush()
        before.unlink()
        return octets

    def flush(self) -> None:
        """Write what is held and close the file; the flows can be read now."""
        self._write()
        self._written()
        if self._behind is not None:
            self._behind.shutdown()
            self._behind = None
        if self._writer is not None:
            with _told():
                self._writer.close()
            self._writer = None
        give_back()

    def close(self) -> None:
        """Let go of the file and of the query engine."""
        if self._behind is not None:
            self._behind.shutdown()
            self._behind = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self.rest()

    def rest(self) -> None:
        """Let go of the query engine and of what it holds in memory, until :attr:`table` is asked for again."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None
            give_back()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Flows]:
        """The flows, a row group at a time; ``columns`` are names in memory, None for all."""
        if not self.rows:
            return
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS_PER_GROUP, columns=columns_at_rest(columns)):
                yield from_arrow(batch)

    @property
    def table(self) -> ibis.Table:
        """The flows as an Ibis table; an empty one when there are none."""
        import ibis

        if self._connection is None:
            self._connection = ibis.duckdb.connect(temp_directory=str(self.directory), threads=2, memory_limit=MEMORY)
        if not self.rows:
            pq.write_table(to_arrow(Flows({e.name: filled(e, 0) for e in ELEMENTS.values()})), self.path)
        return self._connection.read_parquet(self.path, table_name="flows")

    def _write(self) -> None:
        self._written()
        if not self._held:
            return
        if self._behind is None:
            self._behind = ThreadPoolExecutor(1, "netwatch-store")
        self._writing = self._behind.submit(self._write_group, self._held)
        self._held, self._held_rows = [], 0

    def _written(self) -> None:
        """Wait for what is written behind."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            with _told():
                writing.result()

    def _write_group(self, held: Sequence[Flows]) -> None:
        table = to_arrow(Flows.concatenate(held))
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="lz4", use_dictionary=False)
        self._writer.write_table(table, row_group_size=ROWS_PER_GROUP)


@contextmanager
def _told() -> Iterator[None]:
    """Turn a failed write into the one line that the user reads."""
    try:
        yield
    except (OSError, pa.ArrowException) as fault:
        full = isinstance(fault, OSError) and fault.errno == errno.ENOSPC
        raise OutputError("disk full while storing flows" if full else f"cannot store flows: {fault}") from fault
