"""Packets to flows: the Metering Process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.meter.copies import Copies
    from netwatch.meter.options import MeterOptions
    from netwatch.meter.process import Meter

__all__ = ["Copies", "Meter", "MeterOptions"]

__getattr__ = lazily(__name__, {"Copies": "copies", "Meter": "process", "MeterOptions": "options"})
