"""The report as PDF/A-3, set by typst: text as data, figures as SVG, the JSON evidence attached."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from netwatch.report.figures.canvas import FONTS, drawable
from netwatch.report.json import evidence
from netwatch.report.rendering import Rendering

_FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
_STANDARD: Final = "a-3a"
"""Archival, tagged for screen readers, and allowed to carry attachments of any kind."""


class PdfWriter:
    """``report.pdf``."""

    def write(self, rendering: Rendering, directory: Path) -> list[Path]:
        """Set the pages; typst reads them from a directory of its own."""
        path = Path("report.pdf")
        with tempfile.TemporaryDirectory(prefix="pdf.", dir=directory) as room:
            (directory / path).write_bytes(typeset(rendering, Path(room)))
        return [path]


def typeset(rendering: Rendering, room: Path) -> bytes:
    """The PDF's octets; ``room`` is an empty directory."""
    import typst

    made = dt.datetime.fromtimestamp(rendering.epoch, dt.UTC)
    pages = {**_settable(rendering.pages), "date": [made.year, made.month, made.day]}
    (room / "pages.json").write_text(json.dumps(pages, ensure_ascii=False), encoding="utf-8")
    (room / "report.json").write_text(evidence(rendering), encoding="utf-8")
    for name, svg in rendering.svg.items():
        (room / f"{name}.svg").write_text(svg, encoding="utf-8")
    shutil.copyfile(Path(__file__).parent / "templates" / "report.typ", room / "report.typ")
    (room / "fonts").mkdir()
    for face in _FACES:
        shutil.copyfile(FONTS / face, room / "fonts" / face)
    octets: bytes = typst.compile(
        str(room / "report.typ"),
        root=str(room),
        font_paths=[str(room / "fonts")],
        ignore_system_fonts=True,
        format="pdf",
        timestamp=rendering.epoch,
        pdf_standards=[_STANDARD],
    )
    return octets


def _settable(value: Any) -> Any:
    """The pages with characters that no font at hand can show as escapes."""
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, dict):
        return {k: _settable(v) for k, v in value.items()}
    return [_settable(v) for v in value] if isinstance(value, list) else value
