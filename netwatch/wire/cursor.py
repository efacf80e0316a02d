"""``Cursor``: unsigned numbers in network order from octets, every read checked."""

from __future__ import annotations

from netwatch.errors import Malformed


class Cursor:
    """A place in ``octets``; reads move it forward and never pass ``end``.

    Raises (from every read):
        Malformed: fewer octets are left than were asked for.

    """

    __slots__ = ("end", "octets", "place")

    def __init__(self, octets: bytes, place: int = 0, end: int | None = None) -> None:
        self.octets = octets
        self.place = place
        self.end = len(octets) if end is None else min(end, len(octets))

    @property
    def left(self) -> int:
        """Octets not read yet."""
        return self.end - self.place

    def take(self, count: int) -> bytes:
        """The next ``count`` octets."""
        if count > self.left:
            raise Malformed("octets end too early", self.place)
        self.place += count
        return self.octets[self.place - count : self.place]

    def u8(self) -> int:
        """The next octet."""
        return self.take(1)[0]

    def u16(self) -> int:
        """The next two octets."""
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        """The next four octets."""
        return int.from_bytes(self.take(4), "big")
