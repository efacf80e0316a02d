"""Packets to flows: the Metering Process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.meter.options import MeterOptions
    from netwatch.meter.process import Meter

__all__ = ["Meter", "MeterOptions"]

__getattr__ = lazily(__name__, {"Meter": "process", "MeterOptions": "options"})
