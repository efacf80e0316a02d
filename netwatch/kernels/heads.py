"""First payload octets of flows → application protocol, marks, and names on a list: the sieve before closer looks.

One pass over the octets of both directions of every flow with payload; Python then reads only what is marked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel, part

JSON, HELLO, SNI, ALPN, BROWSER, FRAMES, LISTED, WORD, CUT = 1, 2, 4, 8, 16, 32, 64, 128, 256
"""Marks of one direction: JSON keys, a TLS ClientHello, its server name, its ALPN, a browser's hello (ALPN h2 or
GREASE), masked WebSocket frames, a name on the list, a name with a word of pools, a ClientHello that goes on beyond the
head (so that what was not seen is not known to be absent)."""

NAME = 254
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)


class Signatures(NamedTuple):
    """Octets that give a protocol away: ``octets`` uint8 laid end to end, the i-th from ``begin[i]`` to
    ``begin[i + 1]``, expected at ``offset[i]`` of a head, under IP protocol ``protocol[i]`` (0 any) → ``code[i]``.
    """

    octets: np.ndarray
    begin: np.ndarray
    offset: np.ndarray
    protocol: np.ndarray
    code: np.ndarray


class Heads(NamedTuple):
    """What ``sift`` reads: ``octets`` uint8 (k,), ``start`` int64 (m, 2), ``length`` uint16 (m, 2), and of each flow
    ``protocol`` uint8 (m,) and ``dns`` bool (m,) (port of DNS).
    """

    octets: np.ndarray
    start: np.ndarray
    length: np.ndarray
    protocol: np.ndarray
    dns: np.ndarray


class Codes(NamedTuple):
    """Application codes that the kernel gives by structure rather than by signature."""

    tls: int
    http: int
    quic: int
    bitcoin: int
    devp2p: int


@kernel
def hash_name(name, length):  # type: ignore[no-untyped-def]
    """FNV-1a (64 bits) of ``name[:length]`` (uint8, lower case) from its last octet to its first."""
    value = _BASIS
    for i in range(length - 1, -1, -1):
        value = (value ^ np.uint64(name[i])) * _PRIME
    return value


@part
def _listed(name, length, listed):  # type: ignore[no-untyped-def]
    """Whether the name, or what follows one of its dots, has its hash in ``listed`` (uint64, ascending)."""
    value = _BASIS
    for i in range(length - 1, -1, -1):
        value = (value ^ np.uint64(name[i])) * _PRIME
        if i == 0 or name[i - 1] == 46:
            at = np.searchsorted(listed, value)
            if at < listed.size and listed[at] == value:
                return True
    return False


@part
def _has_word(name, length):  # type: ignore[no-untyped-def]
    """Whether "pool", "mine", "mini", "hash", "stra" or "xmr" stands anywhere in the name."""
    for i in range(length - 2):
        a, b, c = name[i], name[i + 1], name[i + 2]
        d = name[i + 3] if i + 3 < length else 0
        if a == 112 and b == 111 and c == 111 and d == 108:
            return True
        if a == 109 and b == 105 and c == 110 and (d == 101 or d == 105):
            return True
        if a == 104 and b == 97 and c == 115 and d == 104:
            return True
        if a == 115 and b == 116 and c == 114 and d == 97:
            return True
        if a == 120 and b == 109 and c == 114:
            return True
    return False


@part
def _copy(octets, at, end, name):  # type: ignore[no-untyped-def]
    """Copy octets of a host name in lower case into ``name`` until one that no name has; how many."""
    n = 0
    while at < end and n < NAME:
        c = octets[at]
        if 65 <= c <= 90:
            c += 32
        if not (97 <= c <= 122 or 48 <= c <= 57 or c == 45 or c == 46 or c == 95):
            break
        name[n] = c
        n += 1
        at += 1
    if n and name[n - 1] == 46:
        n -= 1
    return n


@part
def _question(octets, at, end, name):  # type: ignore[no-untyped-def]
    """The first question's name of a DNS message (RFC 1035 section 4.1.2) as text into ``name``; its length, or 0."""
    if end - at < 17 or octets[at + 4] != 0 or octets[at + 5] == 0 or octets[at + 5] > 4:
        return 0
    at += 12
    n = 0
    while at < end:
        size = octets[at]
        if size == 0 or size > 63 or at + 1 + size > end or n + size + 1 > NAME:
            break
        if n:
            name[n] = 46
            n += 1
        for i in range(size):
            c = octets[at + 1 + i]
            name[n] = c + 32 if 65 <= c <= 90 else c
            n += 1
        at += 1 + size
    return n


@part
def _hello(octets, at, end, name):  # type: ignore[no-untyped-def]
    """Marks of the ClientHello at ``at`` (RFC 8446 section 4.1.2) and length of its server name in ``name``."""
    marks = HELLO
    n = 0
    i = at + 43  # record header 5, handshake header 4, version 2, random 32
    if i >= end:
        return marks | CUT, n
    i += 1 + octets[i]
    if i + 2 > end:
        return marks | CUT, n
    ciphers = octets[i] << 8 | octets[i + 1]
    if i + 4 <= end and octets[i + 2] & 0x0F == 0x0A and octets[i + 2] == octets[i + 3]:
        marks |= BROWSER  # GREASE, RFC 8701
    i += 2 + ciphers
    if i + 1 > end:
        return marks | CUT, n
    i += 1 + octets[i]
    if i + 2 > end:
        return marks | CUT, n
    last = i + 2 + (octets[i] << 8 | octets[i + 1])
    i += 2
    while i + 4 <= end:
        kind = octets[i] << 8 | octets[i + 1]
        size = octets[i + 2] << 8 | octets[i + 3]
        i += 4
        if kind == 0 and i + 5 < end:
            n = _copy(octets, i + 5, min(end, i + size), name)
            marks |= SNI
        elif kind == 16:
            marks |= ALPN
            if i + 5 <= end and octets[i + 2] == 2 and octets[i + 3] == 104 and octets[i + 4] == 50:
                marks |= BROWSER
        i += size
    return marks | CUT if last > end else marks, n


@part
def _host(octets, at, end, name):  # type: ignore[no-untyped-def]
    """Value of the Host header (RFC 9110 section 7.2) into ``name``; its length, or 0."""
    i = at
    while i + 8 < end:
        if (
            octets[i] == 10
            and octets[i + 1] | 32 == 104
            and octets[i + 2] | 32 == 111
            and octets[i + 3] | 32 == 115
            and octets[i + 4] | 32 == 116
            and octets[i + 5] == 58
        ):
            i += 6
            while i < end and octets[i] == 32:
                i += 1
            return _copy(octets, i, end, name)
        i += 1
    return 0


@part
def _json(octets, at, end):  # type: ignore[no-untyped-def]
    """Whether a quote followed by a colon, perhaps after one space, stands in the octets."""
    for i in range(at, end - 2):
        if octets[i] == 34 and (octets[i + 1] == 58 or (octets[i + 1] == 32 and octets[i + 2] == 58)):
            return True
    return False


@part
def _structure(octets, at, end, protocol, codes):  # type: ignore[no-untyped-def]
    """Code of a protocol told by structure: TLS records, QUIC long headers, Bitcoin-family messages, RLPx; else 0."""
    size = end - at
    first = octets[at]
    if protocol == 6:
        if size >= 5 and 20 <= first <= 23 and octets[at + 1] == 3 and octets[at + 2] <= 4 and octets[at + 3] <= 0x48:
            return codes.tls
        if size >= 20 and 97 <= octets[at + 4] <= 122:
            i = at + 4
            while i < at + 16 and 97 <= octets[i] <= 122:
                i += 1
            letters = i - at - 4
            while i < at + 16 and octets[i] == 0:
                i += 1
            if i == at + 16 and 4 <= letters <= 11 and first >= 10:
                return codes.bitcoin
        if size >= 300 and octets[at + 2] == 4 and first <= 2:
            declared = first << 8 | octets[at + 1]
            if declared + 2 == size:
                return codes.devp2p
    elif size >= 7 and first & 0xC0 == 0xC0:
        version = octets[at + 1] << 24 | octets[at + 2] << 16 | octets[at + 3] << 8 | octets[at + 4]
        if (version == 1 or version == 0x6B3343CF or version >> 8 == 0xFF0000 or version >> 8 == 0x513035) and (
            octets[at + 5] <= 20
        ):
            return codes.quic
    return 0


@part
def _signed(octets, at, end, protocol, signatures):  # type: ignore[no-untyped-def]
    """Code of the first signature that fits; else 0."""
    for s in range(signatures.code.size):
        begin, stop = signatures.begin[s], signatures.begin[s + 1]
        place = at + signatures.offset[s]
        if place + stop - begin > end or octets[place] != signatures.octets[begin]:
            continue
        if signatures.protocol[s] and signatures.protocol[s] != protocol:
            continue
        i = 1
        while i < stop - begin and octets[place + i] == signatures.octets[begin + i]:
            i += 1
        if i == stop - begin:
            return signatures.code[s]
    return 0


@kernel
def _sift(heads, signatures, listed, codes, name, told):  # type: ignore[no-untyped-def]
    code, marks = told
    for row in range(heads.start.shape[0]):
        protocol = heads.protocol[row]
        for side in range(2):
            at = heads.start[row, side]
            end = at + heads.length[row, side]
            if end <= at:
                continue
            n = 0
            found = _structure(heads.octets, at, end, protocol, codes)
            if found == 0:
                found = _signed(heads.octets, at, end, protocol, signatures)
            mark = 0
            if heads.dns[row]:
                n = _question(heads.octets, at + 2 if protocol == 6 else at, end, name)
            elif found == codes.tls:
                if heads.octets[at] == 22 and at + 5 < end and heads.octets[at + 5] == 1:
                    mark, n = _hello(heads.octets, at, end, name)
            elif found == codes.http:
                n = _host(heads.octets, at, end, name)
            if found != codes.tls and protocol == 6 and _json(heads.octets, at, end):
                mark |= JSON
            if protocol == 6 and end - at > 6 and heads.octets[at] & 0x8C == 0x80 and heads.octets[at + 1] & 0x80:
                mark |= FRAMES
            if n:
                if _listed(name, n, listed):
                    mark |= LISTED
                if _has_word(name, n):
                    mark |= WORD
            code[row, side] = found
            marks[row, side] = mark


def sift(
    heads: Heads, signatures: Signatures, listed: np.ndarray, codes: Codes, code: np.ndarray, marks: np.ndarray
) -> None:
    """Fill ``code`` uint16 (m, 2) and ``marks`` uint16 (m, 2) for heads; 0 where nothing is told.

    ``listed``: ascending ``hash_name`` values of listed names.
    """
    _sift(heads, signatures, listed, codes, np.zeros(NAME + 2, np.uint8), (code, marks))
