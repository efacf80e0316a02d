"""pcap: libpcap's capture files, all magics and byte orders (draft-ietf-opsawg-pcap)."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from netwatch.read.capture import CaptureReader
from netwatch.read.source import Window

_STANDARD, _KUZNETZOV, _IXIA = 16, 24, 16
_MAGIC: dict[int, tuple[int, int, int]] = {
    # magic: ns of the fraction's unit, octets of a record header, octets of the file header
    0xA1B2C3D4: (1000, _STANDARD, 24),
    0xA1B23C4D: (1, _STANDARD, 24),
    0xA1B2CD34: (1000, _KUZNETZOV, 24),
    0xA1B234CD: (1000, _KUZNETZOV, 24),
    0xA12B3C4D: (1, _STANDARD, 24),
    0x1C0001AC: (1, _IXIA, 28),
    0x1C0001AB: (1, _IXIA, 28),
}
_HEADERS = (16, 24, 28, 20)
_PROBES = 8


JOINED_NOTE = "header of another capture amid the file (read on behind it)"


class Layout(NamedTuple):
    """What the file header says."""

    swapped: bool
    unit: int
    header: int
    begin: int
    minor: int
    snaplen: int
    link: int
    magic: int


def layout(head: bytes) -> Layout | None:
    """The layout of a pcap file that begins with ``head``; None if it is not one."""
    if len(head) < 24:
        return None
    for order, swapped in (("<", False), (">", True)):
        (magic,) = struct.unpack_from(order + "I", head)
        if magic in _MAGIC:
            unit, header, begin = _MAGIC[magic]
            _, minor, _, _, snaplen, link = struct.unpack_from(order + "HHiIII", head, 4)
            found = Layout(swapped, unit, header, begin, minor, snaplen, link & 0xFFFF, magic)
            return found._replace(header=_header(head, found))
    return None


def _header(head: bytes, found: Layout) -> int:
    """The record header length under which most of the first records make sense; the magic's own where none is better.

    Patched libpcaps of some distributions, and Nokia's, wrote longer headers under the same magic.
    """
    lengths = (found.header, *(n for n in _HEADERS if n != found.header))
    return max(lengths, key=lambda length: _plausible(head, found, length))


def _plausible(head: bytes, found: Layout, length: int) -> int:
    """How many of the first records make sense: in their sizes, and in time less than ten years from the one before.

    A leap in time alone ends nothing, for clocks are set amid a capture; a wrong length soon comes upon sizes that
    cannot be.
    """
    place, probe, leaps = found.begin, 0, 0
    limit = max(found.snaplen, 262_144)
    before = None
    while probe < _PROBES and place + 16 <= len(head):
        seconds, fraction, captured, wire = struct.unpack_from(">IIII" if found.swapped else "<IIII", head, place)
        sizes = wire > 0 and captured <= limit and (captured <= wire or found.minor < 4)
        if not sizes or fraction * found.unit >= 1_000_000_000:
            break
        leaps += before is not None and abs(seconds - before) > 10 * 365 * 86_400
        before = seconds
        place += length + captured
        probe += 1
    return probe - leaps


class PcapReader(CaptureReader):
    """A pcap file."""

    name = "pcap"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By its magic."""
        return len(head) >= 24 and layout(head[:24]) is not None

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first record."""
        found = layout(head)
        if found is None or len(head) < found.begin + 8:
            return None
        seconds, fraction = struct.unpack_from(">II" if found.swapped else "<II", head, found.begin)
        return int(seconds * 1_000_000_000 + fraction * found.unit)

    def _begin(self, window: Window) -> int:
        found = layout(window.octets[: 1 << 16].tobytes())
        if found is None:  # recognised by its head, so only a file that changed meanwhile
            self._stop("no pcap header", window, 0)
            return 0
        exchanged = 2 if found.minor < 3 else 1 if found.minor == 3 else 0
        self._layout = np.array([found.swapped, found.unit, found.header, found.link, exchanged, found.magic], np.int64)
        self.details |= {
            "byte_order": "big" if found.swapped else "little",
            "time_resolution": "ns" if found.unit == 1 else "µs",
            "snaplen": found.snaplen,
        }
        self._links[found.link] = 0
        if len(window.octets) < found.begin:
            self._stop("cut short in the file's header", window, len(window.octets))
        return found.begin

    def _walk(self, window: Window, position: int) -> tuple[int, int, int]:
        from netwatch.kernels.frames import JOINED, walk_pcap

        count, position, ended = walk_pcap(window.octets, position, self.frames, self._layout)
        return self._go_on(window, count, position) if ended == JOINED else (count, position, ended)

    def _go_on(self, window: Window, count: int, position: int) -> tuple[int, int, int]:
        """Behind the header of another capture, which somebody joined to the one before (``cat *.pcap``)."""
        from netwatch.kernels.frames import FULL, SHORT

        found = layout(window.octets[position : position + 28].tobytes())
        if found is None or position + found.begin > len(window.octets):
            return count, position, SHORT
        self.tally.notes[JOINED_NOTE] += 1
        self._layout[3] = found.link
        self._links.setdefault(found.link, 0)
        return count, position + found.begin, FULL
