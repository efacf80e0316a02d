"""Flows to counters over equal bins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.series.options import KINDS, SeriesOptions

if TYPE_CHECKING:
    from netwatch.series.builder import SeriesBuilder
    from netwatch.series.sums import series_from, sums_of

__all__ = ["KINDS", "SeriesBuilder", "SeriesOptions", "series_from", "sums_of"]

_HOMES = {"SeriesBuilder": "builder", "series_from": "sums", "sums_of": "sums"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
