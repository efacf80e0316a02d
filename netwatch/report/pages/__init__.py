"""What the pages say, before they are HTML or PDF: both set the same document."""

from netwatch.report.pages.blocks import Block, Column, Document, Section
from netwatch.report.pages.document import compose

__all__ = ["Block", "Column", "Document", "Section", "compose"]
