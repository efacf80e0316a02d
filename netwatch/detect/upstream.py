"""Upstream: which next network carries which share of what leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from netwatch.detect.clock import local_clock
from netwatch.detect.interval import located
from netwatch.detect.search import structure
from netwatch.detect.structure import Sought
from netwatch.detect.study import Study
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

_LEAST_SHARE = 0.1
_LEAST_DAYS = 24
_TOGETHER = 7
"""Days within which the steps of several upstreams are one move of traffic."""
_FLOOR = 1e-3


class _Move(NamedTuple):
    """A step of one upstream's share at day ``at``: shares on both sides and half the interval of the later one."""

    at: int
    series: Series
    before: float
    after: float
    error: float


def find_upstream(study: Study) -> Iterator[Change]:
    """Upstream shifts: the share of octets that a next network carries moved by a tenth of all or more."""
    carried = study.series.of("upstream", "octets")
    clock = local_clock(study.series.bins, study.options.timezone)
    if len(carried) < 2 or clock.days < _LEAST_DAYS:
        return
    daily = np.stack([np.bincount(clock.day, np.nan_to_num(s.values), clock.days) for s in carried])
    total = daily.sum(axis=0)
    shares = np.where(total > 0, daily / np.where(total > 0, total, 1.0), np.nan)
    moves = [m for s, row in zip(carried, shares, strict=True) for m in _moves(s, row, study.options.penalty)]
    times = np.append(clock.midnight, study.series.bins.end)
    while moves:
        most = max(moves, key=lambda m: (abs(m.after - m.before), m.after, m.series.entity))
        event = [m for m in moves if abs(m.at - most.at) <= _TOGETHER]
        moves = [m for m in moves if abs(m.at - most.at) > _TOGETHER]
        yield _change(max(event, key=lambda m: (m.after - m.before, m.series.entity)), event, times)


def _moves(series: Series, share: np.ndarray, penalty: float) -> Iterator[_Move]:
    ones = np.ones((len(share), 1))
    steps = structure(share, ones, Sought(penalty)).atoms
    borders = [0, *(a.at for a in steps), len(share)]
    for i, atom in enumerate(steps):
        if abs(atom.size) < _LEAST_SHARE:
            continue
        before, after = (float(np.nanmean(s)) for s in (share[borders[i] : atom.at], share[atom.at : borders[i + 2]]))
        size = located(share, ones, [atom], (borders[i], borders[i + 2])).estimate
        yield _Move(atom.at, series, before, after, 0.5 * (size.high - size.low))


def _change(move: _Move, event: list[_Move], times: np.ndarray) -> Change:
    """One move of traffic, told of the upstream that gained most; ``facts`` hold the shares of all that moved."""
    floor = max(move.before, _FLOOR)
    facts: dict[str, object] = {"share_before": move.before, "share_after": move.after, "share_error": move.error}
    facts["moved"] = {m.series.entity.value: [round(m.before, 3), round(m.after, 3)] for m in event}
    return Change(
        move.series.entity, "octets", ChangeKind.UPSTREAM, int(times[move.at]), None,
        int(times[max(0, move.at - 1)]), int(times[min(len(times) - 1, move.at + 1)]),
        move.after / floor, max(0.0, move.after - move.error) / floor, (move.after + move.error) / floor,
        move.before, move.after, float("nan"), "upstream", facts=facts,
    )  # fmt: skip
