"""``Observation``: what exporters tell in options data of themselves: sampling, names, when they started."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from netwatch.kernels.messages import DUPLICATE, Streams
from netwatch.model.address import text
from netwatch.model.tally import Tally
from netwatch.model.text import printable
from netwatch.read.layout import LayoutTable
from netwatch.read.timeline import Event, distinct, in_force
from netwatch.wire.template import VARIABLE, Template

READ_NAMES, READ_SAMPLING = 100_000, 2_000_000
"""Options records that are looked into: of those that tell names, and of those that tell sampling or a start."""
NAMES = 10_000
"""Names of each kind that are kept."""
REMEMBERED = 1 << 18
"""Options data sets that are known again: exporters repeat them."""
SHARED = 64
"""Observation domains of one exporter to which sampling told in another domain may apply."""
_SAMPLER = (302, 48)
_V9_INTERFACE, _INTERFACE, _APPLICATION = 2, 10, 95
_NAMES = {82: "interfaces", 83: "interface_descriptions", 96: "applications", 84: "samplers", 335: "selectors"}
_BOOT = 160
_TELLING = {305, 306, 309, 310, 311, 34, 50, _BOOT}
_WIDEST = 0xFFFF_FFFF


class Observation:
    """The options of all streams (an exporter's version and observation domain)."""

    def __init__(self, layouts: LayoutTable) -> None:
        self._layouts = layouts
        self._streams = Streams.empty()
        self._own: dict[int, int] = {}
        self._selectors: dict[int, dict[int, int]] = {}
        self._exporters: dict[tuple[int, int, int], dict[int, int]] = {}
        self._boot: dict[int, int] = {}
        self._last: dict[tuple[int, int], bytes] = {}
        self._read = [0, 0]
        self.details: dict[str, Any] = {}

    def observe(
        self, octets: np.ndarray, sets: np.ndarray, messages: np.ndarray, tally: Tally, streams: Streams
    ) -> None:
        """Read the options data sets; fill ``sets["sampling"]`` and ``messages["boot"]``."""
        self._streams = streams
        if not len(sets):
            return
        options = np.array([t.scopes > 0 for t in self._layouts.templates], np.bool_)
        mine = (sets["layout"] >= 0) & options[sets["layout"]]
        mine &= messages["status"][sets["message"]] != DUPLICATE
        stream = messages["stream"][sets["message"]].astype(np.int64)
        present = distinct(stream)
        before = {each: self.interval(each) for each in present}
        events: list[Event] = []
        for row in np.flatnonzero(mine).tolist():
            one = sets[row]
            content = octets[one["start"] : one["end"]].tobytes()
            tally.notes["options record"] += int(one["count"])
            key = (int(stream[row]), int(one["number"]))
            digest = hashlib.blake2b(content, digest_size=16).digest()
            if self._last.get(key) == digest:
                continue
            if len(self._last) >= REMEMBERED:
                self._last.clear()
            self._last[key] = digest
            if self._take(key[0], self._layouts.templates[one["layout"]], content, int(one["count"]), tally):
                events += [Event(row, each, self.interval(each)) for each in self._touched(key[0], present)]
        header = messages["interval"][sets["message"]]
        sampling = in_force(stream, np.arange(len(sets)), before.__getitem__, events)
        sets["sampling"] = np.where(header > 0, header, sampling)
        if self._boot:
            messages["boot"] = [self._boot.get(each, 0) for each in messages["stream"].tolist()]

    def _touched(self, stream: int, present: list[int]) -> list[int]:
        mates = [each for each in present if each >= 0 and self._exporter(each) == self._exporter(stream)]
        return mates if len(mates) <= SHARED else [stream]

    def _exporter(self, stream: int) -> tuple[int, int, int]:
        high, low, about = self._streams.keys[stream].tolist()
        return high, low, about >> 32

    def interval(self, stream: int) -> int:
        """The sampling interval in force: the domain's own, else the exporter's; 1 where none was told."""
        if stream in self._own:
            return self._own[stream]
        shared = self._exporters.get(self._exporter(stream), {}) if stream >= 0 else {}
        if 0 in shared:
            return shared[0]
        return next(iter(shared.values())) if len(set(shared.values())) == 1 else 1

    def of_sampler(self, stream: int, sampler: int) -> int:
        """The interval of one sampler; 0 where none was told."""
        return self._selectors.get(stream, {}).get(sampler, 0)

    def told(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """What was told that counts, by stream, JSON-ready: for :meth:`restore`."""
        for stream in sorted({*self._own, *self._selectors, *self._boot}):
            samplers = {str(sampler): interval for sampler, interval in self._selectors.get(stream, {}).items()}
            yield stream, {"interval": self._own.get(stream), "samplers": samplers, "boot": self._boot.get(stream)}

    def restore(self, stream: int, told: dict[str, Any], streams: Streams) -> None:
        """Take in what :meth:`told` gave.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is not of that form.

        """
        self._streams = streams
        samplers = {int(sampler): min(max(int(n), 1), _WIDEST) for sampler, n in told["samplers"].items()}
        if samplers:
            self._selectors[stream] = dict(list(samplers.items())[:NAMES])
        if told["boot"] is not None:
            self._boot[stream] = int(told["boot"])
        if told["interval"] is not None:
            interval = min(max(int(told["interval"]), 1), _WIDEST)
            self._own[stream] = interval
            domain = int(streams.keys[stream, 2]) & _WIDEST
            self._exporters.setdefault(self._exporter(stream), {})[domain] = interval

    def _take(self, stream: int, template: Template, content: bytes, count: int, tally: Tally) -> bool:
        """Read the records of a set; whether a sampling interval changed."""
        changed = False
        telling = any(field.element in _TELLING and field.enterprise == 0 for field in template.fields)
        allowed = max(0, (READ_SAMPLING if telling else READ_NAMES) - self._read[telling])
        if count > allowed:
            tally.notes["options record not looked into"] += count - allowed
        self._read[telling] += min(count, allowed)
        for record in _records(template, content, min(count, allowed)):
            changed |= self._sampling(stream, record, tally)
            self._name(stream, record)
            if 0 < len(record.get(_BOOT, b"")) <= 8:
                self._boot[stream] = min(_number(record[_BOOT]), 1 << 42) * 1_000_000
        return changed

    def _sampling(self, stream: int, record: dict[int, bytes], tally: Tally) -> bool:
        interval = _interval(record)
        if interval is None:
            return False
        if interval == 0:
            tally.notes["sampling interval 0 told (taken as unsampled)"] += 1
        interval = min(max(interval, 1), _WIDEST)
        before = (self._own.get(stream), dict(self._selectors.get(stream, {})))
        sampler = next((_number(record[e]) for e in _SAMPLER if 0 < len(record.get(e, b"")) <= 8), None)
        if sampler is None:
            self._own[stream] = interval
        else:
            samplers = self._selectors.setdefault(stream, {})
            if len(samplers) < NAMES or sampler in samplers:
                samplers[sampler] = interval
            told = set(samplers.values())
            if len(told) == 1:
                self._own[stream] = interval
            else:
                # Which sampler saw a record is then told by the record, or not at all.
                self._own.pop(stream, None)
        if before == (self._own.get(stream), self._selectors.get(stream, {})):
            return False
        domain = int(self._streams.keys[stream, 2]) & _WIDEST
        shared = self._exporters.setdefault(self._exporter(stream), {})
        if stream in self._own:
            shared[domain] = self._own[stream]
        else:
            shared.pop(domain, None)
        high, low, _ = self._exporter(stream)
        self._keep("sampling", f"{text(high, low)} domain {domain} sampler {sampler or 0}", interval)
        return True

    def _name(self, stream: int, record: dict[int, bytes]) -> None:
        kinds = [(element, kind) for element, kind in _NAMES.items() if record.get(element)]
        if not kinds:
            return
        high, low, _ = self._exporter(stream)
        about = next((record[e] for e in (_INTERFACE, _APPLICATION, *_SAMPLER, -_V9_INTERFACE) if record.get(e)), b"")
        for element, kind in kinds:
            name = record[element].split(b"\x00")[0].decode("utf-8", "replace")
            self._keep(kind, f"{text(high, low)} {_number(about[:8])}", printable(name))

    def _keep(self, kind: str, key: str, value: object) -> None:
        told = self.details.setdefault(kind, {})
        if len(told) < NAMES or key in told:
            told[key] = value


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _interval(record: dict[int, bytes]) -> int | None:
    """One in how many packets is seen by what the record tells (RFC 5477 section 8.2); None where it tells nothing."""

    def told(element: int) -> int | None:
        octets = record.get(element, b"")
        return _number(octets) if 0 < len(octets) <= 8 else None

    interval, space = told(305), told(306)
    if interval is not None and space is not None:
        return round((interval + space) / interval) if interval else 0
    size, population = told(309), told(310)
    if size and population is not None:
        return round(population / size)
    if len(record.get(311, b"")) in (4, 8):
        (probability,) = struct.unpack(">f" if len(record[311]) == 4 else ">d", record[311])
        if 1 / _WIDEST < probability <= 1:
            return int(1 / probability + 0.5)
    for value in (interval, told(34), told(50)):
        if value is not None:
            return value
    return None


def _records(template: Template, content: bytes, count: int) -> Iterator[dict[int, bytes]]:
    """The records as octets by element; those of enterprises are left out, v9's scopes have negative numbers."""
    place = 0
    for _ in range(count):
        record: dict[int, bytes] = {}
        for index, field in enumerate(template.fields):
            length = field.length
            if length == VARIABLE:
                length, place = content[place], place + 1
                if length == 255:
                    length, place = _number(content[place : place + 2]), place + 2
            if field.enterprise == 0:
                scope = index < template.scopes and field.element < 6
                record.setdefault(-field.element if scope else field.element, content[place : place + length])
            place += length
        yield record
