"""Text that may come from the wire, made harmless for whoever reads it: terminals, mail, chats, log searches."""

from __future__ import annotations

import math
import re
from typing import Any

from netwatch.model.text import printable

LINE = 300
"""Characters of a title or name, at most."""
WORDS = 2000
"""Characters of a sentence, at most."""

_INERT = (
    (re.compile(r"://"), "[:]//"),  # no link that can be followed by mistake
    (re.compile(r"@(?=\w)"), "[@]"),  # nobody is called by name: @everyone
    (re.compile(r"<(?=[!@#/a-zA-Z])"), "‹"),  # no tag, no <!channel>
)


def line(text: str, limit: int = LINE) -> str:
    r"""One line without control characters (so none that ends a mail header), cut to a length."""
    return printable(text, limit)


def inert(text: str, limit: int = LINE) -> str:
    """One line in which nothing is a link, a mention or a tag, as analysts write addresses: ``http[:]//``."""
    text = line(text, limit)
    for pattern, instead in _INERT:
        text = pattern.sub(instead, text)
    return text


def json_ready(value: Any, depth: int = 8) -> Any:
    """Any JSON-ready value with its texts made harmless; what is no number (NaN) or too deep is null."""
    if isinstance(value, str):
        return line(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth == 0:
        return None
    if isinstance(value, dict):
        return {line(str(key)): json_ready(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(inner, depth - 1) for inner in value]
    return line(str(value))
