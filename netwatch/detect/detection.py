"""``detect``: all detectors over all series."""

from __future__ import annotations

from netwatch.detect.matching import POINTS, called, part_of_level
from netwatch.detect.options import DetectOptions
from netwatch.detect.study import Detector, Study
from netwatch.detect.zone import localised
from netwatch.model.change import Change
from netwatch.model.series import SeriesSet
from netwatch.registry import Registry

DETECTORS: Registry[Detector] = Registry(
    "detector",
    {
        "level": "netwatch.detect.level:find_levels",
        "points": "netwatch.detect.points:find_points",
        "records": "netwatch.detect.records:find_records",
        "gap": "netwatch.detect.observation:find_gaps",
        "sampling": "netwatch.detect.observation:find_sampling",
        "rhythm": "netwatch.detect.rhythm:find_rhythm",
        "spread": "netwatch.detect.spread:find_spread",
        "upstream": "netwatch.detect.upstream:find_upstream",
    },
)

_TOGETHER = ("gap", "sampling", "upstream")
"""Detectors that look at all series at once; the others see one at a time."""

SUDDEN = ("points", "gap", "sampling")
LASTING = ("level", "records", "rhythm", "spread", "upstream")
"""Detectors of what shows within hours, in fine bins, and of what takes days to show."""


def detect(series: SeriesSet, options: DetectOptions) -> list[Change]:
    """The changes of all series, in order of time, then entity and counter.

    Raises:
        UsageError: a detector or time zone that is not known.
    """
    study = Study(series, localised(series, options))
    names = options.detectors or tuple(DETECTORS)
    from netwatch.detect.records import joined

    found = [change for name in names if name in _TOGETHER for change in DETECTORS[name](study)]
    alone = [DETECTORS[name] for name in names if name not in _TOGETHER]
    for one in study.each():
        found += [change for detector in alone for change in detector(one)]
    told = [c for c in found if c.kind not in POINTS or part_of_level(c, found, series.bins.width) is None]
    told = [called(change) for change in joined(told, series.bins.width)]
    return sorted(told, key=lambda c: (c.since, c.kind, c.entity, c.counter))
