"""The query engines behind an Ibis table of stored rows: DuckDB in this process by default, Spark where asked for."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from netwatch.errors import UsageError
from netwatch.places import Place

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

EMBEDDED = "duckdb"
"""Name of the engine in this process."""
MASTERS = ("local", "spark://", "yarn", "k8s://", "mesos://")
"""What the name of a Spark master begins with; ``local-cluster[workers,cores,MB]`` is a cluster on this machine."""


class Engine(Protocol):
    """Where queries run. Expressions are written once in Ibis; both engines give the same rows."""

    name: str

    def table(self, name: str, files: Sequence[str], schema: pa.Schema) -> ibis.Table:
        """The rows of Parquet files as an Ibis table; an empty one where there are none.

        A column of the schema that the files lack is the folder's (``day=2019-02-01``).
        """
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Embedded:
    """DuckDB in this process. ``place``: where the files lie, if that is behind a URL."""

    name = EMBEDDED

    def __init__(self, place: Place | None = None) -> None:
        self._place = place if place is not None and place.remote else None
        self._connection: Any = None  # Ibis backends carry no types
        self._spilled: weakref.finalize[..., Embedded] | None = None

    def table(self, name: str, files: Sequence[str], schema: pa.Schema) -> ibis.Table:
        """The rows as an Ibis table."""
        import ibis

        if self._connection is None:
            # What does not fit into memory would go to the directory that we happen to be in.
            spilled = tempfile.mkdtemp(prefix="netwatch-")
            self._spilled = weakref.finalize(self, shutil.rmtree, spilled, ignore_errors=True)
            self._connection = ibis.duckdb.connect(threads=2, temp_directory=spilled)
        if not files:
            self._connection.con.register(name, schema.empty_table())
            return self._connection.table(name)
        if self._place is not None:
            self._connection.con.register(name, self._dataset(self._place, files, schema))
            return self._connection.table(name)
        folders = all("=" in file.rsplit("/", 2)[-2] for file in files)
        return self._connection.read_parquet(
            files, table_name=name, union_by_name=True, hive_partitioning=folders, hive_types_autocast=False
        )

    def _dataset(self, place: Place, files: Sequence[str], schema: pa.Schema) -> Any:
        """Not read by DuckDB itself, which would have to fetch an extension for each kind of object store."""
        import pyarrow.dataset as ds

        below = [file.removeprefix(place.root).lstrip("/") for file in files]
        folders = ds.partitioning(schema=schema, flavor="hive")
        return ds.dataset(below, schema=schema, format="parquet", filesystem=place.filesystem(), partitioning=folders)

    def close(self) -> None:
        """Let go of DuckDB."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None
        if self._spilled is not None:
            self._spilled()


def checked_engine(name: str) -> str:
    """The name, which is one of an engine.

    Raises:
        UsageError: no engine is called that.
    """
    if name != EMBEDDED and not name.startswith(MASTERS):
        raise UsageError(f"unknown engine {name!r}: write {EMBEDDED} or a Spark master, such as spark://host:7077")
    return name


def open_engine(name: str) -> Engine:
    """The engine of a name: ``duckdb``, or a Spark master such as ``spark://host:7077`` or ``local[2]``.

    Raises:
        UsageError: no engine is called that, or what it needs is not installed.
    """
    if checked_engine(name) == EMBEDDED:
        return Embedded()
    from netwatch.store.spark import Spark

    return Spark(name)
