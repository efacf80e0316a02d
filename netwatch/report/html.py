"""The report as one HTML file that needs nothing else: no network, no fonts, no script."""

from __future__ import annotations

import re
from pathlib import Path

from netwatch.report.figures.canvas import GRID, INK, MUTED, PAPER, SHADE
from netwatch.report.rendering import Rendering

_INKS = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)", SHADE: "var(--shade)", PAPER: "var(--paper)"}
"""Neutral colours follow the reader's light or dark; colours that mean something stay."""
_NAME = re.compile(r'(\bid="|\bhref="#|url\(#)')


class HtmlWriter:
    """``report.html``."""

    def write(self, rendering: Rendering, directory: Path) -> list[Path]:
        """Set the pages."""
        path = Path("report.html")
        (directory / path).write_text(page(rendering), encoding="utf-8", newline="\n")
        return [path]


def page(rendering: Rendering) -> str:
    """The whole HTML text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The only markup that is trusted: what matplotlib drew, whose text is paths.
    svg = {name: Markup(inline(text, name)) for name, text in rendering.svg.items()}  # noqa: S704
    return environment.get_template("report.html").render(pages=rendering.pages, svg=svg) + "\n"


def inline(svg: str, name: str) -> str:
    """An SVG made fit to stand among others: names of its own, neutral colours from the page, size from the page."""
    named = _NAME.sub(lambda found: f"{found.group(1)}{name}-", svg.replace('xlink:href="', 'href="'))
    for colour, variable in _INKS.items():
        named = named.replace(colour, variable)
    sized = re.sub(r'^(<svg[^>]*?) height="[^"]*"', r"\1", named, count=1)
    sized = re.sub(r'^(<svg[^>]*?) width="[^"]*"', r"\1", sized, count=1)
    bare = re.sub(r"<metadata>.*?</metadata>", "", sized, count=1, flags=re.DOTALL)
    return bare.replace("<svg", '<svg role="presentation"', 1)
