"""The tables that there are: the bundled one and those that the user imported, several dates side by side."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from netwatch.errors import UsageError
from netwatch.model.address import MAPPED, pack
from netwatch.model.address import text as address_text
from netwatch.scope.sources import read_table
from netwatch.scope.table import LAYERS, PrefixTable, TableInfo, build, load, read_info, save

BUNDLED = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Row:
    """What one table says of one address; ``first`` and ``last`` bound the range that is said of. Empty is unknown."""

    table: TableInfo
    first: str
    last: str
    as_number: int
    holder: str
    country: str


def user_directory() -> Path:
    """Where imported tables are kept: ``$XDG_DATA_HOME/netwatch/tables`` (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_DATA_HOME") or ""
    return (Path(base) if Path(base).is_absolute() else Path("~/.local/share").expanduser()) / "netwatch" / "tables"


def known_tables() -> list[tuple[TableInfo, Path]]:
    """All tables with their directories, by date and name; of one date, an imported one comes after the bundled."""
    places = [place for root in (BUNDLED, user_directory()) for place in sorted(root.glob("*/table.json"))]
    found = [(read_info(place.parent), place.parent) for place in places]
    return sorted(found, key=lambda known: known[0].date)


@lru_cache(maxsize=8)
def loaded(directory: Path) -> PrefixTable:
    """A table in memory; kept, as several parts of a run ask for it."""
    return load(directory)


def parse_date(written: str) -> str:
    """An ISO date, checked.

    Raises:
        UsageError: not a date.
    """
    try:
        return dt.date.fromisoformat(written).isoformat()
    except ValueError:
        raise UsageError(f"not a date: {written!r}; write it as 2019-06-01") from None


def from_file(path: Path, date: str | None = None) -> PrefixTable:
    """A table from a user's file; without a date, the one in its name, else the day of its last change.

    Raises:
        UsageError: the file is missing or the date is none.
        UnreadableInput: it is not a prefix table.
    """
    if not path.is_file():
        raise UsageError(f"no such file: {path}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    day = parse_date(date) if date else _date_of(path)
    info = TableInfo(path.name, day, path.name, digest, "", "", {})
    return build(read_table(path), info)


def _date_of(path: Path) -> str:
    for year, month, day in re.findall(r"(?<!\d)((?:19|20)\d\d)[-.]?(\d\d)[-.]?(\d\d)", path.name):
        try:
            return dt.date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date().isoformat()


def import_table(path: Path, date: str) -> TableInfo:
    """Convert a table file and keep it among the user's tables, in place of one of the same date and name.

    Raises:
        UsageError: the file is missing or the date is none.
        UnreadableInput: it is not a prefix table.
        OutputError: it cannot be kept.
    """
    table = from_file(path, date)
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", path.name)
    save(table, user_directory() / f"{table.info.date}-{stem}")
    loaded.cache_clear()
    return table.info


def lookup(address: str, at: int | None = None) -> list[Row]:
    """What every known table says of an address; with ``at`` (ns UTC) only the tables that are used for that time.

    Raises:
        UsageError: not an address.
    """
    try:
        high, low = pack(address)
    except ValueError:
        raise UsageError(f"not an address: {address!r}") from None
    tables = known_tables()
    if at is not None:
        used = [valid_at([t for t in tables if layer in t[0].layers], at) for layer in LAYERS]
        tables = [known for known in tables if known in used]
    return [_row(loaded(directory), high, low) for _, directory in tables]


def valid_at(tables: list[tuple[TableInfo, Path]], at: int) -> tuple[TableInfo, Path] | None:
    """The latest table that is not after an instant, else the earliest."""
    before = [known for known in tables if known[0].since <= at]
    return before[-1] if before else tables[0] if tables else None


def _row(table: PrefixTable, high: int, low: int) -> Row:
    said = {layer: table.range_at(layer, high, low) for layer in LAYERS if layer in table.layers}
    first = max(value[0] for value in said.values())
    last = min(value[1] for value in said.values())
    if high == 0 and low >> 32 == 0xFFFF:  # what is said of an IPv4 address is bounded by IPv4
        first, last = max(first, MAPPED), min(last, MAPPED | 0xFFFF_FFFF)
    number = said["as"][2] if "as" in said else 0
    code = said["country"][2] if "country" in said else 0
    begin, end = (address_text(bound >> 64, bound & (1 << 64) - 1) for bound in (first, last))
    country = code.to_bytes(2, "big").decode("ascii") if code else ""
    return Row(table.info, begin, end, number, table.holder(number), country)
