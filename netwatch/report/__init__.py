"""Findings to PDF, PNG, HTML, JSON and CSV. The only room that draws.

``write`` and the figures draw; they are imported when first asked for, since matplotlib is slow to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.report.report import Baseline, InputFile, Report, Rhythm, TopRow, TopTable

if TYPE_CHECKING:
    from netwatch.report.figures import draw_series
    from netwatch.report.publication import FORMATS, REPORTS, write

__all__ = [
    "FORMATS",
    "REPORTS",
    "Baseline",
    "InputFile",
    "Report",
    "Rhythm",
    "TopRow",
    "TopTable",
    "draw_series",
    "write",
]

_HOMES = {"FORMATS": "publication", "REPORTS": "publication", "write": "publication", "draw_series": "figures"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
