"""Whether posteriors mean what they say, over halves of the origins, and their precision at real base rates."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

BINS = np.linspace(0, 1, 11)
BASE_RATES = (1e-3, 1e-4, 1e-5, 1e-6)


def logits(found: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of mining of each flow as told, and whether it mines."""
    said = np.clip(np.array([one.posterior for one in found]), 1e-6, 1 - 1e-3)
    return np.log(said / (1 - said)), np.array([one.mining for one in found], float)


def scale(odds: np.ndarray, held: np.ndarray, slope: float | None = None) -> tuple[float, float]:
    """Slope and intercept with which the log-odds fit best (Platt); the intercept alone where the slope is given.

    The intercept has to be fitted in any case: mining is far commoner among these flows than the prior says.
    """
    from scipy.optimize import minimize

    def loss(weights: np.ndarray) -> float:
        moved = (weights[1] if slope is None else slope) * odds + weights[0]
        return float(np.logaddexp(0, np.where(held > 0, -moved, moved)).mean() + 1e-4 * weights @ weights)

    best = minimize(loss, np.array([0.0, 1.0])).x
    return float(best[1]) if slope is None else slope, float(best[0])


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
    """The table: with the intercept, and with slope and intercept, that fit the other half of the origins best."""
    yield "| input | origins | flows | mining | intercept | Brier | ECE | slope, intercept | Brier | ECE |"
    yield "|---|---|--:|--:|--:|--:|--:|---|--:|--:|"
    kinds = sorted({one.kind for one in found})
    for kind in kinds:
        halves = [[one for one in found if one.kind == kind and zlib.crc32(one.source.encode()) % 2 == half]
                  for half in (0, 1)]  # fmt: skip
        if not all(any(o.mining for o in half) and not all(o.mining for o in half) for half in halves):
            yield f"| {kind} | one half has no mining, or nothing else | | | | | | | | |"
            continue
        for number, half in enumerate(halves):
            odds, held = logits(half)
            moved, both = scale(*logits(halves[1 - number]), slope=1.0), scale(*logits(halves[1 - number]))
            told, scaled = errors(odds + moved[1], held), errors(both[0] * odds + both[1], held)
            name = "second half" if number else "first half"
            cells = (kind, name, f"{len(half)}", f"{held.sum():.0f}", f"{moved[1]:+.2f}", *(f"{e:.3f}" for e in told),
                     f"{both[0]:.2f}, {both[1]:+.2f}", *(f"{e:.3f}" for e in scaled))  # fmt: skip
            yield "| " + " | ".join(cells) + " |"


def precision(found: Sequence[Any]) -> Iterator[str]:
    """Precision of "suspected" at base rates among eligible flows: from the counts, and from the upper 95 % bound of
    the false-positive rate (Clopper and Pearson).
    """
    from scipy.stats import beta

    yield (
        "| input | true positives | false positives | upper 95 % bound of their rate | "
        + " | ".join(f"at {b:g}" for b in BASE_RATES)
        + " |"
    )
    yield "|---|---|---|--:|" + "--:|" * len(BASE_RATES)
    for kind in sorted({one.kind for one in found}):
        mining = [one.posterior >= 0.5 for one in found if one.kind == kind and one.mining]
        others = [one.posterior >= 0.5 for one in found if one.kind == kind and not one.mining]
        if not others:
            continue
        right, wrong = np.mean(mining) if mining else np.nan, np.mean(others)
        upper = float(beta.ppf(0.95, sum(others) + 1, len(others) - sum(others)))
        cells = [f"{_precise(right, wrong, b)} ({_precise(right, upper, b)})" for b in BASE_RATES]
        told = f"| {kind} | {sum(mining)} of {len(mining)} | {sum(others)} of {len(others)} | {upper:.2g} | "
        yield told + " | ".join(cells) + " |"


def _precise(right: float, wrong: float, base: float) -> str:
    return f"{right * base / max(right * base + wrong * (1 - base), 1e-300):.2g}"
