"""snoop: the captures of Solaris (RFC 1761, RFC 3827)."""

from __future__ import annotations

import struct

from netwatch.read.capture import CaptureReader
from netwatch.read.source import Window

_MAGIC = b"snoop\0\0\0"
_LINKS = {0: 1, 1: 6, 2: 6, 4: 1, 5: 104, 6: 1, 8: 10, 9: 0, 10: 138, 12: 242, 16: 122, 17: 101, 18: 100, 26: 101}
"""snoop's data link types as LINKTYPE."""
_UNKNOWN = 65535


class SnoopReader(CaptureReader):
    """A snoop file of version 2."""

    name = "snoop"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By its magic and version."""
        return len(head) >= 16 and head[:8] == _MAGIC and head[8:12] == b"\0\0\0\2"

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first record."""
        if len(head) < 40:
            return None
        seconds, micros = struct.unpack_from(">II", head, 32)
        return int(seconds * 1_000_000_000 + micros * 1000)

    def _begin(self, window: Window) -> int:
        (link,) = struct.unpack_from(">I", window.octets[12:16].tobytes())
        self._link = _LINKS.get(link, _UNKNOWN)
        self._drops = 0
        return 16

    def _walk(self, window: Window, position: int) -> tuple[int, int, int]:
        from netwatch.kernels.frames import walk_snoop

        count, position, ended, drops = walk_snoop(window.octets, position, self.frames, self._link)
        self._drops = max(self._drops, drops)  # each record carries the drops since the capture began
        return count, position, ended

    def _conclude(self) -> None:
        self.tally.lost += self._drops
        super()._conclude()
