"""Series to changes: one method a file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.detect.options import DetectOptions

if TYPE_CHECKING:
    from netwatch.detect.detection import DETECTORS, detect
    from netwatch.detect.expectation import Baseline, baseline

__all__ = ["DETECTORS", "Baseline", "DetectOptions", "baseline", "detect"]

_HOMES = {"Baseline": "expectation", "baseline": "expectation", "DETECTORS": "detection", "detect": "detection"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
