"""Changes in made-up histories of many lengths: outages and surges of days and weeks, steps, ramps, captures apart.

python benchmarks/histories.py [seeds]

Hourly octets of a national network that rests at weekends. Of each kind: how often exactly the change that was made is
told and nothing else (gaps, records and rhythm aside), its dates within a day and its ratio within 15 % (of 0.01 within
twofold; of ramps 25 %, dates aside); and the first that is not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from naive.volume import START, one, smooth

from netwatch.detect import DetectOptions, detect
from netwatch.detect.clock import DAY
from netwatch.model.change import Change, ChangeKind

LEFT_OUT = (ChangeKind.GAP, ChangeKind.RECORD, ChangeKind.RHYTHM)
Truth = tuple[str, float, float | None, float]
"""Name, first and last day, ratio."""


def cases(seed: int) -> Iterator[tuple[str, np.ndarray, Truth]]:
    """Kind, values, and what was made."""
    moved = (seed * 37 % 100) / 10 + 0.4  # later by days and hours, another with each seed
    for days in (30, 45, 70, 100, 170, 200, 400):
        for ratio in (0.01, 0.4, 0.6, 1.6, 3.0):
            for lasts in (1, 2, 4, 6, 9, 12, 17, 25, 40):
                since = days * 2 // 5 + moved
                if lasts > days / 3 or since + lasts > days - 2 or (days < 56 and 0.5 < ratio < 2):
                    continue
                values = smooth(days, seed)
                values[round(since * 24) : round((since + lasts) * 24)] *= ratio
                yield f"away for days, of {days}", values, (f"{ratio}x for {lasts} d", since, since + lasts, ratio)
    for days in (50, 90, 200, 400, 800):
        for ratio in (0.4, 0.7, 1.5, 3.0):
            for part in (0.3, 0.5, 0.8):
                if days < 56 and 0.5 < ratio < 2:
                    continue
                values, since = smooth(days, seed), int(days * part) + moved % 1
                values[round(since * 24) :] *= ratio
                yield f"step, of {days}", values, (f"{ratio}x at {part}", since, None, ratio)
    for days in (400, 1095):
        for lasts in (30, 90, 300):
            for ratio in (0.4, 2.0, 3.0):
                values = smooth(days, seed)
                along = np.clip((np.arange(len(values)) / 24 - days * 0.2) / lasts, 0, 1)
                yield f"ramp, of {days}", values * ratio**along, (f"{ratio}x in {lasts} d", np.nan, None, ratio)
    for before, gap, after in ((14, 700, 14), (30, 30, 30), (30, 200, 30), (100, 400, 100), (200, 60, 30)):
        for ratio in (2.0, 3.0):
            values = smooth(before + gap + after, seed)
            values[before * 24 : (before + gap) * 24] = np.nan
            values[(before + gap) * 24 :] *= ratio
            name = f"{ratio}x after {before} + {gap} d"
            yield "captures apart", values, (name, float(before + gap), None, ratio)


def as_made(found: list[Change], truth: Truth) -> bool:
    """Whether exactly that was told."""
    _, since, until, ratio = truth
    if len(found) != 1:
        return False
    change = found[0]
    near = abs((change.since - START) / DAY - since) <= 1.01 if np.isfinite(since) else True
    if until is not None:
        near &= change.until is not None and abs((change.until - START) / DAY - until) <= 1.01
    off = 0.7 if ratio < 0.05 else 0.14 if np.isfinite(since) else 0.23
    return near and abs(np.log(max(change.ratio, 1e-9) / ratio)) < off


def judged(seeds: int) -> Iterator[tuple[str, bool, str]]:
    """Kind, whether told as made, and in words what was told instead."""
    for seed in range(seeds):
        for kind, values, truth in cases(seed):
            told = [c for c in detect(one(values), DetectOptions(timezone="UTC")) if c.kind not in LEFT_OUT]
            words = "; ".join(f"{c.kind} {(c.since - START) / DAY:.1f} d {c.ratio:.2f}x" for c in told)
            yield kind, as_made(told, truth), f"{truth[0]} told as: {words or 'nothing'}"


def table(cases: Iterable[tuple[str, bool, str]]) -> None:
    """Prints of each kind how many are right, and the first that is not."""
    seen: dict[str, list[bool]] = {}
    first: dict[str, str] = {}
    for kind, right, words in cases:
        seen.setdefault(kind, []).append(right)
        if not right:
            first.setdefault(kind, words)
    for kind, right_ones in seen.items():
        print(f"{kind:26} {sum(right_ones):4}/{len(right_ones):<4} {first.get(kind, '')}")


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{seeds} seeds a case; told as made, and the first that was not")
    table(judged(seeds))


if __name__ == "__main__":
    main()
