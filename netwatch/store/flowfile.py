"""``FlowFile``: Flow Records to one Parquet file, as fast as they come.

Columns are those at rest; a file leaves out those that none of its flows tells, and readers take their defaults.
Values have no dictionary and no statistics, which cost more than the metering. Columns that mostly repeat themselves
are compressed with Snappy, which is cheaper than to write them out; the others stand plain.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from netwatch.errors import OutputError
from netwatch.model.flows import Flows
from netwatch.places import part_of
from netwatch.store.schema import to_arrow

_VARIED = (
    "flow_start",
    "flow_end",
    "source_address",
    "destination_address",
    "source_transport_port",
    "destination_transport_port",
    "first_frame",
)


class FlowFile:
    """A file that is whole or not there: it takes its name once all is written. ``-`` is stdout.

    ``columns`` are the names in memory to be kept. Batches are written by a second thread, one behind.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.rows = 0
        self._columns = columns
        self._part = part_of(path)
        self._beside = self._part.name == f"{path.name}.part"
        self._file: BinaryIO | None = None
        self._writer: pq.ParquetWriter | None = None
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def append(self, flows: Flows) -> None:
        """Add a batch.

        Raises:
            OutputError: the batch before could not be written.

        """
        self._wait()
        if len(flows):
            self.rows += len(flows)
            self._pending = self._thread.submit(self._write, flows)

    def __enter__(self) -> FlowFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._thread.shutdown()
            if self._writer is not None:
                self._writer.close()
            if self._file is not None:
                self._file.close()
            if self._beside:
                self._part.unlink(missing_ok=True)

    def _finish(self) -> None:
        self._wait()
        try:
            if self._writer is None:
                self._write(Flows.empty())
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            if self._file is not None:
                self._file.close()
            if self._beside:
                self._part.replace(self.path)
        except (OSError, pa.ArrowException) as fault:
            raise OutputError(f"cannot write {self.path}: {fault}") from fault

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        try:
            if pending is not None:
                pending.result()
        except (OSError, pa.ArrowException) as fault:
            raise OutputError(f"cannot write {self.path}: {fault}") from fault

    def _write(self, flows: Flows) -> None:
        table = to_arrow(flows, self._columns)
        if self._writer is None:
            compression = {name: "none" if name in _VARIED else "snappy" for name in table.schema.names}
            self._file = self._part.open("wb")  # by a path, Arrow wants to seek, which no pipe can
            self._writer = pq.ParquetWriter(
                self._file, table.schema, compression=compression, use_dictionary=False, write_statistics=False
            )
        self._writer.write_table(table)
