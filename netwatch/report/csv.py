"""The report's tables as CSV in ``tables/``: fixed headers, numbers unscaled, cells that no spreadsheet executes."""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from pathlib import Path

import numpy as np

from netwatch.report.rendering import Rendering
from netwatch.report.rows import tables
from netwatch.report.words import harmless

_REMEMBERED = 1 << 15
"""Cells whose text is remembered, some times those of one series: most values of a table come again and again."""
_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class CsvWriter:
    """``tables/*.csv``; a table with nothing in it still has its header."""

    def write(self, rendering: Rendering, directory: Path) -> list[Path]:
        """Write every table."""
        (directory / "tables").mkdir(exist_ok=True)
        shown = lru_cache(_REMEMBERED, typed=True)(cell)  # typed: True, 1 and 1.0 are equal, but no equal text
        files = []
        for name, (header, rows) in tables(rendering.report, rendering.clock).items():
            path = Path("tables") / f"{name}.csv"
            with (directory / path).open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180
                writer.writerow(header)
                writer.writerows(map(shown, row) for row in rows)
            files.append(path)
        return files


def cell(value: object) -> str:
    """A value as text: numbers plain, unknown empty, text that a spreadsheet would take for a formula quoted."""
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if not math.isfinite(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.12g}"
    text = str(value)
    shown = harmless(text)
    return f"'{shown}" if text.startswith(_ACTS) else shown
