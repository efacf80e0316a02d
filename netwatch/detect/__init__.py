"""Series to changes: one method a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.detect.options import DetectOptions
from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.detect.detection import DETECTORS, detect
    from netwatch.detect.expectation import Baseline, baseline

__all__ = ["DETECTORS", "Baseline", "DetectOptions", "baseline", "detect"]

__getattr__ = lazily(
    __name__, {"Baseline": "expectation", "baseline": "expectation", "DETECTORS": "detection", "detect": "detection"}
)
