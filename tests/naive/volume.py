"""Small made-up series with a known change."""

from __future__ import annotations

import numpy as np

from netwatch.model.series import Bins, Entity, Series, SeriesSet

START = 1_483_228_800 * 10**9
HOUR = 3600


def one(values: np.ndarray, width: int = HOUR, **more: np.ndarray) -> SeriesSet:
    bins = Bins(START, width * 10**9, len(values))
    entity = Entity("scope", "all")
    n = len(values)
    coverage = more.get("coverage", np.where(np.isnan(values), 0.0, 1.0))
    series = Series(
        entity, more.get("counter", "octets"), bins, values, coverage, more.get("variance", np.zeros(n)),
        more.get("sampling", np.where(np.isnan(values), np.nan, 1.0)),
    )  # fmt: skip
    return SeriesSet(bins, {(entity, series.counter): series})


def hourly(days: int, seed: int) -> np.ndarray:
    """Octets by hour with days, weeks and AR(1) days."""
    rng = np.random.default_rng(seed)
    level = np.zeros(days)
    for d in range(1, days):
        level[d] = 0.6 * level[d - 1] + rng.normal(0, 0.04)
    t = np.arange(days * 24)
    weekend = np.isin(t // 24 % 7, (5, 6))
    log = 0.5 * np.cos(2 * np.pi * (t % 24 - 15) / 24) - 0.2 * weekend + level[t // 24] + rng.normal(0, 0.03, len(t))
    values: np.ndarray = 1e9 * np.exp(log)
    return values


def smooth(days: int, seed: int) -> np.ndarray:
    """Octets by hour with days, weekends, days of AR(1) that run on through midnight, and AR(1) hours."""
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


def brief(length: int, width: int, seed: int) -> np.ndarray:
    """Octets in bins of ``width`` of ``length`` seconds, begun at any hour of the day: bursty bins on AR(1)."""
    rng = np.random.default_rng(seed)
    n = length // width
    slow, phi = np.zeros(n), 0.9
    for at in range(1, n):
        slow[at] = phi * slow[at - 1] + rng.normal(0, 0.04)
    hour = rng.uniform(0, 24) + np.arange(n) * width / 3600
    log = 0.5 * np.cos(2 * np.pi * (hour % 24 - 15) / 24) + slow + rng.normal(0, 0.3, n)
    values: np.ndarray = 1e6 * np.exp(log)
    return values
