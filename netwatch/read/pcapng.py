"""pcapng: sections of interfaces and packets (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from netwatch.read.capture import CaptureReader
from netwatch.read.source import Window

_SECTION, _INTERFACE, _STATISTICS = 0x0A0D0D0A, 1, 5
_BYTE_ORDER = 0x1A2B3C4D
INTERFACES = 1 << 16
"""Interfaces of one section that are taken."""


class PcapngReader(CaptureReader):
    """A pcapng file: any number of sections of either byte order."""

    name = "pcapng"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By a Section Header Block."""
        return len(head) >= 12 and head[:4] == b"\n\r\r\n" and _order(head[8:12]) is not None

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first packet, if it is near enough to the start."""
        return _first_time(head)

    def _begin(self, window: Window) -> int:
        self._order = "<"
        self._interfaces = np.zeros((8, 5), np.int64)  # grows by doubling
        self._described = 0
        self._carried = np.zeros(3, np.int64)
        self._statistics: dict[int, int] = {}
        self._drops = 0
        self._sections = 0
        self._interfaces_seen = 0
        return 0

    def _walk(self, window: Window, position: int) -> tuple[int, int, int]:
        from netwatch.kernels.frames import BLOCK, CORRUPT, SHORT, walk_pcapng

        while True:
            interfaces = self._interfaces[: self._described]
            count, position, ended = walk_pcapng(
                window.octets, position, self.frames, self._order == ">", interfaces, self._carried
            )
            if count or ended != BLOCK:
                return count, position, ended
            taken = self._blocks(window.octets, position)
            if taken <= 0:
                return 0, position, CORRUPT if taken < 0 else SHORT
            position += taken

    def _blocks(self, octets: np.ndarray, position: int) -> int:
        """Take the block at ``position``: its length, 0 if octets end within it, -1 if it is corrupt."""
        head = octets[position : position + 12].tobytes()
        if head[:4] == b"\n\r\r\n":
            order = _order(head[8:12])
            if order is None:
                return -1
            self._conclude_section()
            self._order = order
            self._sections += 1
        kind, length = struct.unpack_from(self._order + "II", head)
        if length < 12 or length % 4 or length > 1 << 24:
            return -1
        if position + length > len(octets):
            return 0
        block = octets[position : position + length].tobytes()
        if struct.unpack_from(self._order + "I", block, length - 4)[0] != length:
            return -1
        if kind == _INTERFACE and length >= 20:
            if self._described >= INTERFACES:
                return -1
            self._describe(interface(block[8:-4], self._order))
        elif kind == _STATISTICS and length >= 24:
            self._take_statistics(block[8:-4])
        elif kind != _SECTION or length < 28:
            return -1
        return int(length)

    def _describe(self, row: tuple[int, int, int, int, int]) -> None:
        if self._described == len(self._interfaces):
            self._interfaces = np.concatenate([self._interfaces, np.zeros_like(self._interfaces)])
        self._interfaces[self._described] = row
        self._described += 1
        self._interfaces_seen += 1

    def _take_statistics(self, body: bytes) -> None:
        """isb_ifdrop and isb_osdrop: counters that only grow, so the last block of an interface counts."""
        (ident,) = struct.unpack_from(self._order + "I", body)
        drops = 0
        for code, value in _options(body[12:], self._order):
            if code in (5, 7) and len(value) == 8:
                drops += min(struct.unpack(self._order + "Q", value)[0], 1 << 48)
        if ident in self._statistics or len(self._statistics) < INTERFACES:
            self._statistics[ident] = max(drops, self._statistics.get(ident, 0))

    def _conclude_section(self) -> None:
        self._drops += max(sum(self._statistics.values()), int(self._carried[1]))
        self._carried[1] = 0
        self._statistics = {}
        self._described = 0

    def _conclude(self) -> None:
        self._conclude_section()
        self.tally.lost += self._drops
        self.details |= {"sections": self._sections, "interfaces": self._interfaces_seen}
        if self._carried[2]:
            self.tally.notes["without time (Simple Packet Block)"] += int(self._carried[2])
        super()._conclude()


def _order(magic: bytes) -> str | None:
    for order in "<>":
        if struct.pack(order + "I", _BYTE_ORDER) == magic:
            return order
    return None


def _options(body: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, place)
        if code == 0 or place + 4 + length > len(body):
            return
        yield code, body[place + 4 : place + 4 + length]
        place += 4 + (length + 3) // 4 * 4


def interface(body: bytes, order: str) -> tuple[int, int, int, int, int]:
    """The row of kernels.frames.walk_pcapng for an Interface Description Block's body."""
    link, _, snaplen = struct.unpack_from(order + "HHI", body)
    rate, binary, offset = 1_000_000, 0, 0
    for code, value in _options(body[8:], order):
        if code == 9 and len(value) == 1:
            power = value[0] & 0x7F
            if value[0] & 0x80:
                binary, rate = min(power, 63), 0
            else:
                rate, binary = 10 ** min(power, 18), 0
        elif code == 14 and len(value) == 8:
            (offset,) = struct.unpack(order + "q", value)
    return link, rate if binary or rate else 1, binary, offset, snaplen


def _first_time(head: bytes) -> int | None:
    place, order, known = 0, "<", []
    while place + 12 <= len(head):
        if head[place : place + 4] == b"\n\r\r\n":
            order = _order(head[place + 8 : place + 12]) or order
        kind, length = struct.unpack_from(order + "II", head, place)
        if kind == _INTERFACE and 20 <= length <= len(head) - place:
            known.append(interface(head[place + 8 : place + length - 4], order))
        elif kind == 6 and place + 20 <= len(head):
            ident, high, low = struct.unpack_from(order + "III", head, place + 8)
            if ident >= len(known):
                return None
            _, rate, binary, offset, _ = known[ident]
            ticks = high << 32 | low
            scaled = (ticks * 1_000_000_000) >> binary if binary else ticks * 1_000_000_000 // rate
            return int(scaled + offset * 1_000_000_000)
        if length < 12:
            return None
        place += length
    return None
