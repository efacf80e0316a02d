"""Changes, verdicts and flows to findings: what made a change, in numbers that add up and words that can be checked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.explain.options import ExplainOptions

if TYPE_CHECKING:
    from netwatch.explain.decomposition import decompose
    from netwatch.explain.findings import explain
    from netwatch.explain.questions import answer
    from netwatch.explain.words import Names

__all__ = ["ExplainOptions", "Names", "answer", "decompose", "explain"]

_HOMES = {"answer": "questions", "explain": "findings", "decompose": "decomposition", "Names": "words"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
