"""MRT RIB dumps (RFC 6396): TABLE_DUMP (section 4.2) and TABLE_DUMP_V2 (4.3), with additional paths (RFC 8050)."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from netwatch.errors import Malformed

HEADER = 12
LARGEST = 1 << 24
"""Octets of the largest record that is believed."""
VOTERS = 8
"""RIB entries of one prefix that are asked for its origin."""
_MAPPED = 0xFFFF << 32
_TABLE_DUMP, _TABLE_DUMP_V2 = 12, 13
_AS_PATH, _AS4_PATH = 2, 17
_AS_SET, _AS_SEQUENCE = 1, 2
_AS_TRANS = 23456


class Kind(NamedTuple):
    """Type and subtype of a record."""

    type: int
    subtype: int


class Route(NamedTuple):
    """A prefix in 128-bit form (``bits`` of the mapped form) and the AS that most peers see it come from."""

    first: int
    bits: int
    origin: int


def looks_like(head: bytes) -> bool:
    """Whether octets begin with a record of a RIB dump."""
    if len(head) < HEADER:
        return False
    kind, length = Kind(_be(head, 4, 2), _be(head, 6, 2)), _be(head, 8, 4)
    if kind.type == _TABLE_DUMP:
        return kind.subtype in (1, 2) and 20 <= length <= 4200
    return kind.type == _TABLE_DUMP_V2 and 1 <= kind.subtype <= 12 and 4 <= length <= LARGEST


def parse_header(octets: bytes) -> tuple[Kind, int]:
    """Type and body length of a record (section 2).

    Raises:
        Malformed: too short, or longer than any record is.
    """
    if len(octets) < HEADER:
        raise Malformed("MRT header cut short", len(octets))
    length = _be(octets, 8, 4)
    if length > LARGEST:
        raise Malformed("MRT record too long", 8)
    return Kind(_be(octets, 4, 2), _be(octets, 6, 2)), length


def routes(kind: Kind, body: bytes) -> list[Route]:
    """The prefixes that a record's body tells: none or one; records of other kinds tell none.

    Raises:
        Malformed: the body contradicts its lengths.
    """
    if kind.type == _TABLE_DUMP and kind.subtype in (1, 2):
        return _table_dump(body, 4 if kind.subtype == 1 else 16)
    if kind.type == _TABLE_DUMP_V2 and kind.subtype in (2, 4, 8, 10):
        return _table_dump_v2(body, 4 if kind.subtype in (2, 8) else 16, kind.subtype >= 8)
    return []


def _be(octets: bytes, at: int, size: int) -> int:
    if at + size > len(octets):
        raise Malformed("MRT record cut short", at)
    return int.from_bytes(octets[at : at + size], "big")


def _prefix(octets: bytes, at: int, size: int, bits: int, family: int) -> tuple[int, int]:
    """(first, bits) in 128-bit form of ``size`` octets that hold ``bits`` bits; bits beyond are cleared."""
    width = family * 8
    if bits > width:
        raise Malformed("prefix longer than an address", at)
    first = _be(octets, at, size) << (width - 8 * size)
    first &= ~((1 << (width - bits)) - 1)
    return (_MAPPED | first, bits + 96) if family == 4 else (first, bits)


def _table_dump(body: bytes, family: int) -> list[Route]:
    first, bits = _prefix(body, 4, family, _be(body, 4 + family, 1), family)
    at = 4 + family + 1 + 1 + 4 + family + 2
    length = _be(body, at, 2)
    origin = _origin(body, at + 2, length, 2)
    return [Route(first, bits, origin)] if origin else []


def _table_dump_v2(body: bytes, family: int, additional: bool) -> list[Route]:
    bits = _be(body, 4, 1)
    size = (bits + 7) // 8
    first, bits = _prefix(body, 5, size, bits, family)
    at = 5 + size
    entries = _be(body, at, 2)
    at += 2
    votes: Counter[int] = Counter()
    for _ in range(min(entries, VOTERS)):
        at += 10 if additional else 6
        length = _be(body, at, 2)
        origin = _origin(body, at + 2, length, 4)
        if origin:
            votes[origin] += 1
        at += 2 + length
    return [Route(first, bits, votes.most_common(1)[0][0])] if votes else []


def _origin(octets: bytes, at: int, length: int, width: int) -> int:
    """Origin AS in BGP path attributes (RFC 4271 section 4.3; RFC 6793 for AS4_PATH); 0 where there is none."""
    end = at + length
    if end > len(octets):
        raise Malformed("path attributes cut short", at)
    origin = 0
    while at + 3 <= end:
        flags, code = octets[at], octets[at + 1]
        size = _be(octets, at + 2, 2) if flags & 0x10 else octets[at + 2]
        at += 4 if flags & 0x10 else 3
        if at + size > end:
            raise Malformed("path attribute too long", at)
        if code == _AS_PATH and (found := _last_as(octets[at : at + size], width)):
            origin = found
        elif code == _AS4_PATH and origin == _AS_TRANS:
            origin = _last_as(octets[at : at + size], 4) or origin
        at += size
    return origin


def _last_as(path: bytes, width: int) -> int:
    """The last AS of a path; the first of an AS_SET that ends it (an aggregate has no single origin)."""
    at = origin = 0
    while at + 2 <= len(path):
        kind, count = path[at], path[at + 1]
        at += 2
        if at + count * width > len(path):
            raise Malformed("AS path cut short", at)
        if count and kind in (_AS_SET, _AS_SEQUENCE):
            chosen = at if kind == _AS_SET else at + (count - 1) * width
            origin = int.from_bytes(path[chosen : chosen + width], "big")
        at += count * width
    return origin
