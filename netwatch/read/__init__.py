"""Files and streams to packets and flow records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.read.base import READERS, ReadOptions
    from netwatch.read.inputs import InputFile, Inputs, open_inputs

__all__ = ["READERS", "InputFile", "Inputs", "ReadOptions", "open_inputs"]

__getattr__ = lazily(
    __name__,
    {"READERS": "base", "ReadOptions": "base", "InputFile": "inputs", "Inputs": "inputs", "open_inputs": "inputs"},
)
