"""Synthetic networks with known changes: octets per bin over years, national or small.

National: smooth, many users. Small: few hosts, heavy bursts, deep nights. Days wander with AR(1) 0.6 noise of heavy
tails on a random walk; a yearly wave; holidays as Sundays; local time with DST.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netwatch.detect.clock import local_clock
from netwatch.model.series import Bins, Entity, Series, SeriesSet

START = 1_483_228_800 * 10**9  # 2017-01-01
KINDS = (
    "null",
    "step3",
    "up30",
    "down30",
    "ramp3",
    "weeks40",
    "spike",
    "outage",
    "gap",
    "partial",
    "elephant",
    "sampling",
    "holidays",
    "zone",
)
ZONES = {"zone": "Asia/Pyongyang"}
"""Where the zone is not the usual one: this one's offset moved by half an hour in May 2018, to stay."""


@dataclass(frozen=True)
class Truth:
    kind: str
    since: int  # ns
    until: int | None
    ratio: float


def zone_of(kind: str) -> str:
    """The IANA zone of a kind's network."""
    return ZONES.get(kind, "Europe/Berlin")


def network(kind: str, regime: str, seed: int, *, days: int = 1095, width: int = 3600) -> tuple[SeriesSet, Truth]:
    """One series "all"/octets of ``days`` in bins of ``width`` seconds, with the truth."""
    rng = np.random.default_rng([seed, KINDS.index(kind), regime == "small"])
    bins = Bins(START, width * 10**9, days * 86_400 // width)
    clock = local_clock(bins, zone_of(kind))
    small = regime == "small"
    d = np.arange(clock.days)
    noise = np.zeros(clock.days)
    sigma = (0.18 if small else 0.04) * 0.8
    for i in range(1, clock.days):
        noise[i] = 0.6 * noise[i - 1] + sigma * float(np.clip(rng.standard_t(4), -6, 6)) / np.sqrt(2)
    walk = np.cumsum(rng.normal(0, 0.004 if not small else 0.006, clock.days))
    level = noise + walk + 0.08 * np.cos(2 * np.pi * (d - rng.integers(365)) / 365.25)
    level -= 0.12 * np.exp(-0.5 * (((d % 365) - 225) / 12.0) ** 2)
    weekday = clock.weekday.copy()
    holidays = rng.choice(365, 9, replace=False)
    weekday[np.isin(d % 365, holidays)] = 6
    if kind == "holidays":  # a week in a row twice a year besides
        weekday[np.isin(d % 365, [*range(30, 37), *range(265, 272)])] = 6
    hour = (clock.slot + 0.5) * 24 / clock.slots
    depth = 2.2 if small else 0.9
    work = -np.cos(2 * np.pi * (hour - 3.5) / 24) * depth / 2 + 0.15 * np.cos(4 * np.pi * (hour - 20) / 24)
    home = -np.cos(2 * np.pi * (hour - 5.5) / 24) * depth / 2.2 - (0.7 if small else 0.15)
    log = np.where(weekday[clock.day] >= 5, home, work) + level[clock.day]
    n = bins.count
    quick = np.zeros(n)
    innovations = rng.normal(0, 0.35 if small else 0.03, n)
    for i in range(1, n):
        quick[i] = 0.5 * quick[i - 1] + innovations[i]
    values = np.exp(log + quick) * 1e9
    if small:
        bursts = rng.random(n) < 0.03
        values[bursts] += 1e9 * np.minimum(rng.pareto(1.6, bursts.sum()), 20) * 0.7
    day = int(rng.integers(int(0.3 * days), int(0.7 * days)))
    at = day * 86_400 // width
    per_day, per_hour = 86_400 // width, max(1, 3600 // width)
    coverage, sampling, variance = np.ones(n), np.ones(n), np.zeros(n)
    length, ratio = 0, 1.0
    if kind in ("step3", "up30", "down30"):
        ratio = {"step3": 3.0, "up30": 1.3, "down30": 0.7}[kind]
        values[at:] *= ratio
    elif kind == "ramp3":
        day = int(0.17 * days)
        at, length, ratio = day * per_day, 730 * per_day, 3.0
        values *= ratio ** np.clip((np.arange(n) - at) / length, 0, 1)
    elif kind == "weeks40":
        length, ratio = 21 * per_day, 0.6
        values[at : at + length] *= ratio
    elif kind == "spike":
        at += 14 * per_hour
        length, ratio = per_hour, 8.0 if small else 3.0
        values[at : at + length] *= ratio
    elif kind == "outage":
        length, ratio = per_day, 0.1
        values[at : at + length] *= ratio
    elif kind == "elephant":
        length, ratio = 6 * per_hour, 2.0
        values[at : at + length] += 1.5 * values.mean() * (3 if small else 1)
    elif kind == "gap":
        length = 2 * per_day
        coverage[at : at + length] = 0
        values[at : at + length] = np.nan
    elif kind == "partial":
        length = 21 * per_day
        coverage[at : at + length] = 0.6
        values[at : at + length] *= rng.normal(1, 0.02, length)
        variance[at : at + length] = (0.2 * values[at : at + length]) ** 2
    elif kind == "sampling":
        sampling[at:] = 1000
        variance[at:] = (0.05 * values[at:]) ** 2
        values[at:] *= np.maximum(0.1, rng.normal(1, 0.05, n - at))
    for _ in range(6):
        hole = int(rng.integers(n - 20 * per_hour))
        if not at - 2 * per_day < hole < at + length + 2 * per_day:
            values[hole : hole + 3 * per_hour] = np.nan
            coverage[hole : hole + 3 * per_hour] = 0
    sampling[coverage == 0] = np.nan
    entity = Entity("scope", "all")
    made = Series(entity, "octets", bins, values, coverage, variance, sampling)
    begin = START + at * bins.width
    return SeriesSet(bins, {(entity, "octets"): made}), Truth(
        kind, begin, begin + length * bins.width if length else None, ratio
    )
