"""Whether posteriors mean what they say, over halves of the origins, and their precision at real base rates."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

PRIOR = 1e-4
BINS = np.linspace(0, 1, 11)
BASE_RATES = (1e-3, 1e-4, 1e-5, 1e-6)


def logits(found: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of mining of each flow, moved from the prior of the program to the share of mining among these flows,
    and whether it mines.
    """
    said = np.clip(np.array([one.posterior for one in found]), 1e-7, 1 - 1e-7)
    held = np.array([one.mining for one in found], float)
    share = min(max(held.mean(), 1e-3), 1 - 1e-3)
    return np.log(said / (1 - said)) - math.log(PRIOR / (1 - PRIOR)) + math.log(share / (1 - share)), held


def scale(odds: np.ndarray, held: np.ndarray) -> tuple[float, float]:
    """Slope and intercept that make the log-odds fit best (Platt), by Newton's method with a little ridge."""
    columns, weights = np.stack([odds, np.ones(len(odds))], axis=1), np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        gradient = columns.T @ (held - chance) - 0.01 * (weights - (1, 0))
        curvature = (columns.T * (chance * (1 - chance))) @ columns + 0.01 * np.eye(2)
        weights = weights + np.linalg.solve(curvature, gradient)
    return float(weights[0]), float(weights[1])


def errors(odds: np.ndarray, held: np.ndarray) -> tuple[float, float]:
    """Brier score and expected calibration error over ten bins."""
    said = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    off = 0.0
    for low, high in pairwise(BINS):
        inside = (said >= low) & ((said < high) | (high == 1))
        if inside.any():
            off += abs(said[inside].mean() - held[inside].mean()) * inside.mean()
    return float(((said - held) ** 2).mean()), off


def reliability(found: Sequence[Any]) -> Iterator[str]:
    """The table: as told, and with the scale fitted on the other half of the origins."""
    yield "| input | origins | flows | mining | Brier | ECE | slope, intercept of the other half | Brier | ECE |"
    yield "|---|---|--:|--:|--:|--:|---|--:|--:|"
    kinds = sorted({one.kind for one in found})
    for kind in kinds:
        halves = [[one for one in found if one.kind == kind and zlib.crc32(one.source.encode()) % 2 == half]
                  for half in (0, 1)]  # fmt: skip
        if not all(any(o.mining for o in half) and not all(o.mining for o in half) for half in halves):
            yield f"| {kind} | one half has no mining, or nothing else | | | | | | | |"
            continue
        for number, half in enumerate(halves):
            odds, held = logits(half)
            slope, intercept = scale(*logits(halves[1 - number]))
            told, scaled = errors(odds, held), errors(slope * odds + intercept, held)
            name = "second half" if number else "first half"
            cells = (kind, name, f"{len(half)}", f"{held.sum():.0f}", *(f"{error:.3f}" for error in told),
                     f"{slope:.2f}, {intercept:+.2f}", *(f"{error:.3f}" for error in scaled))  # fmt: skip
            yield "| " + " | ".join(cells) + " |"


def precision(found: Sequence[Any]) -> Iterator[str]:
    """Precision of "suspected" at base rates among eligible flows: from the counts, and from the upper 95 % bound of
    the false-positive rate (Clopper and Pearson).
    """
    from scipy.stats import beta

    yield "| input | true positives | false positives | " + " | ".join(f"at {b:g}" for b in BASE_RATES) + " |"
    yield "|---|---|---|" + "--:|" * len(BASE_RATES)
    for kind in sorted({one.kind for one in found}):
        mining = [one.posterior >= 0.5 for one in found if one.kind == kind and one.mining]
        others = [one.posterior >= 0.5 for one in found if one.kind == kind and not one.mining]
        if not mining or not others:
            continue
        right, wrong = np.mean(mining), np.mean(others)
        upper = float(beta.ppf(0.95, sum(others) + 1, len(others) - sum(others)))
        cells = [f"{_precise(right, wrong, b)} ({_precise(right, upper, b)})" for b in BASE_RATES]
        yield (
            f"| {kind} | {sum(mining)} of {len(mining)} | {sum(others)} of {len(others)} | " + " | ".join(cells) + " |"
        )


def _precise(right: float, wrong: float, base: float) -> str:
    return f"{right * base / max(right * base + wrong * (1 - base), 1e-300):.2g}"
