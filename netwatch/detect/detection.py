"""``detect``: all detectors over all series."""

from __future__ import annotations

from netwatch.detect.options import DetectOptions
from netwatch.detect.study import Detector, Study
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import SeriesSet
from netwatch.registry import Registry

DETECTORS: Registry[Detector] = Registry(
    "detector",
    {
        "level": "netwatch.detect.level:find_levels",
        "points": "netwatch.detect.points:find_points",
        "gap": "netwatch.detect.observation:find_gaps",
        "sampling": "netwatch.detect.observation:find_sampling",
        "rhythm": "netwatch.detect.rhythm:find_rhythm",
        "spread": "netwatch.detect.spread:find_spread",
        "upstream": "netwatch.detect.upstream:find_upstream",
    },
)

_TOGETHER = ("gap", "sampling", "upstream")
"""Detectors that look at all series at once; the others see one at a time."""
_LEVELS = (ChangeKind.LEVEL_SHIFT, ChangeKind.EPISODE, ChangeKind.SPREAD)
_POINTS = (ChangeKind.SPIKE, ChangeKind.DROP)


def detect(series: SeriesSet, options: DetectOptions) -> list[Change]:
    """The changes of all series, in order of time, then entity and counter.

    Raises:
        UsageError: a detector or time zone that is not known.
    """
    study = Study(series, options)
    names = options.detectors or tuple(DETECTORS)
    found = [change for name in names if name in _TOGETHER for change in DETECTORS[name](study)]
    alone = [DETECTORS[name] for name in names if name not in _TOGETHER]
    for one in study.each():
        found += [change for detector in alone for change in detector(one)]
    told = [c for c in found if c.kind not in _POINTS or not _part_of_level(c, found, series.bins.width)]
    return sorted(told, key=lambda c: (c.since, c.kind, c.entity, c.counter))


def _part_of_level(point: Change, found: list[Change], width: int) -> bool:
    """Whether a spike or drop is the edge or the body of a level's change in the same series."""
    slack = max(width, 2 * 86_400 * 10**9)
    for other in found:
        if other.kind not in _LEVELS or (other.entity, other.counter) != (point.entity, point.counter):
            continue
        edges = (other.since,) if other.until is None else (other.since, other.until)
        if any(abs(point.since - edge) <= slack for edge in edges):
            return True
        within = other.until is not None and other.since <= point.since < other.until
        if within and (point.ratio > 1) == (other.ratio > 1):
            return True
    return False
