"""What nobody can do better on the synthetic networks: an oracle that knows how they were made.

python benchmarks/bounds.py [seeds] [bin seconds]

The oracle is given each day's level with the noise of its bins' mean, without bursts, waves or holidays, and knows the
noise's law and coefficients and the size of the step (±30 %), but not where it is or whether there is one. "normal":
likelihoods by the true variances, the best that is linear in the levels. "told": it is told each day's variance besides
(Student's t is a normal law of a variance drawn anew), so that no method whatever finds more. It tells a step where 27
days together are likelier than a threshold, which so many series a year pass in which nothing happens.

Sizes: the median error of a ratio where place and noise are known (Aitken 1935), of estimates that are unbiased and
linear in the levels; and of any unbiased ones, by such variances (the median of ten networks).
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.linalg import solve_triangular

DAYS, PHI = 1095, 0.6
REGIMES = {"national": (0.04, 0.004, 0.03), "small": (0.18, 0.006, 0.35)}
"""Deviation of days (of Student's t with four degrees of freedom, halved in variance), of the walk's steps, of bins."""
SIZES = {"+30 %": float(np.log(1.3)), "-30 %": float(np.log(0.7))}
PLACES = np.arange(int(0.3 * DAYS), int(0.7 * DAYS))
FALSE = {"national": 0.05, "small": 0.2}
NEAR = 14


def whitener(variance: np.ndarray, regime: str, width: int) -> np.ndarray:
    """Inverse root of the levels' covariance, (days, days), where the days' shocks have such variances."""
    _, walk, quick = REGIMES[regime]
    per, carried = 86_400 // width, 0.5
    blurred = quick**2 / ((per - 1) * (1 - carried) ** 2 + 1 - carried**2)
    root = solve_triangular(np.eye(DAYS) - PHI * np.eye(DAYS, k=-1), np.eye(DAYS), lower=True)
    at = np.arange(1, DAYS + 1)
    noise = (root * variance) @ root.T + walk**2 * np.minimum.outer(at, at) + blurred * np.eye(DAYS) + 100.0
    inverse: np.ndarray = solve_triangular(np.linalg.cholesky(noise), np.eye(DAYS), lower=True)
    return inverse


def drawn(rng: np.random.Generator, regime: str, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels in which nothing happens, and the variance of each day's shock."""
    day, walk, quick = REGIMES[regime]
    per = 86_400 // width
    variance = (0.8 * day) ** 2 / 2 / rng.gamma(2.0, 0.5, DAYS)
    shocks, level = rng.normal(size=DAYS) * np.sqrt(variance), np.zeros(DAYS)
    for i in range(1, DAYS):
        level[i] = PHI * level[i - 1] + shocks[i]
    blurred = quick / np.sqrt((per - 1) * 0.25 + 0.75)
    return level + np.cumsum(rng.normal(0, walk, DAYS)) + rng.normal(0, blurred, DAYS), variance


def told(white: np.ndarray, steps: np.ndarray, level: np.ndarray) -> tuple[float, int]:
    """Log likelihood ratio of the likeliest 27 days for a step of either size, and their middle."""
    seen, known = steps.T @ (white @ level), (steps**2).sum(axis=0)
    found = []
    for size in SIZES.values():
        ratio = size * seen - 0.5 * size**2 * known
        total = np.append(0.0, np.cumsum(np.exp(ratio - ratio.max())))
        i = np.arange(len(PLACES))
        mass = total[np.minimum(i + NEAR, len(PLACES))] - total[np.maximum(i - NEAR + 1, 0)]
        best = int(np.argmax(mass))
        found.append((float(ratio.max() + np.log(mass[best] / len(PLACES))), int(PLACES[best])))
    return max(found)


def places(regime: str, width: int, seeds: int, *, variances: bool) -> None:
    """Prints how many steps the oracle finds within 14 days."""
    usual = np.full(DAYS, (0.8 * REGIMES[regime][0]) ** 2)
    step = (np.arange(DAYS)[:, None] >= PLACES).astype(float)
    white = whitener(usual, regime, width)
    steps = white @ step
    quiet, found = [], {name: [] for name in SIZES}  # type: ignore[var-annotated]
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        level, variance = drawn(rng, regime, width)
        place = int(rng.choice(PLACES))
        if variances:
            white = whitener(variance, regime, width)
            steps = white @ step
        quiet.append(told(white, steps, level)[0])
        for name, size in SIZES.items():
            score, at = told(white, steps, level + size * (np.arange(DAYS) >= place))
            found[name].append((score, abs(at - place) < NEAR))
    limit = float(np.quantile(quiet, 1 - FALSE[regime] * DAYS / 365.25))
    hits = {name: np.mean([score > limit and near for score, near in rows]) for name, rows in found.items()}
    what = "told  " if variances else "normal"
    print(f"{regime:9} {what} " + ", ".join(f"{name} {share:.2f}" for name, share in hits.items()), flush=True)


def sizes(regime: str, width: int) -> None:
    """Prints the least median errors of ratios."""
    t = np.arange(DAYS)
    middle = DAYS // 2
    shapes = {
        "step": t >= middle,
        "ramp of two years": np.clip((t - 186) / 730, 0, 1),
        "three weeks": (t >= middle) & (t < middle + 21),
    }
    usual = [np.full(DAYS, (0.8 * REGIMES[regime][0]) ** 2)]
    rng = np.random.default_rng(0)
    for what, variances in (("linear", usual), ("any", [drawn(rng, regime, width)[1] for _ in range(10)])):
        roots = [whitener(variance, regime, width) for variance in variances]
        errors = {
            name: float(np.median([0.6745 / np.linalg.norm(white @ shape) for white in roots]))
            for name, shape in shapes.items()
        }
        listed = ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
        print(f"{regime:9} {what:6} {listed}", flush=True)


if __name__ == "__main__":
    seeds, width = [int(a) for a in sys.argv[1:]] + [100, 3600][len(sys.argv) - 1 :]
    print(f"{width} s bins; least median error of a ratio:")
    for regime in REGIMES:
        sizes(regime, width)
    print(f"found within 14 days, of {seeds} of either size, at {FALSE} false a year:")
    for variances in (False, True):
        places("small", width, seeds, variances=variances)
