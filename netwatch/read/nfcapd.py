"""nfdump's files: layout 1 (nfdump 1.6) and 2 (1.7), plain or compressed with LZO, bzip2, LZ4 or zstd.

Counters are as nfdump wrote them. nfcapd multiplies those of sampled exporters by the sampling interval
before it writes them and sets a flag, so they are estimates already and ``sampling_packet_interval`` stays 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from netwatch.model.elements import Detail
from netwatch.model.flows import Flows
from netwatch.model.tally import Tally
from netwatch.model.text import printable
from netwatch.read.base import ReadOptions
from netwatch.read.source import Buffers, Source, Window

MAGIC = 0xA50C
LARGEST = 1 << 24
"""Octets of a block, also after decompression; nfdump's own blocks have at most 5 MiB."""
RUNS = 1 << 12
"""Runs of records alike that are decoded at a time."""
_METHODS = ("", "LZO", "bzip2", "LZ4", "zstd")
_BLOCK = 12
_FLOW_BLOCKS = (2, 3)
_STORED = 1
"""Flag of a block that is not compressed in a file that is."""


class Heading(NamedTuple):
    """What a file's header tells. ``order``: "<" or ">"; ``method``: of compression; ``size``: its octets."""

    order: str
    layout: int
    method: int
    size: int
    encrypted: bool
    ident: str


def heading(head: bytes) -> Heading | None:
    """The header at the start of a file; None where there is none."""
    for order in "<>":
        if len(head) >= 40 and struct.unpack_from(f"{order}HH", head) in ((MAGIC, 1), (MAGIC, 2)):
            break
    else:
        return None
    if struct.unpack_from(f"{order}H", head, 2)[0] == 1:
        (flags,) = struct.unpack_from(f"{order}I", head, 4)
        method = 1 if flags & 1 else 2 if flags & 8 else 3 if flags & 16 else 0
        ident = printable(head[12:140].split(b"\0")[0].decode("utf-8", "replace"))
        return Heading(order, 1, method, 276, False, ident)
    method, encryption = head[16], head[17]
    return Heading(order, 2, method, 40, encryption != 0, "")


class NfcapdReader:
    """One file of nfcapd, nfpcapd, sfcapd or ``nfdump -w``. Octets of its tally are those at rest.

    Records of exporters, samplers and statistics are kept octets without units; a block that cannot be read counts
    as the records that its header claims.
    """

    name = "nfcapd"

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By its magic and layout."""
        return heading(head) is not None

    @staticmethod
    def begins(head: bytes) -> int | None:
        """First flow seen (layout 1), or when the file was made (layout 2)."""
        found = heading(head)
        if found is None or len(head) < found.size:
            return None
        if found.layout == 2:
            return int(struct.unpack_from(f"{found.order}Q", head, 8)[0]) * 1_000_000_000 % (1 << 63)
        seconds, _, milliseconds = struct.unpack_from(f"{found.order}IIH", head, 260)
        return int(seconds) * 1_000_000_000 + int(milliseconds) * 1_000_000

    def __init__(self, source: Source, options: ReadOptions, input: int) -> None:
        self.source = source
        self.input = input
        self.tally = Tally("read", "flow record", source.name)
        self.details: dict[str, object] = {}
        self._number = 0

    def __iter__(self) -> Iterator[Flows]:
        from netwatch.kernels.machine import Arguments
        from netwatch.kernels.nfcapd import NOTES, Known

        window = self.source.first()
        found = heading(window.octets[:276].tobytes())
        if found is None or len(window.octets) < found.size:
            self._leave(window, 0, "header cut short")
            return
        self._heading, self._known = found, Arguments([Known.nothing()])
        self._runs, self._room = np.empty((RUNS, 4), np.int64), Buffers()
        self._notes = np.zeros(len(NOTES), np.int64)
        self.details = {"layout": found.layout, "compression": self._method(), "ident": found.ident}
        self.tally.keep(0, found.size)
        if found.encrypted or found.method >= len(_METHODS):
            self._leave(window, found.size, "encrypted" if found.encrypted else "compression not known")
            return
        yield from self._blocks(window, found.size)
        for code, text in NOTES.items():
            if self._notes[code]:
                self.tally.notes[text] += int(self._notes[code])

    def _method(self) -> str:
        method = self._heading.method
        return _METHODS[method] if method < len(_METHODS) else f"method {method}"

    def _blocks(self, window: Window, position: int) -> Iterator[Flows]:
        while True:
            left = len(window.octets) - position
            size = self._block_size(window, position) if left >= _BLOCK else 0
            if size > LARGEST:
                self._leave(window, position, "block larger than nfdump makes")
                return
            if left < _BLOCK + size:
                if window.last:
                    if left or self.source.fault:
                        self._leave(window, position, self.source.fault or "cut short in a block")
                    return
                window, position = self.source.after(window, position), 0
                continue
            flows = self._block(window, position, size)
            if len(flows):
                yield flows
            position += _BLOCK + size

    def _block_size(self, window: Window, position: int) -> int:
        header = window.octets[position : position + _BLOCK].tobytes()
        return int(struct.unpack_from(f"{self._heading.order}I", header, 4)[0])

    def _block(self, window: Window, position: int, size: int) -> Flows:
        header = window.octets[position : position + _BLOCK].tobytes()
        count, _, kind, flags = struct.unpack(f"{self._heading.order}IIHH", header)
        octets = window.octets[position + _BLOCK : position + _BLOCK + size]
        place = window.start + position
        if kind not in _FLOW_BLOCKS:
            self.tally.drop(f"block of type {kind}", count, _BLOCK + size, place)
            return Flows.empty()
        plain: np.ndarray | None = octets
        if self._heading.method and not (flags & _STORED):
            plain = self._decompressed(octets)
        if plain is None:
            self.tally.drop(f"{self._method()} block corrupt", count, _BLOCK + size, place)
            return Flows.empty()
        return self._records(plain, count, _BLOCK + size, place)

    def _decompressed(self, octets: np.ndarray) -> np.ndarray | None:
        if self._heading.method == 1:
            from netwatch.kernels.lzo import decompress

            room = np.empty(LARGEST, np.uint8)
            made = decompress(octets, room)
            return _readonly(room[:made]) if made >= 0 else None
        made_octets = _unpacked(octets.tobytes(), self._heading.method)
        return _readonly(np.frombuffer(made_octets, np.uint8)) if made_octets is not None else None

    def _records(self, octets: np.ndarray, claimed: int, at_rest: int, place: int) -> Flows:
        from netwatch.kernels.nfcapd import survey

        big = self._heading.order == ">"
        parts: list[Flows] = []
        seen = made = position = 0
        told = np.zeros(2, np.int64)
        while True:
            records, flows, found, after = survey(octets, position, big, self._runs, told)
            parts.append(self._flows(octets, self._runs[:found], flows, told))
            seen, made, position = seen + records, made + len(parts[-1]), after
            if found < len(self._runs):
                break
        if position < len(octets) or seen != claimed:
            # The rest of a block behind a broken record cannot be trusted; other blocks stand for themselves.
            missing = max(claimed - seen, int(position < len(octets)))
            share = at_rest * (len(octets) - position) // max(len(octets), 1)
            if missing or share:
                self.tally.drop("record broken (rest of its block left out)", missing, share, place)
            at_rest -= share
        self.tally.keep(made, at_rest)
        return Flows.concatenate(parts)

    def _flows(self, octets: np.ndarray, runs: np.ndarray, count: int, told: np.ndarray) -> Flows:
        from netwatch.kernels import moments as m
        from netwatch.kernels import records as r
        from netwatch.kernels.nfcapd import decode
        from netwatch.read.exports import flows_of
        from netwatch.read.nfcapd_use import FILLED, use

        written, zeroed = use(*told.tolist())
        columns = r.Columns.partly(count, zeroed, self._room.take(r.Columns.room_for(count)))
        decode(octets, runs, self._heading.order == ">", Detail.BIFLOW, self._known, columns, self._notes)
        columns.wide[r.FRAME] = self._number + 1 + np.arange(count)
        self._number += count
        columns.four[r.INPUT] = self.input
        start, end = columns.wide[r.START], columns.wide[r.END]
        if not end.all():
            end[end == 0] = start[end == 0]
        wrong = start > end
        if wrong.any():
            self.tally.notes[m.TIME_NOTES[m.REVERSED]] += int(wrong.sum())
            start[wrong] = end[wrong]
        return flows_of(columns, written | FILLED, count)

    def _leave(self, window: Window, position: int, why: str) -> None:
        """Count what cannot be read: all from ``position`` to the end."""
        place, octets = window.start + position, len(window.octets) - position
        while not window.last:
            window = self.source.after(window, len(window.octets))
            octets += len(window.octets)
        self.tally.drop(why, 1, octets, place)
        self.tally.incomplete = f"{why} at octet {place:,}"


def _unpacked(octets: bytes, method: int) -> bytes | None:
    """A block decompressed with bzip2, LZ4 or zstd; None where it is corrupt or makes more than LARGEST."""
    if method == 2:
        import bz2

        machine = bz2.BZ2Decompressor()
        try:
            out = machine.decompress(octets, LARGEST)
        except OSError:
            return None
        return out if machine.eof else None
    if method == 3:
        import lz4.block

        try:
            return bytes(lz4.block.decompress(octets, uncompressed_size=LARGEST))
        except lz4.block.LZ4BlockError:
            return None
    import zstandard

    try:
        # The size that a frame claims is allocated at once, whatever limit is given.
        if zstandard.frame_content_size(octets) > LARGEST:
            return None
        return zstandard.ZstdDecompressor(max_window_size=LARGEST).decompress(octets, max_output_size=LARGEST)
    except (zstandard.ZstdError, MemoryError):
        return None


def _readonly(octets: np.ndarray) -> np.ndarray:
    octets = octets.view()
    octets.flags.writeable = False
    return octets
