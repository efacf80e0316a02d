"""Flows to counters over equal bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily
from netwatch.series.options import KINDS, SeriesOptions

if TYPE_CHECKING:
    from netwatch.series.builder import SeriesBuilder
    from netwatch.series.sums import series_from, sums_of

__all__ = ["KINDS", "SeriesBuilder", "SeriesOptions", "series_from", "sums_of"]

__getattr__ = lazily(__name__, {"SeriesBuilder": "builder", "series_from": "sums", "sums_of": "sums"})
