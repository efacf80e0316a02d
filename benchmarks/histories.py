"""Changes in made-up histories of many lengths: outages and surges of days and weeks, steps, ramps, captures apart.

python benchmarks/histories.py [seeds]

Hourly octets of a national network that rests at weekends. Of each kind: how often exactly the change that was made is
told and nothing else (gaps, records and rhythm aside), its dates within a day and its ratio within 15 % (of 0.01 within
twofold; of ramps 25 %, dates aside); and the first that is not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from netwatch.detect import DetectOptions, detect
from netwatch.detect.clock import DAY
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Bins, Entity, Series, SeriesSet

START = 1_483_228_800 * 10**9
HOUR = 3600 * 10**9
LEFT_OUT = (ChangeKind.GAP, ChangeKind.RECORD, ChangeKind.RHYTHM)
Truth = tuple[str, float, float | None, float]
"""Name, first and last day, ratio."""


def network(days: int, seed: int) -> np.ndarray:
    """Octets by hour: days, weeks, a level of days with AR(1) noise that runs on through midnight, AR(1) hours."""
    rng = np.random.default_rng(seed)
    level, hour = np.zeros(days + 2), np.zeros(days * 24)
    for day in range(1, days + 2):
        level[day] = 0.6 * level[day - 1] + rng.normal(0, 0.04)
    shocks = rng.normal(0, 0.03, days * 24)
    for at in range(1, days * 24):
        hour[at] = 0.7 * hour[at - 1] + shocks[at]
    t = np.arange(days * 24)
    between = np.interp(t / 24, np.arange(days + 2) - 0.5, level)
    rhythm = 0.5 * np.cos(2 * np.pi * (t % 24 - 15) / 24) - 0.2 * np.isin(t // 24 % 7, (5, 6))
    made: np.ndarray = 1e9 * np.exp(rhythm + between + hour)
    return made


def series_of(values: np.ndarray) -> SeriesSet:
    bins, entity, none = Bins(START, HOUR, len(values)), Entity("scope", "all"), np.zeros(len(values))
    known = ~np.isnan(values)
    one = Series(entity, "octets", bins, values, known.astype(float), none, np.where(known, 1.0, np.nan))
    return SeriesSet(bins, {(entity, "octets"): one})


def cases(seed: int) -> Iterator[tuple[str, np.ndarray, Truth]]:
    """Kind, values, and what was made."""
    moved = (seed * 37 % 100) / 10 + 0.4  # later by days and hours, another with each seed
    for days in (30, 45, 70, 100, 170, 200, 400):
        for ratio in (0.01, 0.4, 0.6, 1.6, 3.0):
            for lasts in (1, 2, 4, 6, 9, 12, 17, 25, 40):
                since = days * 2 // 5 + moved
                if lasts > days / 3 or since + lasts > days - 2 or (days < 56 and 0.5 < ratio < 2):
                    continue
                values = network(days, seed)
                values[round(since * 24) : round((since + lasts) * 24)] *= ratio
                yield f"away for days, of {days}", values, (f"{ratio}x for {lasts} d", since, since + lasts, ratio)
    for days in (50, 90, 200, 400, 800):
        for ratio in (0.4, 0.7, 1.5, 3.0):
            for part in (0.3, 0.5, 0.8):
                if days < 56 and 0.5 < ratio < 2:
                    continue
                values, since = network(days, seed), int(days * part) + moved % 1
                values[round(since * 24) :] *= ratio
                yield f"step, of {days}", values, (f"{ratio}x at {part}", since, None, ratio)
    for days in (400, 1095):
        for lasts in (30, 90, 300):
            for ratio in (0.4, 2.0, 3.0):
                values = network(days, seed)
                along = np.clip((np.arange(len(values)) / 24 - days * 0.2) / lasts, 0, 1)
                yield f"ramp, of {days}", values * ratio**along, (f"{ratio}x in {lasts} d", np.nan, None, ratio)
    for before, gap, after in ((14, 700, 14), (30, 30, 30), (30, 200, 30), (100, 400, 100), (200, 60, 30)):
        for ratio in (2.0, 3.0):
            values = network(before + gap + after, seed)
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


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seen: dict[str, list[bool]] = {}
    first: dict[str, str] = {}
    for seed in range(seeds):
        for kind, values, truth in cases(seed):
            told = [c for c in detect(series_of(values), DetectOptions(timezone="UTC")) if c.kind not in LEFT_OUT]
            right = as_made(told, truth)
            seen.setdefault(kind, []).append(right)
            if not right and kind not in first:
                words = "; ".join(f"{c.kind} {(c.since - START) / DAY:.1f} d {c.ratio:.2f}x" for c in told)
                first[kind] = f"{truth[0]} told as: {words or 'nothing'}"
    print(f"{seeds} seeds a case; told as made, and the first that was not")
    for kind, right in seen.items():
        print(f"{kind:24} {sum(right):4}/{len(right):<4} {first.get(kind, '')}")


if __name__ == "__main__":
    main()
