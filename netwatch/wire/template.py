"""Templates: what NetFlow v9 and IPFIX exporters say about the records that follow."""

from __future__ import annotations

from typing import NamedTuple

from netwatch.errors import Malformed
from netwatch.wire.cursor import Cursor

VARIABLE = 0xFFFF
"""Field length that says: each record carries the length (RFC 7011 section 7)."""
SMALLEST_DATA_SET = 256


class Field(NamedTuple):
    """One field of a template: element number, Private Enterprise Number (0: IANA's own), length in octets."""

    element: int
    enterprise: int
    length: int


class Template(NamedTuple):
    """A template of data records; the first ``scopes`` fields of an options template say what its values are about.

    No fields at all withdraw the template (RFC 7011 section 8.1).
    """

    number: int
    fields: tuple[Field, ...]
    scopes: int = 0

    @property
    def size(self) -> int:
        """Octets of a record; the least of them where fields vary in length."""
        return sum(1 if field.length == VARIABLE else field.length for field in self.fields)

    @property
    def variable(self) -> bool:
        """Whether records carry lengths of their own."""
        return any(field.length == VARIABLE for field in self.fields)


def field(cursor: Cursor, enterprises: bool) -> Field:
    """One field specifier: RFC 7011 section 3.2; NetFlow v9 has no enterprise numbers (RFC 3954 section 5.2)."""
    element, length = cursor.u16(), cursor.u16()
    if enterprises and element & 0x8000:
        return Field(element & 0x7FFF, cursor.u32(), length)
    return Field(element, 0, length)


def checked(template: Template, place: int) -> Template:
    """The template, if records can follow it.

    Raises:
        Malformed: its number is reserved or its records would have no octets.

    """
    if template.number < SMALLEST_DATA_SET:
        raise Malformed("template number reserved", place)
    if template.fields and template.size == 0:
        raise Malformed("template of records without octets", place)
    return template
