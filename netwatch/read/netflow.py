"""Files of flow export messages back to back: NetFlow v1 to v9, and IPFIX files (RFC 5655)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netwatch.model.flows import Flows
from netwatch.model.heard import Heard
from netwatch.read.base import ReadOptions
from netwatch.read.source import HEAD, Source, Window

MESSAGES = 4096
"""Messages that are decoded at once."""
_SHORTEST = 16
"""Octets of the shortest header."""
_FIXED = {1: (16, 52), 5: (24, 48), 7: (24, 52)}
_EARLIEST, _LATEST = 788_918_400, 4_102_444_800
"""1995 and 2100: what an exporter's clock shows, unless it was never set."""


class NetflowReader:
    """Messages of one file; they all count as one exporter's, as a file does not tell who sent them.

    Octets of the tally are those of the whole file.
    """

    name = "netflow"

    @property
    def heard(self) -> list[Heard]:
        """Spans of which the share that came is known by sequence numbers."""
        return self._decoder.heard

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By whole messages that follow each other to the end, or to the end of the head."""
        place, found = 0, 0
        while place + _SHORTEST <= len(head):
            size = _size(head, place)
            if size is None or (place + size > len(head) and len(head) < HEAD):
                # A file may be cut short, but not before its first message ended.
                return size is not None and found > 0
            place += size
            found += 1
        return found > 0

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first message's export."""
        if len(head) < 16:
            return None
        place = 4 if _u16(head, 0) == 10 else 8
        return int.from_bytes(head[place : place + 4], "big") * 1_000_000_000

    def __init__(self, source: Source, options: ReadOptions, input: int) -> None:
        from netwatch.read.exports import ExportDecoder

        self.source = source
        self._decoder = ExportDecoder(options, input)
        self.tally = self._decoder.tally
        self.tally.input = source.name
        self.details: dict[str, object] = {}
        self._cut = False

    def __iter__(self) -> Iterator[Flows]:
        from netwatch.kernels.recognition import split

        start, length = np.empty(MESSAGES, np.int64), np.empty(MESSAGES, np.int64)
        window, position, number = self.source.first(), 0, 0
        while True:
            found, after, foreign = split(window.octets, position, window.last, start, length)
            if found:
                yield from self._decode(window.octets, start[:found], length[:found], number)
                number, position = number + found, after
            if foreign:
                self._leave(window, position, "octets that are no message")
                break
            if found == MESSAGES:
                continue
            if window.last:
                if position < len(window.octets):
                    self._leave(window, position, "message cut short")
                elif self.source.fault or self._cut:
                    self.tally.incomplete = self.source.fault or "message cut short"
                break
            window, position = self.source.after(window, position), 0
        self._decoder.finish()
        self.details = {"messages": number} | self._decoder.details

    def _decode(self, octets: np.ndarray, start: np.ndarray, length: np.ndarray, number: int) -> Iterator[Flows]:
        from netwatch.kernels.messages import CUT, MESSAGE

        messages = np.zeros(len(start), MESSAGE)
        messages["frame"] = number + 1 + np.arange(len(start))
        yield from self._decoder.batches(octets, start, length, messages)
        # The length of a NetFlow v9 message is told by its sets alone: that one ended amid a set shows only now.
        self._cut = messages["status"][-1] == CUT

    def _leave(self, window: Window, position: int, why: str) -> None:
        """Count what cannot be read: all from ``position`` to the end."""
        place, octets = window.start + position, len(window.octets) - position
        while not window.last:
            window = self.source.after(window, len(window.octets))
            octets += len(window.octets)
        self.tally.drop(why, 1, octets, place)
        self.tally.incomplete = f"{self.source.fault or why} at octet {place:,}"


def _u16(head: bytes, place: int) -> int:
    return int.from_bytes(head[place : place + 2], "big")


def _size(head: bytes, place: int) -> int | None:
    """Octets of the message at ``place``; None where there is none. It may go beyond the head."""
    version, count = _u16(head, place), _u16(head, place + 2)
    seconds = int.from_bytes(head[place + 4 : place + 8] if version == 10 else head[place + 8 : place + 12], "big")
    if version in _FIXED:
        header, record = _FIXED[version]
        # Version and count alone are too little: small numbers begin many files.
        return header + count * record if 0 < count <= 1000 and _EARLIEST < seconds < _LATEST else None
    if version == 10:
        return count if count >= 16 and _chained(head, place + 16, place + count, 2) == place + count else None
    if version == 9 and seconds:
        if place > 0 and place + 20 >= len(head):
            return 20  # cut short in its header, or behind it
        after = _chained(head, place + 20, len(head), 0)
        return after - place if after is not None and after > place + 20 else None
    return None


def _chained(head: bytes, place: int, end: int, templates: int) -> int | None:
    """Where a row of sets ends: at ``end``, at a set number that is a version; None where one is implausible."""
    while place + 4 <= min(end, len(head)):
        number, size = _u16(head, place), _u16(head, place + 2)
        if templates == 0 and number in (5, 7, 9, 10):
            return place
        if templates == 0 and number == 0 and size == 0:
            size = 4  # some exporters fill up with zeros
        if (
            size < 4
            or (number < 256 and number not in (templates, templates + 1))
            or (templates and place + size > end)
        ):
            return None
        place += size
    return max(place, end) if templates == 0 else end
