"""Stored flows over time: what the query engine sums in each bin, and how many different values it sees there.

A flow counts in the bin of its start, unlike in the series, which spread it over its life: one pass over the rows, and
the same rows from every engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netwatch.errors import UsageError
from netwatch.store.keys import Key, keyed
from netwatch.store.top import COUNTERS, measured

SECOND_US = 10**6
TRUNCATED = {60: "minute", 3600: "hour", 86_400: "day"}
"""Seconds of the bins that engines know by name, and cut times to faster."""


@dataclass(frozen=True, slots=True)
class Binned:
    """One bin of one group: ``start`` ns UTC, ``key`` a text per key; ``sums``: the counters asked for, of both
    directions, corrected for sampling; ``distinct``: how many different values each asked key had.
    """

    start: int
    key: tuple[str, ...]
    sums: tuple[int, ...]
    distinct: tuple[int, ...]


def over_time(
    table: Any, width: int, by: Sequence[Key] = (), distinct: Sequence[Key] = (), counters: Sequence[str] = COUNTERS
) -> list[Binned]:
    """Bins of ``width`` seconds of an Ibis table of flows, in order of time and key.

    ``by``: what to group by; ``distinct``: whose different values are counted, exactly; ``counters``: what is summed.
    Only what is asked for is read.

    Raises:
        UsageError: no such counter, or the table lacks a column.
    """
    for counter in counters:
        if counter not in COUNTERS:
            raise UsageError.unknown("counter", counter, COUNTERS)
    rows = binned(table, width, by, distinct, counters).to_pyarrow()
    starts = rows.column("bin").cast("int64").to_pylist()
    keys = [key.texts(rows.column(key.name)) for key in by]
    sums = [[int(value) for value in rows.column(name).to_pylist()] for name in counters]
    different = [rows.column(f"distinct_{key.name}").to_pylist() for key in distinct]
    told = (list(zip(*lists, strict=True)) or [()] * len(starts) for lists in (keys, sums, different))
    return [Binned(start * 1000, *row) for start, *row in zip(starts, *told, strict=True)]


def binned(table: Any, width: int, by: Sequence[Key], counted: Sequence[Key], counters: Sequence[str]) -> Any:
    """The same as an Ibis table: ``bin``, the keys, the counters and ``distinct_...``."""
    import ibis

    told = keyed(measured(table), (*by, *counted)).mutate(bin=_bin(table.flow_start, width))
    names = [key.name for key in by]
    different = {f"distinct_{key.name}": told[key.name].nunique() for key in counted}
    sums = {"octets": ibis._.octets.sum(), "packets": ibis._.packets.sum(), "flows": ibis._.count()}
    grouped = told.group_by(["bin", *names]).agg(**{name: sums[name] for name in counters}, **different)
    return grouped.order_by(["bin", *names])


def _bin(start: Any, width: int) -> Any:
    import ibis

    if width in TRUNCATED:
        return start.truncate(TRUNCATED[width])
    micros = start.delta(ibis.timestamp("1970-01-01 00:00:00"), unit="microsecond")
    return micros - micros % (width * SECOND_US)
