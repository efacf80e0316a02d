"""The order of the stages: the only room that knows it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netwatch.pipeline.analysis import analyze
    from netwatch.pipeline.carving import carve
    from netwatch.pipeline.metering import Metered, meter_into
    from netwatch.pipeline.passes import Judged, judged

__all__ = ["Judged", "Metered", "analyze", "carve", "judged", "meter_into"]

_HOMES = {
    "analyze": "analysis",
    "carve": "carving",
    "Judged": "passes",
    "judged": "passes",
    "Metered": "metering",
    "meter_into": "metering",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
