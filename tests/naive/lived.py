"""Networks whose people keep their hours by a clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from naive.volume import one

from netwatch.detect.clock import local_clock
from netwatch.model.series import SeriesSet


def lived(zone: str, days: int = 420, seed: int = 1, width: int = 3600, depth: float = 1.0) -> SeriesSet:
    """Octets of a network that is quietest at half past four by the clock of a zone."""
    made = one(np.ones(days * 86_400 // width), width)
    clock = local_clock(made.bins, zone)
    rng = np.random.default_rng(seed)
    hour = (clock.slot + 0.5) * 24 / clock.slots
    weekend = clock.weekday[clock.day] >= 5
    log = -depth / 2 * np.cos(2 * np.pi * (hour - 4.5) / 24) - 0.15 * depth * np.cos(4 * np.pi * (hour - 4.5) / 24)
    log = log * np.where(weekend, 0.8, 1.0) - 0.2 * weekend + rng.normal(0, 0.04, clock.days)[clock.day]
    values = 1e9 * np.exp(log + rng.normal(0, 0.03, len(log)))
    (key, series) = next(iter(made.series.items()))
    return SeriesSet(made.bins, {key: replace(series, values=values)})
