"""NetFlow version 9 (RFC 3954): template and options template FlowSets."""

from __future__ import annotations

from netwatch.errors import Malformed
from netwatch.wire.cursor import Cursor
from netwatch.wire.template import Template, checked, field

TEMPLATES, OPTIONS_TEMPLATES = 0, 1
"""Numbers of the FlowSets that carry templates."""


def templates(content: bytes) -> list[Template]:
    """The templates of a template FlowSet without its header (section 5.2).

    Raises:
        Malformed: a template goes beyond the FlowSet, or no record could follow it.

    """
    cursor = Cursor(content)
    found = []
    while cursor.left >= 4 and any(content[cursor.place : cursor.place + 4]):
        place = cursor.place
        number, count = cursor.u16(), cursor.u16()
        if 4 * count > cursor.left:
            raise Malformed("template goes beyond its set", place)
        found.append(checked(Template(number, tuple(field(cursor, False) for _ in range(count))), place))
    return found


def options_templates(content: bytes) -> list[Template]:
    """The templates of an options template FlowSet without its header (section 6.1); lengths there are octets.

    Raises:
        Malformed: a template goes beyond the FlowSet, or no record could follow it.

    """
    cursor = Cursor(content)
    found = []
    while cursor.left >= 6 and any(content[cursor.place : cursor.place + 6]):
        place = cursor.place
        number, scope_octets, option_octets = cursor.u16(), cursor.u16(), cursor.u16()
        if scope_octets % 4 or option_octets % 4 or scope_octets + option_octets > cursor.left:
            raise Malformed("options template goes beyond its set", place)
        count = (scope_octets + option_octets) // 4
        fields = tuple(field(cursor, False) for _ in range(count))
        found.append(checked(Template(number, fields, max(1, scope_octets // 4)), place))
    return found
