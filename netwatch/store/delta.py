"""``Delta``: one Delta Lake table, parted by one text column, with numbered transactions.

What the rest of netwatch needs of the ``deltalake`` library, and its faults as ours.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from netwatch.errors import NetwatchError, OutputError, UnreadableInput, UsageError
from netwatch.places import Place
from netwatch.store.engines import EMBEDDED, Embedded, Engine
from netwatch.store.parts import Part
from netwatch.store.schema import VERSION

if TYPE_CHECKING:
    import ibis

SCHEMA_KEY = "netwatch.schemaVersion"
NUMBER_KEY = "netwatch.number"
DAY_HOURS = 24
ROW_GROUP = 1 << 18
"""Rows that the library holds before it writes them."""


class Delta:
    """The table ``name`` under ``place``, made where it is missing.

    Raises:
        UsageError: the extra ``monitor`` is not installed.
        UnreadableInput: what lies there is of another schema version, or no table.
        OutputError: nothing can be written there.
    """

    def __init__(
        self,
        place: str | Path,
        name: str,
        schema: pa.Schema,
        parted_by: str,
        options: Mapping[str, str] | None = None,
        engine: Engine | None = None,
    ) -> None:
        library = _library()
        self.place = f"{str(place).rstrip('/')}/{name}"
        self.name = name
        self.schema = schema
        self.parted_by = parted_by
        self._options = dict(options or {}) or None
        self.root = Place(self.place, self._options or {})
        self._embedded = Embedded(self.root)
        self._engine = self._embedded if engine is None or engine.name == EMBEDDED else engine
        with told(f"cannot open the store {self.place}"):
            if not library.DeltaTable.is_deltatable(self.place, self._options):
                self._create(library)
            self._table = library.DeltaTable(self.place, storage_options=self._options)
        version = self._table.metadata().configuration.get(SCHEMA_KEY)
        if version != str(VERSION):
            raise UnreadableInput(f"store {self.place} has schema version {version}, this netwatch has {VERSION}")

    def _create(self, library: Any) -> None:
        if "://" not in self.place:
            make_private(Path(self.place))
        library.DeltaTable.create(
            self.place,
            schema=self.schema,
            partition_by=[self.parted_by],
            configuration={
                SCHEMA_KEY: str(VERSION),
                "delta.checkpointInterval": "50",
                "delta.logRetentionDuration": "interval 2 days",
                "delta.dataSkippingNumIndexedCols": "2",
            },
            storage_options=self._options,
            raise_if_key_not_exists=False,
        )

    def close(self) -> None:
        """Let go of the query engine in this process."""
        self._embedded.close()

    def transaction(self, application: str) -> int:
        """Number of the last commit of one kind, 0 before the first."""
        with told(f"cannot read the store {self.place}"):
            self._table.update_incremental()
            return int(self._table.transaction_version(application) or 0)

    def append(self, rows: pa.RecordBatchReader, transaction: tuple[str, int], note: Mapping[str, str]) -> bool:
        """Add rows as the numbered transaction; False where another writer made it meanwhile."""
        return self._write(rows, "append", transaction, note, None)

    def adopt(self, parts: Sequence[Part], transaction: tuple[str, int], note: Mapping[str, str]) -> bool:
        """Make data files that lie below the table part of it, as the numbered transaction."""
        library = _library()
        from deltalake.transaction import AddAction

        actions = [AddAction(p.path, p.size, {self.parted_by: p.day}, 0, True, _statistics(p)) for p in parts]
        with told(f"cannot write to the store {self.place}"):
            try:
                self._table.create_write_transaction(
                    actions,
                    mode="append",
                    schema=self._table.schema(),
                    partition_by=[self.parted_by],
                    commit_properties=_properties(library, transaction, note),
                )
                self._table.update_incremental()
            except library.exceptions.CommitFailedError:
                if self.transaction(transaction[0]) >= transaction[1]:
                    return False
                raise
        return True

    def replace(self, rows: pa.Table, part: Sequence[str], transaction: tuple[str, int]) -> bool:
        """Put rows in the place of all that the parts held, as the numbered transaction."""
        listed = ", ".join(f"'{value}'" for value in sorted(part))
        where = f"{self.parted_by} IN ({listed})"
        return self._write(rows.to_reader(), "overwrite", transaction, {}, where)

    def _write(
        self,
        rows: pa.RecordBatchReader,
        mode: str,
        transaction: tuple[str, int],
        note: Mapping[str, str],
        predicate: str | None,
    ) -> bool:
        library = _library()
        application, number = transaction
        with told(f"cannot write to the store {self.place}"):
            try:
                library.write_deltalake(
                    self._table,
                    rows,
                    mode=mode,
                    predicate=predicate,
                    commit_properties=_properties(library, transaction, note),
                    writer_properties=library.WriterProperties(compression="ZSTD", max_row_group_size=ROW_GROUP),
                )
            except library.exceptions.CommitFailedError:
                if self.transaction(application) >= number:
                    return False
                raise
        return True

    def commits(self) -> list[dict[str, Any]]:
        """What the commits that the log still holds say of themselves, newest first."""
        with told(f"cannot read the log of {self.place}"):
            return list(self._table.history())

    def partitions(self) -> list[str]:
        """Values of the parting column that have rows, ascending."""
        return sorted(str(p[self.parted_by]) for p in self._table.partitions())

    def files(self, parts: Sequence[str] | None = None) -> list[str]:
        """Parquet files of some parts, or of all."""
        uris: list[str] = sorted(self._table.file_uris())
        if parts is None:
            return uris
        folders = {f"{self.parted_by}={part}" for part in parts}
        return [uri for uri in uris if uri.rsplit("/", 2)[-2] in folders]

    def table(self, parts: Sequence[str] | None = None) -> ibis.Table:
        """The rows as an Ibis table; an empty one where there are none."""
        return self._engine.table(self.name, self.files(parts), self.schema)

    def info(self) -> dict[str, Any]:
        """Rows, octets at rest, files, parts, version of the table and of the schema: JSON-ready."""
        added = pa.table(self._table.get_add_actions(flatten=True))
        parts = self.partitions()
        return {
            "rows": int(sum(added.column("num_records").to_pylist())) if added.num_rows else 0,
            "octets_at_rest": int(sum(added.column("size_bytes").to_pylist())) if added.num_rows else 0,
            "files": added.num_rows,
            "first": parts[0] if parts else None,
            "last": parts[-1] if parts else None,
            "version": self._table.version(),
            "schema_version": VERSION,
        }

    def compact(self, parts: Sequence[str] | None = None) -> int:
        """Join small files of a part and take away what no version within a day needs; how many files are fewer."""
        before = len(self.files())
        chosen = None if parts is None else [(self.parted_by, "in", list(parts))]
        with told(f"cannot compact the store {self.place}"):
            if parts is None or parts:
                properties = _library().WriterProperties(compression="ZSTD", max_row_group_size=ROW_GROUP)
                self._table.optimize.compact(partition_filters=chosen, writer_properties=properties)
            self.sweep()
        return before - len(self.files())

    def sweep(self) -> None:
        """Delete files that no version of the last day refers to, and log entries before the last checkpoint.

        Also those that no version ever referred to, which a pass that was killed left behind.
        """
        with told(f"cannot tidy the store {self.place}"):
            self._table.vacuum(DAY_HOURS, dry_run=False, enforce_retention_duration=False, full=True)
            self._table.create_checkpoint()
            self._table.cleanup_metadata()

    def expire(self, before: str, transaction: tuple[str, int] | None = None) -> int:
        """Delete the parts that sort before a value, as a numbered transaction if given; how many."""
        old = [part for part in self.partitions() if part < before]
        if old:
            with told(f"cannot take days out of the store {self.place}"):
                properties = _properties(_library(), transaction, {}) if transaction else None
                self._table.delete(f"{self.parted_by} < '{before}'", commit_properties=properties)
                self.sweep()
        return len(old)


def make_private(directory: Path) -> None:
    """A directory for the owner alone, and those above it that are missing; one that is there keeps its mode.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as fault:
        raise OutputError(f"cannot make {directory}: {fault.strerror}") from fault


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn a fault of the library or the disk into the one line that the user reads."""
    try:
        yield
    except NetwatchError:
        raise
    except (OSError, pa.ArrowException, _library().exceptions.DeltaError) as fault:
        full = getattr(fault, "errno", None) == errno.ENOSPC or "No space left" in str(fault)
        line = " ".join(str(fault).split())[:300]
        raise OutputError(f"{doing}: {'the disk is full' if full else line}") from fault


def _properties(library: Any, transaction: tuple[str, int], note: Mapping[str, str]) -> Any:
    application, number = transaction
    return library.CommitProperties(
        custom_metadata={**note, NUMBER_KEY: str(number)}, app_transactions=[library.Transaction(application, number)]
    )


def _statistics(part: Part) -> str:
    """What readers may pass over a file by (Delta protocol, "Per-file Statistics")."""
    first, last = (str(np.datetime64(us, "us").astype("M8[ms]")) for us in (part.first, part.last + 999))
    return json.dumps({"numRecords": part.rows, "minValues": {"flow_start": first}, "maxValues": {"flow_start": last}})


def _library() -> Any:
    try:
        import deltalake
        import deltalake.exceptions
    except ImportError:
        raise UsageError("this needs the package deltalake: pip install netwatch[monitor]") from None
    return deltalake
