"""Findings to PDF, PNG, HTML, JSON and CSV. The only room that draws.

``write`` and the figures draw; they are imported when first asked for, since matplotlib is slow to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily
from netwatch.report.report import Baseline, InputFile, Report, Rhythm, TopRow, TopTable

if TYPE_CHECKING:
    from netwatch.report.choice import SECTIONS, nothing_found
    from netwatch.report.figures import draw_series
    from netwatch.report.publication import FORMATS, REPORTS, check_writable, write

__all__ = [
    "FORMATS",
    "REPORTS",
    "SECTIONS",
    "Baseline",
    "InputFile",
    "Report",
    "Rhythm",
    "TopRow",
    "TopTable",
    "check_writable",
    "draw_series",
    "nothing_found",
    "write",
]

_PUBLISHING = dict.fromkeys(("FORMATS", "REPORTS", "check_writable", "write"), "publication")
__getattr__ = lazily(
    __name__, {**_PUBLISHING, "draw_series": "figures", "SECTIONS": "choice", "nothing_found": "choice"}
)
