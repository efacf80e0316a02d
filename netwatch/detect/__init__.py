"""Series to changes: one method a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.detect.options import DetectOptions
from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.detect.carried import Carried, change_of
    from netwatch.detect.detection import DETECTORS, LASTING, SUDDEN, detect
    from netwatch.detect.expectation import Baseline, baseline
    from netwatch.detect.online import advance, learn
    from netwatch.detect.replay import Backtest, Replay, Told, backtest
    from netwatch.detect.zone import LocalTime, local_time, localised

__all__ = [
    "DETECTORS",
    "LASTING",
    "SUDDEN",
    "Backtest",
    "Baseline",
    "Carried",
    "DetectOptions",
    "LocalTime",
    "Replay",
    "Told",
    "advance",
    "backtest",
    "baseline",
    "change_of",
    "detect",
    "learn",
    "local_time",
    "localised",
]

__getattr__ = lazily(
    __name__,
    dict.fromkeys(("Baseline", "baseline"), "expectation")
    | dict.fromkeys(("DETECTORS", "LASTING", "SUDDEN", "detect"), "detection")
    | dict.fromkeys(("Carried", "change_of"), "carried")
    | dict.fromkeys(("advance", "learn"), "online")
    | dict.fromkeys(("Backtest", "Replay", "Told", "backtest"), "replay")
    | dict.fromkeys(("LocalTime", "local_time", "localised"), "zone"),
)
