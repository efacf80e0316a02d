"""``netwatch asn``: the prefix tables behind ``--asn`` and ``--country``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, stdout, table
from netwatch.model.times import parse_instant

Json = Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)]


def lookup(
    addresses: Annotated[list[str], Parameter(help="IPv4 or IPv6 addresses.")],
    /,
    *,
    at: Annotated[str | None, Parameter(help="Only the table that is used for this time.")] = None,
    json: Json = False,
) -> None:
    """Whose an address is, by each table at hand.

    For example:
        netwatch asn lookup 175.45.176.10

        netwatch asn lookup 2001:db8::1 --at 2019-06-01
    """
    from netwatch.scope import lookup as look_up

    when = None if at is None else parse_instant(at)
    rows = [(address, row) for address in addresses for row in look_up(address, when)]
    if json:
        for address, row in rows:
            print_json({"address": address, **asdict(row)})
        return
    body = [
        (address, f"{row.first} - {row.last}", f"AS{row.as_number}" if row.as_number else "unknown", row.holder or "-",
         row.country or "-", str(row.table))
        for address, row in rows
    ]  # fmt: skip
    stdout().print(table(("address", "range", "AS", "holder", "country", "table"), body))


def import_file(
    file: Annotated[Path, Parameter(help="CSV or TSV, pyasn .dat, MMDB, CAIDA pfx2as or MRT RIB dump.")],
    /,
    *,
    date: Annotated[str, Parameter(help="The day whose state the table tells, such as 2019-06-01.")],
) -> None:
    """Take in a prefix table of your own. Each flow is looked up in the latest table that is not after it.

    For example:
        netwatch asn import rib.20190601.0000.bz2 --date 2019-06-01
    """
    from netwatch.scope import import_table

    info = import_table(file, date)
    sizes = ", ".join(f"{number:,} {layer} segments" for layer, number in info.layers.items())
    stdout().print(f"{info}: {sizes}", markup=False)


def list_tables(*, json: Json = False) -> None:
    """The prefix tables at hand: the bundled one and those imported.

    For example:
        netwatch asn list
    """
    from netwatch.scope import known_tables

    tables = [info for info, _ in known_tables()]
    if json:
        for info in tables:
            print_json(asdict(info))
        return
    body = [
        (info.date, info.name, ", ".join(f"{n:,} {layer}" for layer, n in info.layers.items()), info.licence or "-")
        for info in tables
    ]
    stdout().print(table(("date", "table", "segments", "licence"), body))
