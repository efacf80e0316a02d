"""Series from a CSV: the table that ``netwatch series --csv`` writes, or no more than times and values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netwatch.errors import UnreadableInput
from netwatch.model.series import COUNTERS, Bins, Entity, Series, SeriesSet
from netwatch.model.text import printable

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("bin_start", "entity_kind", "entity", "counter", "value", "coverage", "standard_error", "sampling_interval")
_NEEDED = ("bin_start", "value")
_DEFAULTS = {"entity_kind": "scope", "entity": "all", "counter": "octets"}
_NUMBERS = {"value": np.nan, "coverage": np.nan, "standard_error": 0.0, "sampling_interval": 1.0}
MOST_CELLS = 100_000_000
"""Bins times series that are laid out in memory at most."""


def is_series_csv(path: str | Path) -> bool:
    """Whether a file begins with the names of such columns."""
    try:
        with Path(path).open("rb") as file:
            names = file.readline(4096).decode("utf-8", "replace").strip().split(",")
    except OSError:
        return False
    return set(_NEEDED) <= set(names) and set(names) <= set(COLUMNS)


def read_series(path: str | Path) -> SeriesSet:
    """The series of a CSV; bins without a row, or with an empty value, were not observed.

    Missing columns stand for the scope's octets, wholly observed and not sampled.

    Raises:
        UnreadableInput: no such table; a time that is none; two rows of one bin; bins of more than one width.
    """
    import pandas as pd

    texts = {"bin_start": str, "entity_kind": str, "entity": str, "counter": str}
    try:
        # "NA" and the like are names, too; a number is empty where it is not known.
        table = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values={name: [""] for name in _NUMBERS})
    except (OSError, ValueError, pd.errors.ParserError) as fault:
        raise UnreadableInput(f"{path}: not a table of series: {fault}") from fault
    if not set(_NEEDED) <= set(table.columns) or not len(table):
        raise UnreadableInput(f"{path}: a table of series needs rows, and the columns {' and '.join(_NEEDED)}")
    start = _starts(table, path)
    for name, default in _DEFAULTS.items():
        table[name] = table.get(name, default)
    for name, number in _NUMBERS.items():
        table[name] = _numbers(table, name, path) if name in table else number
    bins = _bins(start, path)
    made = SeriesSet(bins)
    groups = dict(table.groupby([*_DEFAULTS], sort=True).indices)
    if bins.count * len(groups) > MOST_CELLS:
        raise UnreadableInput(f"{path}: {bins.count:,} bins of {len(groups):,} series are more than can be laid out")
    for key, at in groups.items():
        kind, value, counter = map(str, key)  # type: ignore[call-overload]  # pandas' stubs know no tuple of names
        if counter not in COUNTERS:
            raise UnreadableInput(f"{path}: counter {printable(counter)!r} is none of {', '.join(COUNTERS)}")
        named = Entity(kind, value)
        made.series[named, counter] = _series((named, counter), bins, start[at], table.iloc[at], path)
    return made


def _starts(table: pd.DataFrame, path: str | Path) -> np.ndarray:
    """int64 ns (rows,)."""
    import pandas as pd

    try:
        times = pd.to_datetime(table["bin_start"], utc=True, format="ISO8601")
        start: np.ndarray = np.asarray(times.dt.as_unit("ns").astype("int64"))
    except (ValueError, OverflowError) as fault:
        raise UnreadableInput(
            f"{path}: a bin_start is not a time: {printable(str(fault).partition(chr(10))[0])}"
        ) from fault
    if (start < 0).any():
        raise UnreadableInput(f"{path}: a bin_start is missing, or before 1970")
    return start


def _numbers(table: pd.DataFrame, name: str, path: str | Path) -> np.ndarray:
    try:
        column = np.asarray(table[name], float)
    except ValueError as fault:
        raise UnreadableInput(f"{path}: {name} is not a number: {printable(str(fault))}") from fault
    if (column < 0).any() or np.isinf(column).any():
        raise UnreadableInput(f"{path}: {name} is negative or infinite")
    return column


def _bins(start: np.ndarray, path: str | Path) -> Bins:
    known = np.unique(start)
    steps = np.diff(known)
    width = int(steps.min()) if len(steps) else 3600 * 10**9
    if (steps % width).any():
        raise UnreadableInput(f"{path}: bins of more than one width")
    return Bins(int(known[0]), width, int((known[-1] - known[0]) // width) + 1)


def _series(named: tuple[Entity, str], bins: Bins, start: np.ndarray, rows: pd.DataFrame, path: str | Path) -> Series:
    at = (start - bins.start) // bins.width
    if len(np.unique(at)) < len(at):
        raise UnreadableInput(f"{path}: two rows of one bin of {named[0]}, {named[1]}")
    values = np.full(bins.count, np.nan)
    values[at] = rows["value"]
    coverage = np.where(np.isnan(values), 0.0, 1.0)
    told = np.asarray(rows["coverage"], float)
    coverage[at] = np.where(np.isnan(told), coverage[at], np.clip(told, 0.0, 1.0))
    variance, sampling = np.zeros(bins.count), np.full(bins.count, np.nan)
    variance[at] = np.nan_to_num(np.asarray(rows["standard_error"], float)) ** 2
    sampling[at] = rows["sampling_interval"]
    return Series(*named, bins, values, coverage, variance, sampling)
