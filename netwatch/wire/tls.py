"""TLS ClientHello (RFC 8446 section 4.1.2): server name, ALPN, and the fingerprints JA3 and JA4.

JA3 after Althouse, Atkinson and Atkins (2017); JA4 after FoxIO's published description of the TLS client fingerprint.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from netwatch.errors import Malformed

_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES, ALPN, SUPPORTED_VERSIONS = 0, 10, 11, 13, 16, 43


@dataclass(frozen=True, slots=True)
class ClientHello:
    """Fields in the order sent; ``server_name`` is "" and ``alpn`` () where not sent.

    ``complete``: the octets held all extensions. Fingerprints of an incomplete hello mean nothing.
    """

    version: int
    ciphers: tuple[int, ...]
    extensions: dict[int, bytes]
    complete: bool

    @property
    def server_name(self) -> str:
        """The host name asked for (RFC 6066 section 3), as Latin-1 text from the wire."""
        held = self.extensions.get(SERVER_NAME, b"")
        if len(held) < 5 or held[2] != 0:
            return ""
        return held[5 : 5 + int.from_bytes(held[3:5], "big")].decode("latin-1").lower()

    @property
    def alpn(self) -> tuple[str, ...]:
        """Application protocols offered (RFC 7301)."""
        held = self.extensions.get(ALPN, b"")[2:]
        found = []
        while held and len(held) > held[0]:
            found.append(held[1 : 1 + held[0]].decode("latin-1"))
            held = held[1 + held[0] :]
        return tuple(found)

    def ja3(self) -> str:
        """MD5 of versions, ciphers, extensions, groups and point formats, GREASE left out."""
        parts = (
            str(self.version),
            _dashed(self.ciphers),
            _dashed(self.extensions),
            _dashed(_pairs(self.extensions.get(GROUPS, b"")[2:])),
            "-".join(str(octet) for octet in self.extensions.get(POINT_FORMATS, b"")[1:]),
        )
        return hashlib.md5(",".join(parts).encode(), usedforsecurity=False).hexdigest()

    def ja4(self) -> str:
        """JA4 of a hello over TCP."""
        versions = [v for v in _pairs(self.extensions.get(SUPPORTED_VERSIONS, b"")[1:]) if not _grease(v)]
        ciphers = [c for c in self.ciphers if not _grease(c)]
        extensions = [e for e in self.extensions if not _grease(e)]
        first = self.alpn[0] if self.alpn else ""
        named = first[0] + first[-1] if first and first[0].isalnum() and first[-1].isalnum() else "00"
        if first and named == "00":
            named = f"{ord(first[0]):02x}"[0] + f"{ord(first[-1]):02x}"[1]
        head = (
            f"t{_VERSIONS.get(max(versions, default=self.version), '00')}"
            f"{'d' if SERVER_NAME in self.extensions else 'i'}"
            f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}{named}"
        )
        kept = sorted(f"{e:04x}" for e in extensions if e not in (SERVER_NAME, ALPN))
        signatures = [f"{s:04x}" for s in _pairs(self.extensions.get(SIGNATURES, b"")[2:]) if not _grease(s)]
        tail = ",".join(kept) + ("_" + ",".join(signatures) if signatures else "")
        return f"{head}_{_short(','.join(sorted(f'{c:04x}' for c in ciphers)))}_{_short(tail if kept else '')}"


def client_hello(octets: bytes) -> ClientHello:
    """The ClientHello in the TLS record at octet 0.

    Raises:
        Malformed: no handshake record, no ClientHello, or cut before the extensions.

    """
    if len(octets) < 44 or octets[0] != 22 or octets[1] != 3 or octets[5] != 1:
        raise Malformed("no TLS ClientHello", 0)
    version = int.from_bytes(octets[9:11], "big")
    at = 44 + octets[43]
    if at + 2 > len(octets):
        raise Malformed("ClientHello cut short", at)
    size = int.from_bytes(octets[at : at + 2], "big")
    ciphers = _pairs(octets[at + 2 : at + 2 + size])
    at += 2 + size
    if at >= len(octets):
        raise Malformed("ClientHello cut short", at)
    at += 1 + octets[at]
    end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
    complete = at + 2 <= len(octets) and end <= len(octets)
    at += 2
    extensions: dict[int, bytes] = {}
    while at + 4 <= min(end, len(octets)):
        kind, size = int.from_bytes(octets[at : at + 2], "big"), int.from_bytes(octets[at + 2 : at + 4], "big")
        extensions.setdefault(kind, octets[at + 4 : at + 4 + size])
        at += 4 + size
    return ClientHello(version, ciphers, extensions, complete)


def _pairs(octets: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(octets[i : i + 2], "big") for i in range(0, len(octets) - 1, 2))


def _grease(value: int) -> bool:
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def _dashed(values: tuple[int, ...] | dict[int, bytes]) -> str:
    return "-".join(str(value) for value in values if not _grease(value))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12
