"""Compressed octets, streamed: gzip, bzip2, xz, zstd and LZ4 frames with bounded memory and a bounded ratio."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol

MAGIC: dict[str, bytes] = {
    "gzip": b"\x1f\x8b\x08",
    "bzip2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
    "zstd": b"\x28\xb5\x2f\xfd",
    "lz4": b"\x04\x22\x4d\x18",
}
CHUNK = 1 << 17
"""Compressed octets read at once."""
XZ_MEMORY = 256 << 20
ZSTD_WINDOW = 1 << 27
"""Largest window that a zstd frame may ask for; ``zstd --long=27`` is the widest in common use."""
FREE = 64 << 20
"""Octets that may always be decompressed, whatever the ratio."""


class OctetStream(Protocol):
    """Anything that gives octets in order."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` octets; none at the end."""
        ...


def compression(head: bytes) -> str:
    """The name in :data:`MAGIC` that the first octets show, or ""."""
    for name, magic in MAGIC.items():
        if head.startswith(magic):
            return name if name != "bzip2" or head[3:4].isdigit() else ""
    return ""


class _Gzip:
    """zlib's decompressor with the interface that ``bz2`` and ``lzma`` share."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


class _Zstd:
    """One zstd frame after the other through a bounded reader, with the interface that ``bz2`` and ``lzma`` share."""

    def __init__(self) -> None:
        import zstandard

        self._inner = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()
        self._ready = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        # A block of a zstd frame holds at most 128 KiB, and at least 4 octets, so small bites bound what is made.
        if data:
            self._ready += self._inner.decompress(data)
        out, self._ready = self._ready[:max_length], self._ready[max_length:]
        return out

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof) and not self._ready

    @property
    def needs_input(self) -> bool:
        return not self._ready

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)


def _lz4() -> Any:
    import lz4.frame

    return lz4.frame.LZ4FrameDecompressor()


_OPENERS: dict[str, tuple[Callable[[], Any], int]] = {
    "gzip": (_Gzip, CHUNK),
    "bzip2": (bz2.BZ2Decompressor, CHUNK),
    "xz": (lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY), CHUNK),
    "zstd": (_Zstd, 1 << 10),
    "lz4": (_lz4, CHUNK),
}


class Decompressed:
    """The octets inside a compressed stream; members that follow each other are read as one.

    ``fault`` says why the octets ended early; what was decompressed before it is given out first.
    """

    def __init__(self, kind: str, stream: OctetStream, max_ratio: int) -> None:
        self.kind = kind
        self.fault = ""
        self.taken = 0
        self.made = 0
        self._stream = stream
        self._max_ratio = max_ratio
        self._open, self._bite = _OPENERS[kind]
        self._inner = self._open()
        self._fresh = True  # no octet of the present member was given to it yet
        self._held = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """At most ``size`` octets, fewer only at the end."""
        parts: list[bytes] = []
        missing = size
        while missing and not self._ended:
            part = self._step(missing)
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _step(self, size: int) -> bytes:
        if self._inner.eof:
            self._next_member()
            return b""
        data = self._bite_off() if self._inner.needs_input else b""
        self._fresh = self._fresh and not data
        try:
            out: bytes = self._inner.decompress(data, size)
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError, RuntimeError, MemoryError) as error:
            self._end(f"{self.kind} data corrupt: {error}")
            return b""
        except Exception as error:  # zstandard.ZstdError, a plain Exception in a module loaded only when needed
            if type(error).__module__.partition(".")[0] not in ("zstd", "zstandard"):
                raise
            self._end(f"{self.kind} data corrupt: {error}")
            return b""
        if not data and not out and self._inner.needs_input and not self._inner.eof:
            self._end("" if self._fresh and self.taken else f"{self.kind} data cut short")
        self.made += len(out)
        if self.made > max(FREE, self._max_ratio * self.taken):
            self._end(f"{self.kind} data grows more than {self._max_ratio}-fold, stopped")
        return out

    def _bite_off(self) -> bytes:
        data = self._held[: self._bite] or self._stream.read(self._bite)
        self._held = self._held[self._bite :]
        self.taken += len(data)
        return data

    def _next_member(self) -> None:
        rest: bytes = self._inner.unused_data or b""
        self.taken -= len(rest)
        self._held = rest + self._held
        while len(self._held) < 6 and (more := self._stream.read(CHUNK)):
            self._held += more
        if not self._held.strip(b"\x00"):  # tapes and some tools pad with zeros
            self._end("")
        elif compression(self._held) != self.kind:
            self._end(f"octets after the {self.kind} data that are not {self.kind}")
        else:
            self._inner, self._fresh = self._open(), True

    def _end(self, fault: str) -> None:
        self.fault, self._ended = fault, True
