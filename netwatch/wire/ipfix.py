"""IPFIX (RFC 7011): template and options template Sets."""

from __future__ import annotations

from netwatch.errors import Malformed
from netwatch.wire.cursor import Cursor
from netwatch.wire.template import Template, checked, field

TEMPLATES, OPTIONS_TEMPLATES = 2, 3
"""Numbers of the Sets that carry templates; either number as a template's withdraws all of that kind."""
REVERSE = 29305
"""Private Enterprise Number of reverse elements (RFC 5103 section 6.1)."""


def templates(content: bytes) -> list[Template]:
    """The templates of a Template Set without its header (section 3.4.1); one without fields is a withdrawal.

    Raises:
        Malformed: a template goes beyond the Set, or no record could follow it.

    """
    return _parse(content, TEMPLATES)


def options_templates(content: bytes) -> list[Template]:
    """The templates of an Options Template Set without its header (section 3.4.2).

    Raises:
        Malformed: a template goes beyond the Set, or no record could follow it.

    """
    return _parse(content, OPTIONS_TEMPLATES)


def _parse(content: bytes, kind: int) -> list[Template]:
    cursor = Cursor(content)
    found = []
    while cursor.left >= 4 and any(content[cursor.place : cursor.place + 4]):
        place = cursor.place
        number, count = cursor.u16(), cursor.u16()
        if count == 0:
            found.append(Template(number, ()) if number == kind else checked(Template(number, ()), place))
            continue
        scopes = cursor.u16() if kind == OPTIONS_TEMPLATES else 0
        if 4 * count > cursor.left or scopes > count:
            raise Malformed("template goes beyond its set", place)
        if kind == OPTIONS_TEMPLATES and scopes == 0:
            raise Malformed("options template without scope", place)
        found.append(checked(Template(number, tuple(field(cursor, True) for _ in range(count)), scopes), place))
    return found
