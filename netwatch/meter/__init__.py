"""Packets to flows: the Metering Process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netwatch.meter.options import MeterOptions
    from netwatch.meter.process import Meter

__all__ = ["Meter", "MeterOptions"]

_HOMES = {"Meter": "process", "MeterOptions": "options"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
