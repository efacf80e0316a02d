"""The pieces that pages are made of. Every text in them is made harmless where the document is composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from netwatch.report.words import harmless

FOLDED = 500
"""Rows of a folded table; the files have all."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, "left" or "right", relative width, and whether it holds addresses or codes."""

    label: str
    align: str = "left"
    weight: float = 1.0
    code: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a page.

    ``kind``: "text", "lead" (larger), "note" (smaller), "heading", "byline" (small, under a heading), "list"
    (``items``), "figure" (``name``, ``text`` its caption, ``alternative``), "table" (``columns``, ``rows``, ``text``
    its caption), "facts" (``rows`` of two), "answer" (``name`` its question, ``items`` its paragraphs), or "details"
    (``blocks`` that only HTML has, folded under ``text``).
    """

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    name: str = ""
    alternative: str = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A titled run of blocks; ``anchor`` is its name in links."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The pages: what stands in the header, and the sections, the first of which is the summary page."""

    title: str
    subject: str
    window: str
    footer: str
    sections: tuple[Section, ...] = field(default_factory=tuple)

    def as_json(self) -> dict[str, Any]:
        """The document as JSON-ready values, every text in it harmless."""
        cleaned: dict[str, Any] = _clean(asdict(self))
        return cleaned


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    return value


def text(words: str) -> Block:
    """A paragraph."""
    return Block("text", words)


def note(words: str) -> Block:
    """A remark in smaller type."""
    return Block("note", words)


def heading(words: str) -> Block:
    """A heading inside a section."""
    return Block("heading", words)


def bullets(items: Sequence[str]) -> Block:
    """A list."""
    return Block("list", items=tuple(items))


def facts(rows: Sequence[tuple[str, str]]) -> Block:
    """Names and values, one pair a line."""
    return Block("facts", rows=tuple(rows))


def details(summary: str, blocks: Sequence[Block]) -> Block:
    """What HTML keeps folded and paper leaves to the files."""
    return Block("details", summary, blocks=tuple(blocks))


def head(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], most: int, file: str) -> list[Block]:
    """A table of the first rows; where there are more, where they all are, and in HTML all of them."""
    shown = table(caption, columns, rows[:most])
    if len(rows) <= most:
        return [shown]
    where = f"{file} lists all {len(rows):,}."
    return [shown, note(f"The first {most}; {where}"), details(f"All {min(len(rows), FOLDED):,}", [
        table(caption, columns, rows[:FOLDED])
    ])]  # fmt: skip


def table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Block:
    """A table with its caption."""
    return Block("table", caption, columns=tuple(columns), rows=tuple(tuple(r) for r in rows))
