"""What all readers of captures share: frames, batch by batch, through the decoding kernel into packets and a tally."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from netwatch.model.flows import Flows
from netwatch.model.heard import Heard
from netwatch.model.packets import PACKET, Packets
from netwatch.model.tally import FIRST, Tally
from netwatch.read.base import Batch, ReadOptions
from netwatch.read.links import link_name, not_ip_name
from netwatch.read.runs import Pauses
from netwatch.read.source import Source, Window

if TYPE_CHECKING:
    from netwatch.kernels.carriers import Carriers
    from netwatch.read.exports import ExportDecoder

EXPORT_NOTE = "flow export message"
OTHER_REASONS = 64
"""Reasons of "not IP" that are told apart; the rest are counted as others, so that noise cannot fill the tally."""


class CaptureReader:
    """A capture: subclasses say where frames lie.

    Octets of its tally are those of frames on the wire, for packets seen, kept and dropped alike; the note
    "layer-3 octets" has the IP lengths of the packets kept.
    """

    name = ""

    def __init__(self, source: Source, options: ReadOptions, input: int) -> None:
        from netwatch.kernels.decode import COUNTS, EARLIEST, LATEST
        from netwatch.kernels.frames import FRAME

        self.source = source
        self.options = options
        self.input = input
        self.tally = Tally("read", "packet", source.name)
        self.details: dict[str, object] = {}
        self.extra_tallies: list[Tally] = []
        self.frames = np.zeros(options.batch, FRAME)
        self._counts = np.zeros(COUNTS, np.int64)
        self._counts[EARLIEST], self._counts[LATEST] = np.iinfo(np.int64).max, np.iinfo(np.int64).min
        self._links: dict[int, int] = {}
        self._number = 0  # frames seen
        self._pauses = Pauses()
        self._exports: ExportDecoder | None = None  # made for the first message
        self._carriers: Carriers | None = None  # made for the first tunnel

    @abstractmethod
    def _begin(self, window: Window) -> int:
        """Read what stands before the first record, and give its place; a fault goes into the tally."""

    @abstractmethod
    def _walk(self, window: Window, position: int) -> tuple[int, int, int]:
        """Fill ``frames`` from ``position``: (frames, place of the next record, how it ended as kernels.frames)."""

    @property
    def heard(self) -> list[Heard]:
        """The span of its packets, and those of the exporters in it; complete once iteration ended.

        Where packets are dense it is the run of the capture (or several), which may have begun as long before the first
        packet, and ended as long after the last, as the longest pause between two.
        """
        spans = self._exports.heard if self._exports else []
        if self.tally.kept:
            first, last = self._span()
            runs, pause = self._pauses.runs(first, last, self._number)
            spans += [Heard((0, 0), 0, run.first - pause, run.last + pause, 1.0, True) for run in runs]
            if not runs:
                spans.append(Heard((0, 0), 0, first, last, 1.0))
        return spans

    def _span(self) -> tuple[int, int]:
        """Times of the earliest and the latest frame."""
        from netwatch.kernels.decode import EARLIEST, LATEST

        return int(self._counts[EARLIEST]), int(self._counts[LATEST])

    def __iter__(self) -> Iterator[Batch]:
        from netwatch.kernels.frames import CORRUPT, SHORT

        window = self.source.first()
        position = self._begin(window)
        while not self.tally.incomplete:
            count, position, ended = self._walk(window, position)
            if count:
                yield from self._decode(window, count)
            if ended == CORRUPT:
                self._stop("corrupt record", window, position)
            elif ended == SHORT:
                if window.last:
                    self._end(window, position)
                    break
                window, position = self.source.after(window, position), 0
        if self._exports and len(flows := self._exports.finish()):
            yield flows
        self._conclude()

    def _decode(self, window: Window, count: int) -> Iterator[Batch]:
        from netwatch.kernels.decode import KEPT_WIRE, LATEST, MIXED, PAUSE, decode

        frames = self.frames[:count]
        rows = np.empty(count, PACKET)
        candidates = np.empty(0 if self.options.exports == "ignore" else count, np.int64)
        before, latest = int(self._counts[KEPT_WIRE]), int(self._counts[LATEST])
        inner = self.options.layer == "inner"
        kept, found = decode(window.octets, frames, self._number + 1, rows, candidates, self._counts, inner)
        self._pauses.add(frames["time"], latest, self._number, int(self._counts[PAUSE]))
        self._counts[PAUSE] = 0
        self._number += count
        rows, octets = rows[:kept], int(self._counts[KEPT_WIRE]) - before
        self._count_links(frames["link"], bool(self._counts[MIXED]))
        self._counts[MIXED] = 0
        if kept < count:
            self._account_dropped(frames[frames["status"] != 0], window.start)
        if found:
            flows, taken = self._decode_exports(window.octets, rows, candidates[:found])
            if len(taken):
                self.tally.notes[EXPORT_NOTE] += len(taken)
                rows = np.delete(rows, taken)
            yield from flows
        if self.options.exports == "only":
            wire = np.delete(frames["wire"][frames["status"] == 0], taken if found else [])
            self._leave_out(rows, int(wire.sum(dtype=np.int64)))
            kept, octets, rows = kept - len(rows), octets - int(wire.sum(dtype=np.int64)), rows[:0]
        self.tally.keep(kept, octets)
        if len(rows):
            yield Packets(rows, window.octets, self.input, self._numbered(window.octets, rows))

    def _numbered(self, octets: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
        """Number the carriers of tunnelled packets; all of this input so far, None where there were none."""
        from netwatch.kernels.decode import TUNNELLED

        if not self._counts[TUNNELLED:].any():
            return None
        from netwatch.kernels.carriers import Carriers, number_carriers

        if self._carriers is None:
            self._carriers = Carriers.empty()
        number_carriers(octets, rows, self._carriers)
        return self._carriers.rows

    def _leave_out(self, rows: np.ndarray, octets: int) -> None:
        if len(rows):
            self.tally.drop(f"not a {EXPORT_NOTE}", len(rows), octets)

    def _count_links(self, links: np.ndarray, mixed: bool) -> None:
        kinds, numbers = np.unique(links, return_counts=True) if mixed else (links[:1], [len(links)])
        for link, n in zip(kinds, numbers, strict=True):
            self._links[int(link)] = self._links.get(int(link), 0) + int(n)

    def _account_dropped(self, frames: np.ndarray, start: int) -> None:
        key = frames["status"].astype(np.int64) << 32 | frames["detail"]
        order = np.argsort(key, kind="stable")
        bounds = np.flatnonzero(np.diff(key[order], prepend=-1))
        for rows in np.split(order, bounds[1:]):
            reason = self._reason(int(frames["status"][rows[0]]), int(frames["detail"][rows[0]]))
            offsets = frames["start"][rows[:FIRST]] + start
            self.tally.drop(reason, len(rows), int(frames["wire"][rows].sum(dtype=np.int64)), int(offsets[0]))
            entry = self.tally.dropped[reason]
            entry.offsets = (entry.offsets + offsets[1:].tolist())[:FIRST]

    def _reason(self, status: int, detail: int) -> str:
        from netwatch.kernels.decode import REASONS
        from netwatch.kernels.link import NOT_IP, UNKNOWN_LINK

        text = REASONS[status]
        if status == NOT_IP:
            text = f"not IP: {not_ip_name(detail)}"
        elif status == UNKNOWN_LINK:
            text = f"link type not known: {link_name(detail)}"
        if text not in self.tally.dropped and len(self.tally.dropped) >= OTHER_REASONS:
            text = REASONS[NOT_IP] + ": others" if status == NOT_IP else REASONS[status]
        return text

    def _decode_exports(
        self, octets: np.ndarray, rows: np.ndarray, candidates: np.ndarray
    ) -> tuple[Iterable[Flows], np.ndarray]:
        """(batches of flows of the flow export messages among the candidates, which rows these messages are)."""
        from netwatch.read.exports import ExportDecoder, arrived

        if self._exports is None:
            self._exports = ExportDecoder(self.options, self.input)
        length = rows["payload_captured"][candidates].astype(np.int64)
        real = self._exports.recognise(octets, rows["payload_start"][candidates], length)
        taken = candidates[real]
        if not len(taken):
            return (), taken
        exporter = np.stack([rows["source_high"][taken], rows["source_low"][taken]], axis=1)
        start, time, frame = (rows[name][taken] for name in ("payload_start", "time", "frame"))
        messages = arrived(exporter, time, frame)
        return self._exports.batches(octets, start, length[real], messages), taken

    def _stop(self, why: str, window: Window, position: int) -> None:
        self.tally.incomplete = f"{why} at octet {window.start + position:,}"

    def _end(self, window: Window, position: int) -> None:
        """The octets end: at a record's border, within a record, or before their time."""
        rest = len(window.octets) - position
        if self.source.fault:
            self.tally.incomplete = f"{self.source.fault} (octet {window.start + len(window.octets):,} of the content)"
        elif rest:
            self._stop("cut short in a record", window, position)
        if rest:
            self.tally.notes["octets of a record cut short"] += rest

    def _conclude(self) -> None:
        from netwatch.kernels.decode import (
            BEHIND,
            FRAGMENTS,
            KEPT_IP,
            OFFLOADED,
            OVERLONG,
            SNAPPED,
            TUNNELLED,
        )
        from netwatch.kernels.tunnel import TUNNELS

        words = {
            "layer-3 octets": KEPT_IP,
            "cut by snaplen": SNAPPED,
            "without IP length (segmentation offload)": OFFLOADED,
            "IP length beyond the frame": OVERLONG,
            "IP fragment": FRAGMENTS,
            "transport header not captured": BEHIND,
        }
        words |= {f"inside {tunnel}": TUNNELLED + code for code, tunnel in enumerate(TUNNELS) if code}
        for text, place in words.items():
            if self._counts[place]:
                self.tally.notes[text] += int(self._counts[place])
        if self._carriers and self._carriers.used[1]:
            self.tally.notes["packet whose carrier is not told (too many)"] += int(self._carriers.used[1])
        for link, n in sorted(self._links.items()):
            self.tally.notes[f"link type {link_name(link)}"] += n
        self.details |= {"link_types": [link_name(link) for link in sorted(self._links)], "layer": self.options.layer}
        if self._number:
            first, last = self._span()
            runs, _ = self._pauses.runs(first, last, self._number)
            self.details |= {"first_time": first, "last_time": last} | ({"runs": len(runs)} if len(runs) > 1 else {})
        if self._exports:
            self._exports.finish()
            exported = self._exports.tally
            if exported.seen_octets:
                self.details |= self._exports.details
                self.extra_tallies.append(exported)
