"""Flows to counters over equal bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily
from netwatch.series.options import KINDS, SeriesOptions

if TYPE_CHECKING:
    from netwatch.series.builder import SeriesBuilder
    from netwatch.series.sums import run_apart, series_from, sums_of
    from netwatch.series.table import COLUMNS, is_series_csv, read_series

__all__ = [
    "COLUMNS",
    "KINDS",
    "SeriesBuilder",
    "SeriesOptions",
    "is_series_csv",
    "read_series",
    "run_apart",
    "series_from",
    "sums_of",
]

__getattr__ = lazily(
    __name__,
    {"SeriesBuilder": "builder", "run_apart": "sums", "series_from": "sums", "sums_of": "sums"}
    | dict.fromkeys(("COLUMNS", "is_series_csv", "read_series"), "table"),
)
