"""Changes, verdicts and flows to findings: what made a change, in numbers that add up and words that can be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.explain.options import ExplainOptions
from netwatch.lazy import lazily

if TYPE_CHECKING:
    from netwatch.explain.comparison import check_dimensions, decompose
    from netwatch.explain.findings import explain
    from netwatch.explain.questions import answer
    from netwatch.explain.windows import Windows
    from netwatch.explain.words import Names

__all__ = ["ExplainOptions", "Names", "Windows", "answer", "check_dimensions", "decompose", "explain"]

__getattr__ = lazily(
    __name__,
    {
        "answer": "questions",
        "explain": "findings",
        "check_dimensions": "comparison",
        "decompose": "comparison",
        "Names": "words",
        "Windows": "windows",
    },
)
