"""The order of the stages: the only room that knows it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netwatch.pipeline.analysis import analyze
    from netwatch.pipeline.passes import Judged, judged

__all__ = ["Judged", "analyze", "judged"]

_HOMES = {"analyze": "analysis", "Judged": "passes", "judged": "passes"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
