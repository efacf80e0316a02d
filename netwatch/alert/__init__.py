"""Notices → people and machines: sinks, and the pace at which people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.alert.options import AlertOptions, Pacing, SinkOptions
from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.alert.delivery import deliver, try_out
    from netwatch.alert.sink import SINKS
    from netwatch.alert.table import parse

__all__ = ["SINKS", "AlertOptions", "Pacing", "SinkOptions", "deliver", "parse", "try_out"]

__getattr__ = lazily(__name__, {"SINKS": "sink", "deliver": "delivery", "parse": "table", "try_out": "delivery"})
