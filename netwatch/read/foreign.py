"""Files of other kinds that people name: what they are, and what makes of them something that is read."""

from __future__ import annotations

from typing import NamedTuple

from netwatch.model.text import printable
from netwatch.read.compressed import compression
from netwatch.read.lines import heading
from netwatch.read.vocabulary import NAMES, missing, plain

SHOWN = 12
"""Names of columns that are told."""
UNPACK = "unpack it first"
CONVERT = "editcap -F pcapng makes a capture of it that is read"


class _Foreign(NamedTuple):
    place: int
    magic: bytes
    words: str


_FOREIGN = (
    _Foreign(257, b"ustar", f"a tar archive: {UNPACK}"),
    _Foreign(0, b"PK\x03\x04", f"a zip archive: {UNPACK}"),
    _Foreign(0, b"7z\xbc\xaf\x27\x1c", f"a 7z archive: {UNPACK}"),
    _Foreign(0, b"Rar!\x1a\x07", f"a RAR archive: {UNPACK}"),
    _Foreign(8, b"\xe5\x71\x2d\xcb", "records of Argus: ra -c, makes CSV of them"),
    _Foreign(0, b"\xde\xad\xbe\xef", "records of SiLK: rwsilk2ipfix makes IPFIX of them"),
    _Foreign(0, b"GMBU", f"a capture of Network Monitor: {CONVERT}"),
    _Foreign(0, b"RTSS", f"a capture of Network Monitor: {CONVERT}"),
    _Foreign(0, b"TRSNIFF data", f"a capture of Sniffer: {CONVERT}"),
    _Foreign(0, b"\xff\xfe", "text in UTF-16: save it as UTF-8"),
    _Foreign(0, b"\xfe\xff", "text in UTF-16: save it as UTF-8"),
)


def foreign(head: bytes) -> str:
    """What input is that no reader recognises by its first octets."""
    if not head:
        return "empty"
    if packed := compression(head):
        return f"{packed} data within compressed data: decompress it once first"
    known = (each.words for each in _FOREIGN if head.startswith(each.magic, each.place))
    return next(known, "") or _almost(head) or "not a known format"


def _almost(head: bytes) -> str:
    """Of text with the names of some columns of flows: which they are, and what is missing; "" of any other."""
    found = heading(head, ",;\t|", lambda names: sum(plain(name) in NAMES for name in names) > 1)
    if found is None:
        return ""
    names = [printable(name) for name in found.names if plain(name) in NAMES]
    return f"a table without a column for {' and '.join(missing(found.names))} (it has {', '.join(names[:SHOWN])})"
