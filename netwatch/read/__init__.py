"""Files and streams to packets and flow records."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netwatch.read.base import READERS, ReadOptions
    from netwatch.read.inputs import InputFile, Inputs, open_inputs

__all__ = ["READERS", "InputFile", "Inputs", "ReadOptions", "open_inputs"]

_HOMES = {"READERS": "base", "ReadOptions": "base", "InputFile": "inputs", "Inputs": "inputs", "open_inputs": "inputs"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
