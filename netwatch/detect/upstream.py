"""Upstream: which next network carries which share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netwatch.detect.clock import local_clock
from netwatch.detect.structure import STEP, structure
from netwatch.detect.study import Study
from netwatch.model.change import Change, ChangeKind

_LEAST_SHARE = 0.1
_LEAST_DAYS = 24


def find_upstream(study: Study) -> Iterator[Change]:
    """Upstream shifts: the share of octets that a next network carries moved by a tenth of all or more."""
    carried = study.series.of("upstream", "octets")
    if len(carried) < 2:
        return
    clock = local_clock(study.series.bins, study.options.timezone)
    daily = np.stack([np.bincount(clock.day, np.nan_to_num(s.values), clock.days) for s in carried])
    total = daily.sum(axis=0)
    if clock.days < _LEAST_DAYS:
        return
    times = np.append(clock.midnight, study.series.bins.end)
    for series, row in zip(carried, daily, strict=True):
        share = np.where(total > 0, row / np.where(total > 0, total, 1.0), np.nan)
        found = structure(share, np.ones((clock.days, 1)), study.options.penalty, slopes=False)
        borders = [0, *(a.at for a in found.atoms), clock.days]
        for i, atom in enumerate(found.atoms):
            if atom.kind != STEP or abs(atom.size) < _LEAST_SHARE:
                continue
            before = float(np.nanmean(share[borders[i] : atom.at]))
            after = float(np.nanmean(share[atom.at : borders[i + 2]]))
            error = 1.96 * float(np.sqrt(found.noise * (1 / (atom.at - borders[i]) + 1 / (borders[i + 2] - atom.at))))
            old, new = row[borders[i] : atom.at], row[atom.at : borders[i + 2]]
            floor = max(before, 1e-9)
            yield Change(
                series.entity, series.counter, ChangeKind.UPSTREAM, int(times[atom.at]), None,
                int(times[max(0, atom.at - 1)]), int(times[min(clock.days, atom.at + 1)]),
                after / floor, max(0.0, after - error) / floor, (after + error) / floor,
                float(old.mean()) / 86_400, float(new.mean()) / 86_400,
                float("nan"), "upstream",
                facts={"share_before": before, "share_after": after, "share_error": error},
            )  # fmt: skip
