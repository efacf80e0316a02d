"""Changes in made-up captures of an hour to six days: steps, surges that end, and nothing at all.

python benchmarks/brief.py [seeds]

Octets in bins of 5 s to 30 min of a network with the rhythm of a day, begun at any hour; bins are bursty (deviation
0.3 of the logarithm) on a level that wanders with AR(1). Of each kind: how often exactly the change that was made is
told as a level shift, episode, spike or drop and nothing else, its dates within a 20th of the capture and its ratio
within 25 %; and the first that is not. Of six hours to two days a change of less than twofold is not to be told.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does
import numpy as np
from histories import table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from naive.volume import START, brief, one

from netwatch.detect import DetectOptions, detect
from netwatch.detect.matching import POINTS
from netwatch.model.change import Change, ChangeKind

HOUR, DAY = 3600, 86_400
LENGTHS = ((HOUR, 5), (6 * HOUR, 30), (DAY, 300), (2 * DAY, 300), (3 * DAY, 600), (6 * DAY, 1800))
TOLD = (ChangeKind.LEVEL_SHIFT, ChangeKind.EPISODE, ChangeKind.RAMP, *POINTS)
Truth = tuple[float, float | None, float]
"""First and last moment as shares of the capture (None: to its end), ratio; 1: nothing."""
TRUTHS: tuple[Truth, ...] = (
    (0.0, None, 1.0), *((part, None, ratio) for part in (0.3, 0.5, 0.75) for ratio in (0.3, 2.5, 4.0, 10.0)),
    *((0.4, 0.4 + lasts, ratio) for lasts in (0.1, 0.25) for ratio in (0.1, 3.0, 10.0)),
)  # fmt: skip


def idle(length: int, width: int, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Captures in which nothing changes, by name: a walk of the day with a sharp morning, and heavy bursts."""
    rng, n = np.random.default_rng(seed), length // width
    hour = (rng.uniform(0, 24) + np.arange(n) * width / HOUR) % 24
    day = np.interp(hour, (0, 1, 6, 8, 9, 17, 19, 23, 24), (0, -0.6, -1.4, -0.3, 0.4, 0.5, 0.4, 0.2, 0))
    yield "nothing, a sharp morning", 1e6 * np.exp(day + rng.normal(0, 0.25, n))
    yield "nothing, bursts", 1e6 * np.exp(rng.normal(0, 1.2, n))
    yield "nothing, elephants", 1e5 * (rng.pareto(1.2, n) + 0.1)
    yield "nothing, most bins empty", np.where(rng.random(n) < 0.3, 1e6 * rng.exponential(1, n), 0.0)


def cases(seed: int) -> Iterator[tuple[str, int, np.ndarray, Truth]]:
    """Kind, bin width in seconds, values, and what was made."""
    for length, width in LENGTHS:
        for kind, values in idle(length, width, seed):
            yield kind, width, values, TRUTHS[0]
        for truth in TRUTHS:
            since, until, ratio = truth
            values = brief(length, width, 1000 * seed + len(TRUTHS) * width % 997)
            n = len(values)
            values[round(since * n) : n if until is None else round(until * n)] *= ratio
            kind = "nothing" if ratio == 1 else "step" if until is None else "surge or outage"
            yield kind if ratio == 1 else f"{kind}, {length // HOUR} h", width, values, truth


def as_made(found: list[Change], truth: Truth, length: float) -> bool:
    """Whether exactly that was told; ``length`` of the capture, ns."""
    since, until, ratio = truth
    if ratio == 1 or len(found) != 1:
        return ratio == 1 and not found
    change = found[0]
    near = abs((change.since - START) / length - since) <= 0.05
    if until is not None:
        near &= change.until is not None and abs((change.until - START) / length - until) <= 0.05
    return near and abs(np.log(max(change.ratio, 1e-9) / ratio)) < np.log(1.25)


def judged(seeds: int) -> Iterator[tuple[str, bool, str]]:
    """Kind, whether told as made, and in words what was told instead."""
    for seed in range(seeds):
        for kind, width, values, truth in cases(seed):
            length = len(values) * width * 1e9
            told = [c for c in detect(one(values, width), DetectOptions(timezone="UTC")) if c.kind in TOLD]
            words = "; ".join(
                f"{c.kind} {(c.since - START) / length:.2f} to "
                f"{'end' if c.until is None else f'{(c.until - START) / length:.2f}'} {c.ratio:.2f}x"
                for c in told
            )
            made = f"{truth[2]}x from {truth[0]} to {truth[1] or 'end'}"
            yield kind, as_made(told, truth, length), f"{made} told as: {words or 'nothing'}"


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{seeds} seeds a case; told as made, and the first that was not")
    table(judged(seeds))


if __name__ == "__main__":
    main()
