"""Prefix tables as others publish them, read into :class:`Rows`: text in four layouts, MMDB, MRT.

* ranges: ``first,last,asn[,country][,name]`` or ``first,last,country`` (ip-location-db CSV, iptoasn TSV), addresses as
  text or as integers;
* prefixes: ``prefix asn`` (pyasn ``.dat``), ``network length asn`` (CAIDA pfx2as; of several origins the first counts);
* MMDB (MaxMind DB 2.0): ``autonomous_system_number`` or ``asn``, ``country``;
* MRT RIB dumps (RFC 6396): the origin that most peers see.

Any of them may be compressed with gzip, bzip2 or xz. The layout is told by content.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import ipaddress
import lzma
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from netwatch.errors import Malformed, UnreadableInput
from netwatch.kernels.lookup import Ranges
from netwatch.model.address import MAPPED
from netwatch.scope.table import Rows
from netwatch.wire import mrt

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_MMDB_MARK = b"\xab\xcd\xefMaxMind.com"
_COUNTRY = re.compile("[A-Z]{2}")
_LINE = 65_536
_LIMIT = 8_000_000
"""Rows that a table may have: eight times the full routing table."""


class _Builder:
    """Rows as they come."""

    def __init__(self) -> None:
        self.networks: list[tuple[int, int, int]] = []
        self.countries: list[tuple[int, int, int]] = []
        self.holders: dict[int, str] = {}
        self.note = ""

    def add(self, first: int, last: int, as_number: int, country: str = "", name: str = "") -> None:
        if len(self.networks) + len(self.countries) >= _LIMIT:
            raise UnreadableInput(f"more than {_LIMIT:,} rows: not a prefix table")
        if 0 < as_number < 1 << 32:
            self.networks.append((first, last, as_number))
            if name:
                self.holders.setdefault(as_number, name)
        if _COUNTRY.fullmatch(country) and country != "ZZ":
            self.countries.append((first, last, int.from_bytes(country.encode(), "big")))

    def rows(self) -> Rows:
        return Rows(_ranges(self.networks), _ranges(self.countries), self.holders, self.note)


def _ranges(rows: list[tuple[int, int, int]]) -> Ranges:
    halves = [_halves((row[end] for row in rows), len(rows)) for end in (0, 1)]
    return Ranges(*halves[0], *halves[1], np.fromiter((row[2] for row in rows), np.uint32, len(rows)))


def _halves(numbers: Iterable[int], n: int) -> tuple[np.ndarray, np.ndarray]:
    mask = (1 << 64) - 1
    packed = np.fromiter((half for x in numbers for half in (x >> 64, x & mask)), np.uint64, 2 * n).reshape(n, 2)
    return packed[:, 0].copy(), packed[:, 1].copy()


def read_table(path: Path) -> Rows:
    """All rows of a table file.

    Raises:
        UnreadableInput: it cannot be opened, or is in none of the known layouts.
    """
    builder = _Builder()
    try:
        if _is_mmdb(path):
            _read_mmdb(path, builder)
        else:
            with _open(path) as stream:
                head = stream.peek(4096)
                if mrt.looks_like(head):
                    _read_mrt(stream, builder)
                else:
                    _read_text(stream, builder, path)
    except EOFError:
        builder.note = "the file is cut short"
    except (OSError, lzma.LZMAError) as fault:
        raise UnreadableInput(f"cannot read {path}: {fault}") from fault
    except (ValueError, csv.Error) as fault:
        raise UnreadableInput(f"{path} is not a prefix table: {fault}") from fault
    if not builder.networks and not builder.countries:
        raise UnreadableInput(f"{path} holds no prefix with an AS or a country")
    return builder.rows()


def _open(path: Path) -> io.BufferedReader:
    with path.open("rb") as file:
        head = file.read(6)
    for magic, opener in _OPENERS.items():
        if head.startswith(magic):
            return io.BufferedReader(opener(path, "rb"))  # type: ignore[operator]
    return path.open("rb")


def _is_mmdb(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 131_072))  # MaxMind DB 2.0: the metadata lies in the last 128 KiB
        return _MMDB_MARK in file.read()


def _read_text(stream: BinaryIO, builder: _Builder, path: Path) -> None:
    wrong = 0
    for number, fields in enumerate(_fields(_lines(stream))):
        try:
            _add_fields(fields, builder)
        except ValueError:
            wrong += 1
            if wrong > 100 and wrong * 2 > number:
                raise UnreadableInput(f"{path} is in no known layout of a prefix table") from None


def _lines(stream: BinaryIO) -> Iterator[str]:
    while octets := stream.readline(_LINE):
        if line := octets.decode("utf-8", "replace").strip("\r\n"):
            yield line


def _fields(lines: Iterator[str]) -> Iterator[list[str]]:
    for line in lines:
        if line[0] in ";#":
            continue
        if "\t" in line:
            yield [part.strip() for part in line.split("\t")]
        elif "," in line and " " not in line.partition(",")[0]:
            yield from csv.reader([line])
        else:
            yield line.split()


def _add_fields(fields: list[str], builder: _Builder) -> None:
    if len(fields) >= 2 and "/" in fields[0]:
        (first, last), told = _block(fields[0]), fields[1:]
    elif len(fields) >= 3 and fields[1].isdigit() and not fields[0].isdigit():
        (first, last), told = _block(f"{fields[0]}/{fields[1]}"), fields[2:]
    elif len(fields) >= 3:
        (first, last), told = (_address(fields[0]), _address(fields[1])), fields[2:]
    else:
        raise ValueError("too few fields")
    builder.add(first, last, *_told(told))


def _address(written: str) -> int:
    if written.isdigit():
        number = int(written)
        if number >> 128:
            raise ValueError("address too large")
        return number if number >> 32 else MAPPED | number
    ip = ipaddress.ip_address(written)
    return int(ip) if ip.version == 6 else MAPPED | int(ip)


def _block(written: str) -> tuple[int, int]:
    network = ipaddress.ip_network(written, strict=False)
    base = 0 if network.version == 6 else MAPPED
    return base | int(network.network_address), base | int(network.broadcast_address)


def _told(fields: list[str]) -> tuple[int, str, str]:
    """(AS, country, name) from the fields after the range."""
    if _COUNTRY.fullmatch(fields[0]):
        return 0, fields[0], ""
    first = re.split("[_,]", fields[0].removeprefix("AS"))[0]
    rest = fields[1:]
    country = rest.pop(0) if len(rest) >= 2 and _COUNTRY.fullmatch(rest[0]) else ""
    return int(first), country, rest[0] if rest else ""


def _read_mmdb(path: Path, builder: _Builder) -> None:
    import maxminddb

    try:
        with maxminddb.open_database(str(path)) as database:
            for network, record in database:
                if isinstance(record, dict):
                    first, last = _block(str(network))
                    builder.add(first, last, *_mmdb_told(record))
    except maxminddb.InvalidDatabaseError as fault:
        raise UnreadableInput(f"{path} is a damaged MMDB: {fault}") from fault


def _mmdb_told(record: dict[str, object]) -> tuple[int, str, str]:
    number = record.get("autonomous_system_number", record.get("asn", 0))
    digits = str(number).upper().removeprefix("AS")
    name = record.get("autonomous_system_organization", record.get("as_name", record.get("name", "")))
    country = record.get("country_code", record.get("country", ""))
    if isinstance(country, dict):
        country = country.get("iso_code", "")
    return int(digits) if digits.isdigit() else 0, str(country), str(name or "")


def _read_mrt(stream: BinaryIO, builder: _Builder) -> None:
    """Routes up to the end or the first fault; a dump cut short gives what came before."""
    while True:
        header = stream.read(mrt.HEADER)
        if not header:
            return
        try:
            kind, length = mrt.parse_header(header)
            body = stream.read(length)
            if len(body) < length:
                raise Malformed("MRT record cut short", len(body))
            routes = mrt.routes(kind, body)
        except Malformed as fault:
            builder.note = f"read up to a fault: {fault}"
            return
        for first, bits, origin in routes:
            builder.add(first, first | ((1 << (128 - bits)) - 1), origin)
