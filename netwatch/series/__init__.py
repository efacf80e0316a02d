"""Flows to counters over equal bins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.series.options import KINDS, SeriesOptions

if TYPE_CHECKING:
    from netwatch.series.builder import SeriesBuilder

__all__ = ["KINDS", "SeriesBuilder", "SeriesOptions"]


def __getattr__(name: str) -> Any:
    if name != "SeriesBuilder":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.builder").SeriesBuilder
