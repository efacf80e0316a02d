"""Addresses looked up a second on one core in the full bundled table, beside numpy.searchsorted on the same segments.

``python benchmarks/lookup.py [MILLIONS]``: the best of five runs each, random addresses, IPv4 and IPv6.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from netwatch.scope.catalogue import BUNDLED
from netwatch.scope.table import load


def best(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def main(millions: float) -> None:
    begin = time.perf_counter()
    table = load(next(BUNDLED.glob("*/table.json")).parent)
    print(f"{table.info}: {table.info.layers}, loaded in {time.perf_counter() - begin:.2f} s")
    random = np.random.default_rng(1)
    n = int(millions * 1e6)
    index = table.layers["as"]
    v4 = np.zeros((n, 2), np.uint64)
    v4[:, 1] = (0xFFFF << 32) | random.integers(0, 1 << 32, n, dtype=np.uint64)
    begun = np.flatnonzero(index.high > 0)
    chosen = random.choice(begun, n)
    v6 = np.column_stack([index.high[chosen], random.integers(0, 1 << 63, n).astype(np.uint64)])
    plain = (v4[:, 1] & np.uint64(0xFFFF_FFFF)).astype(np.uint32)
    table.find("as", v4[:10])
    peers = {"IPv4": lambda: index.v4_value[np.searchsorted(index.v4_first, plain, side="right") - 1],
             "IPv6": lambda: index.value[np.searchsorted(index.high, v6[:, 0], side="right") - 1]}  # fmt: skip
    for name, addresses in (("IPv4", v4), ("IPv6", v6)):
        mine, peer = best(lambda addresses=addresses: table.find("as", addresses)), best(peers[name])
        print(f"{name}: {n / mine / 1e6:.1f} M/s, numpy.searchsorted {n / peer / 1e6:.1f} M/s, ratio {peer / mine:.1f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
