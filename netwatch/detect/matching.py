"""What was told at the time, held against what the whole history says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from netwatch.detect.clock import DAY
from netwatch.model.change import Change, ChangeKind

LEVELS = (ChangeKind.LEVEL_SHIFT, ChangeKind.EPISODE, ChangeKind.RAMP, ChangeKind.SPREAD)
POINTS = (ChangeKind.SPIKE, ChangeKind.DROP)
POINT_SLACK, LEVEL_SLACK = DAY // 4, 14 * DAY
_LASTING = 3 * DAY
_ABOUT = 1.5
_EDGE = 2 * DAY
"""So near to the edge of a level's change, a spike or drop is that edge."""


def same(one: Change, other: Change) -> bool:
    """Whether two changes are one event of one series, as two looks at it may tell it."""
    if (one.entity, one.counter) != (other.entity, other.counter):
        return False
    if one.kind in LEVELS and other.kind in LEVELS:
        return (one.ratio > 1) == (other.ratio > 1) and _near(one, other, LEVEL_SLACK)
    slack = POINT_SLACK if one.kind in (*POINTS, ChangeKind.RECORD) else LEVEL_SLACK
    return one.kind == other.kind and _near(one, other, slack)


def _near(one: Change, other: Change, slack: int) -> bool:
    """Whether the beginnings are near, or a ramp or a span of one holds that of the other."""
    if abs(one.since - other.since) <= slack:
        return True
    if ChangeKind.RAMP in (one.kind, other.kind) or one.kind in POINTS:
        first, then = sorted((one, other), key=lambda c: c.since)
        return first.until is None or then.since < first.until + slack
    return False


def part_of_level(point: Change, found: Sequence[Change], width: int) -> Change | None:
    """The level's change in the same series whose edge or body a spike or drop is; ``width`` of a bin, ns."""
    for other in found:
        if other.kind not in LEVELS or other.kind is ChangeKind.RAMP:
            continue  # a ramp has no edge that a point could be
        slack = max(width, round(2 * DAY / other.levels_per_day) if other.brief else _EDGE)
        if (other.entity, other.counter) != (point.entity, point.counter):
            continue
        edges = (other.since,) if other.until is None else (other.since, other.until)
        within = other.until is not None and other.since <= point.since < other.until
        alike = (point.ratio > 1) == (other.ratio > 1)
        if other.brief and not alike and abs((point.until or 0) - other.since) <= slack:
            return other  # what was before a step, seen from what came after
        if any(abs(point.since - edge) <= slack for edge in edges) and (alike or _lesser(point, other)):
            return other
        if within and alike:
            return other
    return None


def _lesser(point: Change, other: Change) -> bool:
    """Whether a point is about within a level's ratio, as what is left where an edge is not quite dated is."""
    sizes = [abs(float(np.log(max(change.ratio, 1e-9)))) for change in (point, other)]
    return sizes[0] <= _ABOUT * sizes[1]


def called(change: Change) -> Change:
    """The change under the name of its length: a spike or drop of days is an episode, an episode of less is a spike or
    drop where levels were finer than blocks of a quarter day.
    """
    if change.until is None:
        return change
    if change.kind in POINTS and change.until - change.since >= _LASTING:
        return replace(change, kind=ChangeKind.EPISODE)
    if change.kind is ChangeKind.EPISODE and change.brief:
        return replace(change, kind=ChangeKind.SPIKE if change.ratio > 1 else ChangeKind.DROP)
    return change


def distinct(shifts: list[Change]) -> list[Change]:
    """Of level shifts of one direction that may have come at one time the greatest: each was sized by all of it."""
    kept: list[Change] = []
    for shift in sorted(shifts, key=lambda c: -abs(np.log(c.ratio))):
        if not any(
            (shift.ratio > 1) == (other.ratio > 1)
            and shift.since_low < other.since_high
            and other.since_low < shift.since_high
            for other in kept
        ):
            kept.append(shift)
    return kept


def about_observation(point: Change, found: Sequence[Change], width: int) -> Change | None:
    """The gap or sampling change, of whichever series, that a spike or drop stands beside or in."""
    for other in found:
        if other.kind in (ChangeKind.GAP, ChangeKind.SAMPLING):
            until = other.since if other.until is None else other.until
            if other.since - POINT_SLACK - width <= point.since <= until + POINT_SLACK:
                return other
    return None
