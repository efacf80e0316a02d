"""``SeriesStore``: series kept beside the flows, as sums by bin and entity, in two Delta tables.

``bins`` holds them at five minutes, parted by day; ``hours`` at one hour, parted by month, for as long as the
store lives. A commit of the lake is added to ``bins`` once, under the same number. ``hours`` follows ``bins``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from netwatch.model.sums import PARTS, BinSums
from netwatch.store.delta import Delta

SECOND = 10**9
FINE, HOUR, DAY = 300 * SECOND, 3600 * SECOND, 86_400 * SECOND
_KEYS = ["start", "kind", "value"]
_COUNTERS = [*PARTS, "peers"]


class SeriesStore:
    """The kept sums under a directory or object-store URL.

    Raises:
        UsageError, UnreadableInput, OutputError: as :class:`netwatch.store.delta.Delta`.
    """

    def __init__(self, place: str | Path, storage_options: Mapping[str, str] | None = None) -> None:
        self._fine = Delta(place, "bins", _schema("day"), "day", storage_options)
        self._hours = Delta(place, "hours", _schema("month"), "month", storage_options)

    @property
    def number(self) -> int:
        """Number of the last commit of the lake that the bins hold."""
        return self._fine.transaction("ingest")

    @property
    def since(self) -> int:
        """From when on (ns) the bins are kept: what was before has expired. 0 where nothing has."""
        return self._fine.transaction("expired") * DAY

    def add(self, number: int, sums: BinSums) -> bool:
        """Add a commit's sums to the bins, of days whose bins have expired to the hours; False where they hold it
        already.
        """
        if self.number >= number:
            return False
        if (late := sums.start < self.since).any():
            self._add_late(number, sums.take(late))
            sums = sums.take(~late)
        table = _to_arrow(sums, "day")
        days = sorted(pc.unique(table.column("day")).to_pylist())
        if not days:
            return self._fine.append(table.to_reader(), ("ingest", number), {})
        kept = _read(self._fine, days)
        return self._fine.replace(_summed([kept, table], "day"), days, ("ingest", number))

    def _add_late(self, number: int, sums: BinSums) -> None:
        """Of such days the hours are not summed from the bins anew, which hold nothing of what was before."""
        if self._hours.transaction("late") >= number:
            return
        added = _hourly(sums)
        months = sorted(pc.unique(added.column("month")).to_pylist())
        self._hours.replace(_summed([_read(self._hours, months), added], "month"), months, ("late", number))

    def roll_up(self, days: Sequence[str]) -> None:
        """Sum the bins of some days to hours anew, in the place of what the hours held of those days."""
        present = sorted(set(days) & set(self._fine.partitions()))
        if not present:
            return
        made = _summed([_hourly(_from_arrow(_read(self._fine, present), FINE))], "month")
        months = sorted({day[:7] for day in present})
        kept = _read(self._hours, months)
        stale = pc.is_in(pc.strftime(kept.column("start"), "%Y-%m-%d"), pa.array(present, pa.string()))
        whole = pa.concat_tables([kept.filter(pc.invert(stale)), made])
        self._hours.replace(whole.sort_by([(key, "ascending") for key in _KEYS]), months, ("roll", self.rolls + 1))

    @property
    def rolls(self) -> int:
        """How often hours were summed."""
        return self._hours.transaction("roll")

    def fine(self, since: int, until: int, kinds: Sequence[str] = ()) -> BinSums:
        """Five-minute sums of the bins that begin in ``[since, until)``, ns."""
        return _window(self._fine, since, until, kinds, FINE)

    def hours(self, since: int, until: int, kinds: Sequence[str] = ()) -> BinSums:
        """Hourly sums of the bins that begin in ``[since, until)``, ns."""
        return _window(self._hours, since, until, kinds, HOUR)

    def compact(self) -> None:
        """Delete files that no version of the last day refers to."""
        self._fine.sweep()
        self._hours.sweep()

    def expire(self, before: str) -> int:
        """Delete the five-minute sums of days before one (``2019-02-01``); their hours stay. How many days went."""
        old = [day for day in self._fine.partitions() if day < before]
        end = int(np.datetime64(old[-1], "D").astype(np.int64)) + 1 if old else 0
        return self._fine.expire(before, ("expired", end)) if old else 0

    def info(self) -> dict[str, dict[str, Any]]:
        """Of both tables, JSON-ready."""
        return {"bins": self._fine.info(), "hours": self._hours.info()}


def _schema(parted_by: str) -> pa.Schema:
    fields = [("start", pa.timestamp("us")), ("kind", pa.string()), ("value", pa.string())]
    return pa.schema([*fields, *((name, pa.float64()) for name in _COUNTERS), (parted_by, pa.string())])


def _to_arrow(sums: BinSums, parted_by: str) -> pa.Table:
    start = pa.array(sums.start // 1000, pa.int64()).cast(pa.timestamp("us"))
    part = pc.strftime(start, "%Y-%m-%d" if parted_by == "day" else "%Y-%m")
    texts = [pa.array(column.tolist(), pa.string()) for column in (sums.kind, sums.value)]
    numbers = [pa.array(getattr(sums, name), pa.float64(), from_pandas=False) for name in _COUNTERS]
    return pa.table([start, *texts, *numbers, part], schema=_schema(parted_by))


def _from_arrow(table: pa.Table, width: int) -> BinSums:
    start = table.column("start").cast(pa.int64()).to_numpy() * 1000
    texts = [np.asarray(table.column(name).to_pylist(), object) for name in ("kind", "value")]
    return BinSums(width, start, *texts, *(table.column(name).to_numpy() for name in _COUNTERS))


def _hourly(sums: BinSums) -> pa.Table:
    """The same rows by the hour that they lie in."""
    return _to_arrow(replace(sums, width=HOUR, start=sums.start // HOUR * HOUR), "month")


def _summed(tables: list[pa.Table], parted_by: str) -> pa.Table:
    """One row a bin and entity, in order."""
    whole = pa.concat_tables(tables)
    grouped = whole.group_by([*_KEYS, parted_by], use_threads=False).aggregate(
        [*((name, "sum") for name in PARTS), ("peers", "max")]
    )
    names = [*_KEYS, parted_by, *PARTS, "peers"]
    ordered = grouped.rename_columns(_order(grouped.column_names, names)).select(_schema(parted_by).names)
    return ordered.cast(_schema(parted_by)).sort_by([(key, "ascending") for key in _KEYS])


def _order(given: list[str], names: list[str]) -> list[str]:
    """The columns of a grouped table by the names that they had before."""
    return [next(n for n in names if column in (n, f"{n}_sum", f"{n}_max")) for column in given]


def _read(delta: Delta, parts: Sequence[str]) -> pa.Table:
    import pyarrow.parquet as pq

    tables = [delta.schema.empty_table()]
    for file in delta.files(parts):
        if "://" in file:
            return delta.table(parts).to_pyarrow().select(delta.schema.names).cast(delta.schema)
        part = file.rsplit("/", 2)[-2].partition("=")[2]
        rows = pq.ParquetFile(file.removeprefix("file://")).read()
        rows = rows.append_column(delta.parted_by, pa.array([part] * rows.num_rows, pa.string()))
        tables.append(rows.select(delta.schema.names).cast(delta.schema))
    return pa.concat_tables(tables)


def _window(delta: Delta, since: int, until: int, kinds: Sequence[str], width: int) -> BinSums:
    form = "D" if delta.parted_by == "day" else "M"
    first, last = (str(np.datetime64(t, "ns").astype(f"datetime64[{form}]")) for t in (since, max(since, until - 1)))
    table = _read(delta, [part for part in delta.partitions() if first <= part <= last])
    start = table.column("start").cast(pa.int64())
    keep = pc.and_(pc.greater_equal(start, since // 1000), pc.less(start, until // 1000))
    if kinds:
        keep = pc.and_(keep, pc.is_in(table.column("kind"), pa.array(list(kinds), pa.string())))
    return _from_arrow(table.filter(keep), width)
