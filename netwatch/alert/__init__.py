"""Notices → people and machines: sinks, and the pace at which people are told."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.alert.options import AlertOptions, Pacing, SinkOptions

if TYPE_CHECKING:
    from netwatch.alert.delivery import deliver, try_out
    from netwatch.alert.sink import SINKS
    from netwatch.alert.table import parse

__all__ = ["SINKS", "AlertOptions", "Pacing", "SinkOptions", "deliver", "parse", "try_out"]

_HOMES = {"SINKS": "sink", "deliver": "delivery", "parse": "table", "try_out": "delivery"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
