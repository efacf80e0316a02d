"""DNS messages (RFC 1035): the first question, and the addresses and aliases that answer it."""

from __future__ import annotations

import struct
from typing import NamedTuple

from netwatch.errors import Malformed

_MOST_RECORDS = 64
_MOST_JUMPS = 16
_RECORD = struct.Struct(">HHIH")
A, CNAME, AAAA = 1, 5, 28


class DnsMessage(NamedTuple):
    """``addresses``: 16 octets each, IPv4 mapped; ``names``: the question's and every alias's.

    ``cut``: the octets ended before the records did.
    """

    response: bool
    code: int
    names: tuple[str, ...]
    query_type: int
    addresses: tuple[bytes, ...]
    cut: bool


def decode(octets: bytes) -> DnsMessage:
    """The message that begins at octet 0; what comes after its first answers may be missing.

    Raises:
        Malformed: no header, or a question that is none.

    """
    if len(octets) < 12:
        raise Malformed("DNS header cut short", len(octets))
    _, flags, questions, answers, _, _ = struct.unpack_from(">6H", octets)
    if not 1 <= questions <= 4:
        raise Malformed("not a DNS question", 4)
    name, at = _name(octets, 12)
    if at + 4 > len(octets):
        raise Malformed("DNS question cut short", at)
    query_type = int.from_bytes(octets[at : at + 2], "big")
    at += 4
    for _ in range(questions - 1):
        at = _name(octets, at)[1] + 4
    names, addresses, cut = [name], list[bytes](), False
    for _ in range(min(answers, _MOST_RECORDS)):
        try:
            at = _answer(octets, at, names, addresses)
        except Malformed:
            cut = True
            break
    return DnsMessage(bool(flags & 0x8000), flags & 15, tuple(names), query_type, tuple(addresses), cut)


def _answer(octets: bytes, at: int, names: list[str], addresses: list[bytes]) -> int:
    _, at = _name(octets, at)
    if at + 10 > len(octets):
        raise Malformed("DNS record cut short", at)
    kind, _, _, size = _RECORD.unpack_from(octets, at)
    at += 10
    if at + size > len(octets):
        raise Malformed("DNS record cut short", at)
    if kind == A and size == 4:
        addresses.append(bytes(10) + b"\xff\xff" + octets[at : at + 4])
    elif kind == AAAA and size == 16:
        addresses.append(octets[at : at + 16])
    elif kind == CNAME:
        names.append(_name(octets, at)[0])
    return at + int(size)


def _name(octets: bytes, at: int) -> tuple[str, int]:
    """A name in lower case, pointers followed (RFC 1035 section 4.1.4), and the octet after it."""
    labels: list[str] = []
    after = -1
    jumps = length = 0
    while True:
        if at >= len(octets):
            raise Malformed("DNS name cut short", at)
        size = octets[at]
        if size >= 0xC0:
            if at + 2 > len(octets):
                raise Malformed("DNS name cut short", at)
            after = at + 2 if after < 0 else after
            at, jumps = (size & 0x3F) << 8 | octets[at + 1], jumps + 1
            if jumps > _MOST_JUMPS:
                raise Malformed("DNS name points in circles", at)
            continue
        at += 1
        length += size + 1
        if size == 0:
            return ".".join(labels), at if after < 0 else after
        if size > 63 or length > 254 or at + size > len(octets):
            raise Malformed("DNS name too long or cut short", at)
        labels.append(octets[at : at + size].decode("latin-1").lower())
        at += size
