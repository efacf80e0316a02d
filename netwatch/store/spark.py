"""``Spark``: queries and work spread over the executors of a cluster.

Spark is the user's own, or the one that ``pip install netwatch[spark]`` brings; Java 17 is the user's. On every
executor the same netwatch must be installed, and the paths of inputs and store must mean the same as here.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from netwatch.errors import UsageError
from netwatch.version import __version__

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

T = TypeVar("T")
R = TypeVar("R")

TASKS = 4
"""Tasks a core: so many that what is lost with an executor is little, so few that starting them costs nothing."""
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}
"""What netwatch's results rest on; all else is left to the user's ``spark-defaults.conf``."""
QUIET = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR", "spark.ui.enabled": "false"}
"""Set unless the user's Spark has its own configuration."""


class Spark:
    """A Spark application on the cluster of a master.

    Raises:
        UsageError: pyspark or Java is missing, or the executors' netwatch is another.
    """

    def __init__(self, master: str) -> None:
        self.name = master
        self._session = _session(master)
        self._connection: Any = None  # Ibis backends carry no types

    @property
    def session(self) -> Any:
        """The Spark session."""
        return self._session

    def table(self, name: str, files: Sequence[str], schema: pa.Schema) -> ibis.Table:
        """The rows as an Ibis table on Spark."""
        import ibis
        from pyspark.sql.pandas.types import from_arrow_schema

        if self._connection is None:
            self._connection = ibis.pyspark.connect(self._session)
        # Without a zone a time is the same number everywhere; no column of ours has nulls.
        reader = self._session.read.schema(from_arrow_schema(schema, prefer_timestamp_ntz=True))
        frame = reader.option("basePath", _base(files)).parquet(*files) if files else self._empty(schema)
        frame.createOrReplaceTempView(name)
        return self._connection.table(name)

    def _empty(self, schema: pa.Schema) -> Any:
        from pyspark.sql.pandas.types import from_arrow_schema

        return self._session.createDataFrame([], from_arrow_schema(schema, prefer_timestamp_ntz=True))

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """``function`` of every item on the executors, in the items' order.

        A task, some items after each other, that is lost with its executor is done again on another: ``function`` must
        bear being called twice for an item.
        """
        if not items:
            return []
        context = self._session.sparkContext
        tasks = min(len(items), TASKS * context.defaultParallelism)
        found: list[R] = context.parallelize(list(items), tasks).map(_versioned(function)).collect()
        return found

    def close(self) -> None:
        """End the application on the cluster."""
        self._session.stop()


def _versioned(function: Callable[[T], R]) -> Callable[[T], R]:
    here = __version__

    def called(item: T) -> R:
        from netwatch.version import __version__ as there

        if there != here:
            raise RuntimeError(f"the executor has netwatch {there}, the driver {here}")
        return function(item)

    return called


def _session(master: str) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("a Spark engine needs the package pyspark: pip install netwatch[spark]") from None
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise UsageError("a Spark engine needs Java 17: none is on the PATH and JAVA_HOME is not set")
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # executors on this machine: the same environment
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(master).appName("netwatch")
    if master.startswith("local"):
        builder = builder.config("spark.sql.shuffle.partitions", "4")
    own = {} if os.environ.get("SPARK_CONF_DIR") else QUIET
    for key, value in {**own, **SETTINGS}.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except Exception as fault:  # py4j's faults have no common base of ours; the first line says what is wrong
        raise UsageError(f"Spark does not start on {master}: {str(fault).strip().splitlines()[0]}") from fault


def _base(files: Sequence[str]) -> str:
    """The folder below which folders are columns: of ``.../flows/day=2019-02-01/x.parquet`` it is ``.../flows``."""
    folder = files[0].rsplit("/", 1)[0]
    return folder.rsplit("/", 1)[0] if "=" in folder.rsplit("/", 1)[-1] else folder
