"""What a run is told: the stages' options composed, from the command line or from one TOML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.config.options import Options
from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.config.file import load
    from netwatch.config.monitor import HealthOptions, MonitorOptions, ReportOptions, SourceOptions

__all__ = ["HealthOptions", "MonitorOptions", "Options", "ReportOptions", "SourceOptions", "load"]

__getattr__ = lazily(
    __name__,
    {
        "load": "file",
        "HealthOptions": "monitor",
        "MonitorOptions": "monitor",
        "ReportOptions": "monitor",
        "SourceOptions": "monitor",
    },
)
