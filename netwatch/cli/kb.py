"""``netwatch kb``: the names that fingerprints know."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, stdout, table

Json = Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)]


def list_lists(*, json: Json = False) -> None:
    """The lists at hand: rows by their source, with its licence, and the warning lists.

    For example:
        netwatch kb list
    """
    from netwatch.fingerprint.names import load_names
    from netwatch.fingerprint.shelf import WARNINGS, read_list, shelved, warned_names

    names = load_names()
    sources = Counter(pool.source for pool in names.pools.values())
    rows = [("pools", source, number) for source, number in sorted(sources.items())]
    for one in shelved():
        if one.kind == WARNINGS:
            rows.append(("warnings", one.path.name, len(warned_names(read_list(one.path), one.path.name))))
    if json:
        for kind, source, number in rows:
            print_json({"kind": kind, "source": source, "names": number})
        return
    body = [(kind, source, f"{number:,}") for kind, source, number in rows]
    stdout().print(table(("kind", "source (licence)", "names"), body, numbers=[2]))


def show(name: Annotated[str, Parameter(help="Host name.")], /, *, json: Json = False) -> int:
    """What is known of a host name: the row that it, or a name above it, has. Exit status 1 if there is none.

    For example:
        netwatch kb show xmr-eu1.nanopool.org
    """
    from netwatch.fingerprint.names import load_names, reads_like_a_pool

    names = load_names()
    pool = names.find(name)
    looks = reads_like_a_pool(name)
    if json:
        print_json({"name": name, "pool": asdict(pool) if pool else None, "reads_like_a_pool": looks})
    elif pool is None:
        stdout().print(f"no list has it; it {'reads' if looks else 'does not read'} like a pool's name")
    else:
        ports = " ".join(map(str, pool.ports)) or "-"
        row = (pool.host, pool.level, pool.coins or "-", ports, pool.source)
        stdout().print(table(("host", "level", "coins", "ports", "source (licence)"), [row]))
    return 0 if pool else 1


def import_file(
    file: Annotated[Path, Parameter(help="CSV with a column 'domain', or JSON of a MISP warning list.")], /
) -> None:
    """Take in a list: pools (columns domain, ports, coins, level, sources), or names that are nobody's pool.

    For example:
        netwatch kb import pools-of-2026.csv

        netwatch kb import misp-warninglists/lists/alexa/list.json
    """
    from netwatch.fingerprint.names import parse_pools
    from netwatch.fingerprint.shelf import POOLS, WARNINGS, put, read_list, warned_names

    text = read_list(file)
    if text.lstrip()[:1] == "{":
        kind, count = WARNINGS, len(warned_names(text, file.name))
    else:
        kind, count = POOLS, len(parse_pools(text, file.name))
    stdout().print(f"{count:,} names ({kind}): {put(text, kind, file.name)}", markup=False)
