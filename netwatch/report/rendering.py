"""What every writer is given: the report, its drawings, and its pages as JSON-ready values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from netwatch.errors import UsageError
from netwatch.report.clock import SECOND, Clock
from netwatch.report.figures import Drawing
from netwatch.report.report import Report


@dataclass(frozen=True)
class Rendering:
    """A report on its way to files; ``pages`` is the document, every text in it harmless."""

    report: Report
    clock: Clock
    drawings: Mapping[str, Drawing]
    pages: dict[str, Any]

    @cached_property
    def svg(self) -> dict[str, str]:
        """Each figure as SVG, drawn once for HTML and PDF."""
        return {name: drawing.svg() for name, drawing in self.drawings.items()}

    @property
    def epoch(self) -> int:
        """Seconds since 1970 that stand as the date of making: ``SOURCE_DATE_EPOCH``, else the end of the window.

        Raises:
            UsageError: ``SOURCE_DATE_EPOCH`` is not a number.

        """
        given = os.environ.get("SOURCE_DATE_EPOCH", "")
        if given and not given.isdigit():
            raise UsageError(f"SOURCE_DATE_EPOCH is not a number of seconds: {given!r}")
        latest = 253_402_300_799  # 9999-12-31, as far as a PDF's date reaches
        return min(max(int(given) if given else self.report.until // SECOND, 0), latest)
