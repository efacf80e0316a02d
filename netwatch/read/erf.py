"""ERF: the records of Endace's capture cards (ERF types reference), which have no file header."""

from __future__ import annotations

import struct

import numpy as np

from netwatch.read.capture import CaptureReader
from netwatch.read.source import Window

_ETHERNET = (2, 11, 16, 20)
_HDLC = (1, 10, 15, 17)
_ATM = (3, 4, 12, 14, 18, 19)
_NO_FRAME = (27, 48)  # metadata records: provenance, padding
_UNKNOWN = 65535
_PROBES = 4
_OVERHEAD = 16 + 8 * 7 + 2 + 7
"""Octets of a record beyond its frame: header, extension headers, Ethernet offset, padding."""


def _links() -> np.ndarray:
    links = np.full(128, _UNKNOWN, np.int64)
    links[list(_ETHERNET)] = 1
    links[list(_HDLC)] = 104  # Cisco HDLC, or PPP: told apart by the first octets
    links[22], links[23] = 228, 229
    links[list(_NO_FRAME)] = -1
    return links


class ErfReader(CaptureReader):
    """A sequence of ERF records."""

    name = "erf"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By the first records, each of a known type and length, with times that do not run away."""
        return _plausible(head)

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first record."""
        return _time(head, 0)

    def _begin(self, window: Window) -> int:
        self._table = _links()
        self.details["time_resolution"] = "ns"
        return 0

    def _walk(self, window: Window, position: int) -> tuple[int, int, int]:
        from netwatch.kernels.frames import walk_erf

        count, position, ended, lost = walk_erf(window.octets, position, self.frames, self._table)
        self.tally.lost += lost
        return count, position, ended


def _time(head: bytes, place: int) -> int:
    (ticks,) = struct.unpack_from("<Q", head, place)
    return int((ticks * 1_000_000_000) >> 32)


def _plausible(head: bytes) -> bool:
    known = {*_ETHERNET, *_HDLC, *_ATM, *_NO_FRAME, 5, 6, 21, 22, 23, 24}
    place, before, probes = 0, 0, 0
    while probes < _PROBES and place + 16 <= len(head):
        kind, flags, length, _, wire = struct.unpack_from(">BBHHH", head, place + 8)
        seconds = _time(head, place) // 1_000_000_000
        framed = kind & 127 not in _NO_FRAME
        if kind & 127 not in known or length < 16 or flags & 0x80:
            return False
        if framed and not max(1, length - _OVERHEAD) <= wire <= 65_535:
            return False
        if seconds not in range(631_152_000, 1 << 31) or (before and abs(seconds - before) > 86_400):  # from 1990
            return False
        before = seconds
        place += length
        probes += 1
    # Of a single record the rest of the file must be too short to hold another header.
    return probes > 1 or (probes == 1 and place <= len(head))
