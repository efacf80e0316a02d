"""Names of mining pools: a list with provenance, matched on whole labels, and the look of such names."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import re2

from netwatch.errors import UsageError
from netwatch.fingerprint.shelf import WARNINGS, read_list, shelved, warned_names
from netwatch.kernels.heads import hash_name

_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_COLUMNS = {"domain", "ports", "coins", "level", "sources"}
_COIN = (
    r"(^|[.-])(xmr|monero|btc|bitcoin|eth|etc|rvn|zec|kas|erg|ltc|doge|rx|randomx|sha256|scrypt|kawpow|ethash)"
    r"(\d{0,4})([.-]|$)"
)
_TRADE = (
    r"(^|[.-])(pool|pools|mine|miner|miners|mining|stratum\d?|ss|nicehash|hashvault|minexmr|supportxmr)"
    r"(\d{0,2})([.-]|$)"
)


@dataclass(frozen=True, slots=True)
class Pool:
    """A row of the list. ``level``: confirmed, multi (several sources) or single; ``source`` names list and licence."""

    host: str
    ports: tuple[int, ...]
    coins: str
    level: str
    source: str


class PoolNames:
    """The pools that are known by name.

    ``hashes`` uint64, ascending: what the kernel compares before anybody reads a name. ``warned``: names, with all
    below them, that warning lists say are nobody's pool, whatever a list of pools says.
    """

    def __init__(self, pools: Iterable[Pool], warned: Iterable[str] = ()) -> None:
        self.warned = frozenset(warned)
        self.pools = {pool.host: pool for pool in pools if not self._is_warned(pool.host)}
        hashes = [int(hash_name(np.frombuffer(host.encode(), np.uint8), len(host))) for host in self.pools]
        self.hashes = np.array(sorted(hashes), np.uint64)

    def _is_warned(self, host: str) -> bool:
        labels = host.split(".")
        return any(".".join(labels[first:]) in self.warned for first in range(len(labels))) if self.warned else False

    def port_coin(self, port: int) -> tuple[str, int]:
        """The one coin that three or more listed hosts with this port mine, and how many do; ("", 0) if none."""
        coins = Counter(pool.coins for pool in self.pools.values() if port in pool.ports and pool.coins)
        if len(coins) != 1 or coins.total() < 3:
            return "", 0
        return coins.most_common(1)[0]

    def rare_ports(self) -> np.ndarray:
        """Listed ports from 10,000 on, where few other services live."""
        return np.array(sorted({p for pool in self.pools.values() for p in pool.ports if p >= 10_000}), np.int64)

    def find(self, name: str) -> Pool | None:
        """The pool that is the name or a parent of it; the longest when several are."""
        labels = name.lower().rstrip(".").split(".")
        if self._is_warned(".".join(labels)):
            return None
        for first in range(len(labels) - 1):
            pool = self.pools.get(".".join(labels[first:]))
            if pool is not None:
                return pool
        return None


@cache
def _looks() -> tuple[re2._Regexp, re2._Regexp]:
    return re2.compile(_COIN), re2.compile(_TRADE)


def reads_like_a_pool(name: str) -> bool:
    """Whether one label holds a coin's token and another part a pool's; "minecraft" and "carpool" hold neither."""
    coin, trade = _looks()
    name = name.lower().rstrip(".")
    return bool(coin.search(name)) and bool(trade.search(name))


def load_names(paths: Iterable[Path] = ()) -> PoolNames:
    """The list of the package, those on the user's shelf, and ``paths`` of the same form; later rows win.

    Raises:
        UsageError: not readable, larger than 32 MiB, without the column ``domain``, or a host that is none.

    """
    pools, warned = dict(_builtin()), set[str]()
    for one in shelved():
        if one.kind == WARNINGS:
            warned |= warned_names(read_list(one.path), one.path.name)
        else:
            pools.update(parse_pools(read_list(one.path), one.path.name))
    for path in paths:
        pools.update(parse_pools(read_list(path), str(path)))
    return PoolNames(pools.values(), warned)


@cache
def _builtin() -> dict[str, Pool]:
    folder = files("netwatch.fingerprint").joinpath("knowledge")
    return parse_pools(folder.joinpath("pools.csv").read_text("utf-8"), "pools.csv")


def parse_pools(text: str, name: str) -> dict[str, Pool]:
    """The rows of a list of pools, by host.

    Raises:
        UsageError: no column ``domain``, or a host that is none.

    """
    reader = csv.DictReader(io.StringIO(text))
    if "domain" not in (reader.fieldnames or ()):
        raise UsageError(f"{name}: no column 'domain' (columns: {', '.join(sorted(_COLUMNS))})")
    pools = {}
    for row in reader:
        host = (row["domain"] or "").strip().lower()
        if not _HOST.fullmatch(host):
            raise UsageError(f"{name}, line {reader.line_num}: {host!r} is no host name")
        ports = tuple(int(p) for p in (row.get("ports") or "").split() if p.isdigit() and int(p) < 65536)
        level = row.get("level") or "single"
        pools[host] = Pool(host, ports, row.get("coins") or "", level, row.get("sources") or name)
    return pools


POOL_PORTS = frozenset(
    {3333, 3334, 3335, 3336, 3337, 3338, 3339, 3340, 3341, 4444, 5555, 7777, 8888, 9999, 12020, 13531, 14433, 14443,
     14444, 20535, 20555, 24443, 9433, 3032, 3357, 6688, 34254, 45560, 45700}
)  # fmt: skip
"""Ports that pools use often and other services seldom, from the same lists."""
