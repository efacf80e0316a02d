"""What a replayed history tells in time: synthetic networks as they come in.

python benchmarks/replay.py [first seed] [seeds] [days] [bin seconds] [regime ...]

Of each kind: how many series were told of what is true in its own kind, the median delay of the first word (of a change
that the whole confirms, or that is part of one) and of the own kind, and what was withdrawn.
"""

from __future__ import annotations

import sys

import numpy as np
from networks import network, zone_of
from volume import hits

from netwatch.detect import Backtest, DetectOptions, backtest
from netwatch.detect.matching import POINTS

KINDS = ("null", "step3", "up30", "down30", "weeks40", "spike", "outage", "holidays", "gap", "sampling")
DAY, MONTH = 86_400e9, 30.44 * 86_400e9


def main() -> None:
    """Prints the table."""
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    first, seeds, days, width = numbers + [100, 3, 600, 3600][len(numbers) :]
    regimes = [a for a in sys.argv[1:] if not a.isdigit()] or ["national", "small"]
    print(f"seeds {first}-{first + seeds - 1}, {days} days of {width} s bins, budget 1 a month")
    print("regime    kind      told   first word h  own kind d  withdrawn: points/month  levels/year")
    for regime in regimes:
        for kind in KINDS:
            runs = []
            for seed in range(first, first + seeds):
                made, truth = network(kind, regime, seed, days=days, width=width)
                options = DetectOptions(timezone=zone_of(kind), detectors=("points", "level"))
                runs.append((backtest(made, options), truth))
            _show(regime, kind, runs)


def _show(regime: str, kind: str, runs: list) -> None:
    words, own = [], []
    for found, truth in runs:
        near = [t for t in found.told if t.by is not None and abs(t.change.since - truth.since) <= 3 * DAY]
        words += [min(max(0, t.told - truth.since) for t in near) / 3.6e12] if near else []
        hit = [max(0, t.told - truth.since) for t in found.told if t.by is not None and hits(t.change, truth)]
        own += [min(hit) / DAY] if hit else []
    months = sum((found.until - found.since) / MONTH for found, _ in runs)
    points, levels = (sum(_withdrawn(found, sudden) for found, _ in runs) for sudden in (True, False))
    told = f"{len(own)}/{len(runs)}" if kind not in ("null", "holidays", "gap", "sampling") else "-"
    middle = [f"{np.median(some):.1f}" if some and told != "-" else "-" for some in (words, own)]
    print(
        f"{regime:9} {kind:9} {told:5} {middle[0]:>13} {middle[1]:>11} {points / months:24.2f} "
        f"{levels / months * 12:12.2f}",
        flush=True,
    )


def _withdrawn(found: Backtest, sudden: bool) -> int:
    return sum(t.outcome == "withdrawn" and (t.change.kind in POINTS) == sudden for t in found.told)


if __name__ == "__main__":
    main()
