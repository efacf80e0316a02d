"""What a run is told: the stages' options composed, from the command line or from one TOML file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.config.options import Options

if TYPE_CHECKING:
    from netwatch.config.file import load
    from netwatch.config.monitor import HealthOptions, MonitorOptions, SourceOptions

__all__ = ["HealthOptions", "MonitorOptions", "Options", "SourceOptions", "load"]

_HOMES = {"load": "file", "HealthOptions": "monitor", "MonitorOptions": "monitor", "SourceOptions": "monitor"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
