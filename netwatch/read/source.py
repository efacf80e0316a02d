"""``Source``: a named provider of octets, plain or compressed, from a file or a pipe, in bounded windows.

A reader walks one :class:`Window` and asks for the next with what it did not use at the front, so a
record that straddles a border needs no care.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import sys
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from netwatch.read.compressed import Decompressed, OctetStream, compression

HEAD = 4096
"""Octets by which a format is recognised."""
FILE_WINDOW = 2 << 20
"""Of a plain file: about what the caches near a core hold; half and twice of it measured slower."""
STREAM_WINDOW = 4 << 20
_SPARE = 2


@dataclass(frozen=True, slots=True)
class Window:
    """Some octets of an input.

    ``octets``: read-only uint8 array that stays valid as long as it is held. ``start``: offset of its first octet in
    the (decompressed) input. ``last``: nothing follows.
    """

    octets: np.ndarray
    start: int
    last: bool


class Source(ABC):
    """Octets of one input, read once from start to end.

    ``name`` as the user gave it ("-" is stdin); ``size``: octets at rest, -1 where unknown; ``compression``: "" or a
    name; ``head``: the first :data:`HEAD` decompressed octets; ``fault``: why the octets ended before their end, "" if
    they did not (complete only after the last window).
    """

    def __init__(self, name: str, size: int, packed: str, head: bytes) -> None:
        self.name = name
        self.size = size
        self.compression = packed
        self.head = head

    @property
    @abstractmethod
    def fault(self) -> str:
        """Why the octets ended early; "" if they did not."""

    @abstractmethod
    def first(self) -> Window:
        """The first window; empty and last for empty input."""

    @abstractmethod
    def after(self, window: Window, used: int) -> Window:
        """The window that starts ``used`` octets further.

        It holds more octets than the rest of ``window``, unless it is the last: with ``used == 0`` windows grow, so a
        reader must limit the size of what it waits for.
        """

    @abstractmethod
    def close(self) -> None:
        """Give the file back; windows stay valid."""

    def file(self) -> BinaryIO:
        """The same octets as a file object, for readers of text and columns."""
        return io.BufferedReader(_WindowFile(self), 1 << 20)

    def blocks(self) -> Iterator[np.ndarray]:
        """All octets once, window by window."""
        window = self.first()
        while True:
            yield window.octets
            if window.last:
                return
            window = self.after(window, len(window.octets))


class FileSource(Source):
    """A plain regular file, read into a few buffers that stay in the processor's cache.

    A mapping costs a page fault and a walk of the page tables every few records, and the process its life where the
    file shrinks. What a file holds beyond its size at opening is left alone.
    """

    def __init__(self, name: str, file: BinaryIO, size: int, head: bytes) -> None:
        super().__init__(name, size, "", head)
        self._file = file
        self._buffers = Buffers()
        self._fault = ""

    @property
    def fault(self) -> str:
        """Why the octets ended early; "" if they did not."""
        return self._fault

    def first(self) -> Window:
        """The first window."""
        return self._window(np.empty(0, np.uint8), 0)

    def after(self, window: Window, used: int) -> Window:
        """The window that starts ``used`` octets further."""
        return self._window(window.octets[used:], window.start + used)

    def _window(self, rest: np.ndarray, start: int) -> Window:
        have = len(rest)
        length = min(max(FILE_WINDOW, 2 * have), self.size - start)
        buffer = self._buffers.take(length)
        buffer[:have] = rest
        while have < length and (count := self._read(buffer[have:length], start + have)):
            have += count
        octets = buffer[:have]
        octets.flags.writeable = False
        return Window(octets, start, have < length or start + have == self.size)

    def _read(self, room: np.ndarray, offset: int) -> int:
        """Octets read into ``room``; 0 where none are there, and then there is a fault."""
        try:
            count = os.preadv(self._file.fileno(), [room.data], offset)
        except OSError as error:
            self._fault = f"cannot be read: {error.strerror or error}"
            return 0
        if not count:
            self._fault = f"file shrank to {os.fstat(self._file.fileno()).st_size:,} octets while it was read"
        return count

    def close(self) -> None:
        """Give the file back; windows stay valid."""
        self._file.close()


class Buffers:
    """Octets to be read into, used again once nobody holds an array of them any more."""

    def __init__(self) -> None:
        self._spare: list[bytearray] = []

    def take(self, length: int) -> np.ndarray:
        """A uint8 array of at least ``length``, its content arbitrary; it and its slices are one loan."""
        octets = self._spare.pop() if self._spare else bytearray()
        if len(octets) < length:
            octets = bytearray(length)
        lent = np.frombuffer(octets, np.uint8)
        weakref.finalize(lent, self._give, octets).atexit = False
        return lent

    def _give(self, octets: bytearray) -> None:
        if len(self._spare) < _SPARE:
            self._spare.append(octets)


class StreamSource(Source):
    """A pipe or compressed octets; ``digest`` is the SHA-256 of what was read from a pipe so far."""

    def __init__(self, name: str, size: int, stream: _Counted, max_ratio: int) -> None:
        first = stream.read(HEAD)
        stream.give_back(first)
        self._raw = stream
        packed = compression(first)
        self._stream: OctetStream = Decompressed(packed, stream, max_ratio) if packed else stream
        self._ready = _filled(self._stream, HEAD)
        super().__init__(name, size, packed, self._ready)

    @property
    def fault(self) -> str:
        """Why the octets ended early; "" if they did not."""
        return self._stream.fault if isinstance(self._stream, Decompressed) else ""

    @property
    def digest(self) -> str:
        """SHA-256 of the octets at rest read so far, hexadecimal."""
        return self._raw.hash.hexdigest() if self._raw.hash else ""

    def first(self) -> Window:
        """The first window."""
        ready, self._ready = self._ready, b""
        return self._window(np.frombuffer(ready, np.uint8), 0)

    def after(self, window: Window, used: int) -> Window:
        """The window that starts ``used`` octets further."""
        return self._window(window.octets[used:], window.start + used)

    def _window(self, rest: np.ndarray, start: int) -> Window:
        size = max(STREAM_WINDOW, len(rest))
        more = _filled(self._stream, size)
        octets = np.frombuffer(more, np.uint8)
        if len(rest):
            octets = np.concatenate([rest, octets])
            octets.flags.writeable = False  # as mapped ones are: kernels are then compiled for one type
        return Window(octets, start, len(more) < size)

    def close(self) -> None:
        """Give the file back."""
        self._raw.close()


class _Counted:
    """A binary file that can take back its first octets and, if asked, hashes what passes."""

    def __init__(self, file: BinaryIO, hashed: bool) -> None:
        self._file = file
        self._back = b""
        self.hash = hashlib.sha256() if hashed else None

    def read(self, size: int, /) -> bytes:
        if self._back:
            out, self._back = self._back[:size], self._back[size:]
            return out
        out = self._file.read(size)
        if self.hash:
            self.hash.update(out)
        return out

    def give_back(self, octets: bytes) -> None:
        self._back = octets + self._back

    def close(self) -> None:
        if self._file is not sys.stdin.buffer:
            self._file.close()


class _WindowFile(io.RawIOBase):
    """Windows as a raw file."""

    def __init__(self, source: Source) -> None:
        self._blocks = source.blocks()
        self._rest = np.empty(0, np.uint8)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        while not len(self._rest):
            try:
                self._rest = next(self._blocks)
            except StopIteration:
                return 0
        target = np.frombuffer(buffer, np.uint8)  # type: ignore[call-overload]
        n = min(len(target), len(self._rest))
        target[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


def _filled(stream: OctetStream, size: int) -> bytes:
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def open_source(path: str | Path, max_ratio: int) -> Source:
    """The octets behind a path, or behind stdin for "-".

    Raises:
        OSError: it cannot be opened.

    """
    if str(path) == "-":
        return StreamSource("-", -1, _Counted(sys.stdin.buffer, hashed=True), max_ratio)
    file = Path(path).open("rb")  # noqa: SIM115 - the source closes it
    try:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            return StreamSource(str(path), -1, _Counted(file, hashed=True), max_ratio)
        head = file.read(HEAD)
        if compression(head) or not head:
            file.seek(0)
            return StreamSource(str(path), state.st_size, _Counted(file, hashed=False), max_ratio)
        return FileSource(str(path), file, os.fstat(file.fileno()).st_size, head)
    except OSError:
        file.close()
        raise
