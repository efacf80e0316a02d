"""Point alarms against their budget: series in which nothing happens, judged as a whole and as they come in.

python benchmarks/alarms.py [first seed] [seeds] [bin seconds] [watched series] [regime ...]

"whole": spikes and drops of ``detect`` (each alarm counts, however near to the next one). "online": those that a replay
tells. Both a month, over all watched series together: each seed is one of so many series that share a budget of one.
"""

from __future__ import annotations

import sys

from networks import network, zone_of

from netwatch.detect import DetectOptions, Replay
from netwatch.detect.points import find_points
from netwatch.detect.replay import _sudden
from netwatch.detect.study import Study

KINDS = ("null", "sampling", "holidays", "zone", "partial", "gap")
MONTH = 30.44 * 86_400e9


def measure(kind: str, regime: str, seeds: range, width: int, watched: int) -> tuple[float, float]:
    """False alarms a month over all watched series, as a whole and online."""
    whole = online = months = 0.0
    options = DetectOptions(timezone=zone_of(kind))
    for seed in seeds:
        made, _ = network(kind, regime, seed, width=width)
        study = Study(made, options, watched)
        (series,) = study.watched()
        whole += sum(1 for _ in find_points(study))
        online += sum(1 for _ in _sudden(series, study, Replay()))
        months += made.bins.count * width * 1e9 / MONTH
    return whole / months * watched, online / months * watched


def main() -> None:
    """Prints the table."""
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    first, seeds, width, watched = numbers + [0, 5, 3600, 1][len(numbers) :]
    regimes = [a for a in sys.argv[1:] if not a.isdigit()] or ["national", "small"]
    print(f"seeds {first}-{first + seeds - 1}, {width} s bins, {watched} series watched; asked: 1 a month over all")
    print("regime    kind       whole  online")
    for regime in regimes:
        for kind in KINDS:
            found = measure(kind, regime, range(first, first + seeds), width, watched)
            print(f"{regime:9} {kind:9} {found[0]:6.2f} {found[1]:7.2f}", flush=True)


if __name__ == "__main__":
    main()
