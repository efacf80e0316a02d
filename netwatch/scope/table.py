"""``PrefixTable``: which AS and which country an address belonged to on one date, in memory and at rest.

At rest a table is a directory: ``segments.parquet`` (layer, high, low, value: where each segment begins),
``holders.parquet`` (as_number, name) and ``table.json`` (:class:`TableInfo`).
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from netwatch.errors import OutputError, UnreadableInput
from netwatch.kernels.lookup import Index, Ranges, Segments, find, flatten, index

LAYERS = ("as", "country")
_SEGMENTS, _HOLDERS, _INFO = "segments.parquet", "holders.parquet", "table.json"


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What a table is: ``date`` (ISO) is the day whose state it tells; ``layers``: those it has, with sizes.

    ``note``: what is wrong with it, such as a source that was cut short.
    """

    name: str
    date: str
    source: str
    source_sha256: str
    licence: str
    attribution: str
    layers: dict[str, int]
    note: str = ""

    @property
    def since(self) -> int:
        """The first instant of ``date``, ns UTC."""
        day = dt.date.fromisoformat(self.date)
        return (day - dt.date(1970, 1, 1)).days * 86_400 * 10**9

    def __str__(self) -> str:
        return f"{self.name} of {self.date}"


class Rows(NamedTuple):
    """What a source says: ranges with an AS number, ranges with a country (two letters as uint16), names of ASes.

    ``note``: what was wrong with it.
    """

    networks: Ranges
    countries: Ranges
    holders: dict[int, str]
    note: str = ""


@dataclass(slots=True)
class PrefixTable:
    """A loaded table. ``holders``: sorted AS numbers and their names."""

    info: TableInfo
    layers: dict[str, Index]
    holder_numbers: np.ndarray
    holder_names: list[str]

    def find(self, layer: str, addresses: np.ndarray) -> np.ndarray:
        """uint32 (n,): AS number or country code at (n, 2) addresses; 0 unknown, also where the layer is missing."""
        if layer not in self.layers:
            return np.zeros(len(addresses), np.uint32)
        values: np.ndarray = find(np.ascontiguousarray(addresses, np.uint64), self.layers[layer])
        return values

    def holds(self, layer: str, value: int) -> bool:
        """Whether any address has the value in that layer."""
        held = self.layers.get(layer)
        return held is not None and bool((held.value == value).any())

    def ranges(self, layer: str, value: int) -> list[tuple[int, int]]:
        """Inclusive ranges of 128-bit addresses that have the value, in order."""
        held = self.layers.get(layer)
        if held is None:
            return []
        found = []
        for at in np.flatnonzero(held.value == value):
            first = int(held.high[at]) << 64 | int(held.low[at])
            last = (1 << 128) - 1
            if at + 1 < len(held.value):
                last = (int(held.high[at + 1]) << 64 | int(held.low[at + 1])) - 1
            found.append((first, last))
        return found

    def range_at(self, layer: str, high: int, low: int) -> tuple[int, int, int]:
        """(first, last, value) of the segment that holds one address, as 128-bit integers."""
        held = self.layers[layer]
        address = high << 64 | low
        at = int(np.searchsorted(held.high, np.uint64(high), side="right")) - 1
        while int(held.high[at]) << 64 | int(held.low[at]) > address:
            begin = int(np.searchsorted(held.high, held.high[at], side="left"))
            below = int(np.searchsorted(held.low[begin : at + 1], np.uint64(low), side="right"))
            at = begin + below - 1 if below and int(held.high[at]) == high else begin - 1
        last = (1 << 128) - 1
        if at + 1 < len(held.value):
            last = (int(held.high[at + 1]) << 64 | int(held.low[at + 1])) - 1
        return int(held.high[at]) << 64 | int(held.low[at]), last, int(held.value[at])

    def holder(self, as_number: int) -> str:
        """Name of an AS, or an empty text."""
        at = int(np.searchsorted(self.holder_numbers, as_number))
        known = at < len(self.holder_numbers) and int(self.holder_numbers[at]) == as_number
        return self.holder_names[at] if known else ""


def build(rows: Rows, info: TableInfo) -> PrefixTable:
    """A table from a source's rows; ``info.layers`` is filled in from them."""
    layers = {}
    for name, ranges in zip(LAYERS, (rows.networks, rows.countries), strict=True):
        if len(ranges.value):
            layers[name] = index(flatten(ranges))
    numbers = np.array(sorted(rows.holders), np.uint32)
    names = [rows.holders[int(number)] for number in numbers]
    sizes = {name: int((held.value != 0).sum()) for name, held in layers.items()}
    told = {**asdict(info), "layers": sizes, "note": rows.note}
    return PrefixTable(TableInfo(**told), layers, numbers, names)


def save(table: PrefixTable, directory: Path) -> None:
    """Write a table; a directory of that name is complete or not there.

    Raises:
        OutputError: it cannot be written.
    """
    part = directory.with_name(directory.name + ".part")
    try:
        part.mkdir(parents=True, exist_ok=True)
        columns = [np.concatenate([getattr(i, n) for i in table.layers.values()]) for n in ("high", "low", "value")]
        layer = np.concatenate([np.full(len(i.value), LAYERS.index(n), np.int8) for n, i in table.layers.items()])
        segments = pa.table(
            {
                "layer": layer,
                **{n: c.astype("<u8").view("<i8") for n, c in zip(("high", "low"), columns, strict=False)},
                "value": columns[2],
            }
        )
        _write(segments, part / _SEGMENTS, dictionary=["value"], delta=("layer", "high", "low"))
        names = pa.table({"as_number": table.holder_numbers, "name": pa.array(table.holder_names, pa.string())})
        _write(names, part / _HOLDERS, dictionary=[], delta=("as_number",))
        (part / _INFO).write_text(json.dumps(asdict(table.info), indent=2) + "\n", encoding="ascii")
        if directory.exists():
            shutil.rmtree(directory)
        part.replace(directory)
    except OSError as fault:
        raise OutputError(f"cannot write {directory}: {fault.strerror}") from fault


def _write(table: pa.Table, path: Path, dictionary: list[str], delta: tuple[str, ...]) -> None:
    pq.write_table(
        table, path, compression="zstd", compression_level=19, use_dictionary=dictionary, row_group_size=1 << 22,
        column_encoding=dict.fromkeys(delta, "DELTA_BINARY_PACKED"), write_statistics=False, store_schema=False,
        dictionary_pagesize_limit=1 << 23,
    )  # fmt: skip


def read_info(directory: Path) -> TableInfo:
    """What a stored table is.

    Raises:
        UnreadableInput: there is no readable table.
    """
    try:
        return TableInfo(**json.loads((directory / _INFO).read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError) as fault:
        raise UnreadableInput(f"no prefix table in {directory}: {fault}") from fault


def load(directory: Path) -> PrefixTable:
    """A stored table.

    Raises:
        UnreadableInput: it is not there or damaged.
    """
    info = read_info(directory)
    try:
        stored = pq.read_table(directory / _SEGMENTS)
        holders = pq.read_table(directory / _HOLDERS)
    except (OSError, pa.ArrowException) as fault:
        raise UnreadableInput(f"prefix table in {directory} is damaged: {fault}") from fault
    layer = stored.column("layer").to_numpy()
    high, low = (stored.column(name).to_numpy().view(np.uint64) for name in ("high", "low"))
    value = stored.column("value").to_numpy().astype(np.uint32)
    layers = {}
    for code, name in enumerate(LAYERS):
        mine = layer == code
        if mine.any():
            layers[name] = index(Segments(high[mine], low[mine], value[mine]))
    names: list[str] = holders.column("name").to_pylist()
    return PrefixTable(info, layers, holders.column("as_number").to_numpy().astype(np.uint32), names)
