"""The order of the stages: the only room that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.pipeline.analysis import analyze
    from netwatch.pipeline.carving import carve
    from netwatch.pipeline.metering import Metered, meter_into
    from netwatch.pipeline.passes import Judged, judged

__all__ = ["Judged", "Metered", "analyze", "carve", "judged", "meter_into"]

__getattr__ = lazily(
    __name__,
    {
        "analyze": "analysis",
        "carve": "carving",
        "Judged": "passes",
        "judged": "passes",
        "Metered": "metering",
        "meter_into": "metering",
    },
)
