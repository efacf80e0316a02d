"""``Templates``: which layout a data set has, by exporter, observation domain, number and moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from netwatch.errors import Malformed
from netwatch.kernels.messages import DUPLICATE
from netwatch.model.tally import Tally
from netwatch.read.layout import LayoutTable
from netwatch.read.timeline import Event, distinct, in_force
from netwatch.wire import ipfix, netflow9
from netwatch.wire.netflow5 import VERSION_1, VERSION_5, VERSION_7
from netwatch.wire.template import SMALLEST_DATA_SET, Template

TEMPLATES = 1 << 18
"""Templates of all exporters that are kept."""
PARSED = 1 << 12
"""Template sets remembered as octets: exporters repeat them."""
HELD_SETS, HELD_OCTETS = 1 << 13, 1 << 24
"""Data sets that wait for their template, at most."""
UNKNOWN, RESERVED, CONTROL = -1, -2, -3
"""In place of a layout: data set without template, set number without meaning, set of templates."""
BROKEN = "template set: "
"""What reasons of template sets that could not be read begin with."""
HELD_REASON = "template never seen (data sets)"
_PARSERS = {
    (9, netflow9.TEMPLATES): netflow9.templates,
    (9, netflow9.OPTIONS_TEMPLATES): netflow9.options_templates,
    (10, ipfix.TEMPLATES): ipfix.templates,
    (10, ipfix.OPTIONS_TEMPLATES): ipfix.options_templates,
}


class Waiting(NamedTuple):
    """A data set that came before its template: its content, and the message (array of MESSAGE, 1) that it was in."""

    content: bytes
    number: int
    message: np.ndarray


class Templates:
    """The templates of all streams, and the data sets that wait for theirs."""

    def __init__(self, layouts: LayoutTable) -> None:
        self._layouts = layouts
        self._fixed = {t.number: layouts.add(t) for t in (VERSION_1, VERSION_5, VERSION_7)}
        self._tables: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
        self._count = 0
        self._parsed: dict[tuple[int, int, bytes], list[tuple[Template, int]] | Malformed] = {}
        self._held: dict[int, list[Waiting]] = {}
        self._held_sets = 0
        self._held_octets = 0

    def assign(self, octets: np.ndarray, sets: np.ndarray, messages: np.ndarray, tally: Tally) -> list[Waiting]:
        """Fill ``sets["layout"]``, and give the waiting data sets whose templates came."""
        versions = distinct(messages["version"])
        if len(versions) == 1 and versions[0] in self._fixed:
            sets["layout"] = self._fixed[versions[0]]
            return []
        version = messages["version"][sets["message"]]
        stream = messages["stream"][sets["message"]].astype(np.int64)
        number = sets["number"].astype(np.int64)
        templated = version >= 9
        data = templated & (number >= SMALLEST_DATA_SET)
        control = templated & (number // 2 == np.where(version == 9, 0, 1))
        sets["layout"] = RESERVED
        sets["layout"][control] = CONTROL
        for fixed, layout in self._fixed.items():
            sets["layout"][~templated & (version == fixed)] = layout
        fresh = messages["status"][sets["message"]] != DUPLICATE
        rows = np.flatnonzero(data)
        keys = stream[rows] << 16 | number[rows]
        before = {key: self._layout(key) for key in distinct(keys)}
        events: list[Event] = []
        for row in np.flatnonzero(control & fresh).tolist():
            place = sets[row]
            content = octets[place["start"] : place["end"]].tobytes()
            events += self._learn(row, int(stream[row]), (int(version[row]), int(number[row]), content), tally)
        sets["layout"][rows] = in_force(keys, rows, before.__getitem__, events)
        self._hold(octets, sets[rows], messages, keys, tally)
        return [waiting for key in dict.fromkeys(e.key for e in events) for waiting in self._release(key)]

    def _layout(self, key: int) -> int:
        table = self._tables.get(key >> 16)
        if table is None:
            return UNKNOWN
        return table[0].get(key & 0xFFFF, table[1].get(key & 0xFFFF, UNKNOWN))

    def _learn(self, row: int, stream: int, told: tuple[int, int, bytes], tally: Tally) -> list[Event]:
        """Take in a set of templates; what changes with it."""
        found = self._parse(told)
        if isinstance(found, Malformed):
            tally.drop(BROKEN + found.reason, 0, len(told[2]) + 4)
            return []
        tables = self._tables.setdefault(stream, ({}, {}))
        options = told[1] & 1
        events = []
        for template, layout in found:
            if not template.fields:
                tally.notes["template withdrawal"] += 1
            if template.number < SMALLEST_DATA_SET:
                events += [Event(row, stream << 16 | each, UNKNOWN) for each in tables[options]]
                self._count -= len(tables[options])
                tables[options].clear()
            elif layout != tables[options].get(template.number):
                events.append(Event(row, stream << 16 | template.number, self._put(tables, template, layout, tally)))
        return events

    def _put(self, tables: tuple[dict[int, int], dict[int, int]], template: Template, layout: int, tally: Tally) -> int:
        """Make ``layout`` (or none) the template's; what holds from now on."""
        old = [table.pop(template.number) for table in tables if template.number in table]
        self._count -= len(old)
        if layout < 0 or self._count >= TEMPLATES:
            if template.fields:
                tally.notes["template beyond those kept"] += 1
            return UNKNOWN
        if old:
            tally.notes["template changed"] += 1
        tables[template.scopes > 0][template.number] = layout
        self._count += 1
        return layout

    def _parse(self, told: tuple[int, int, bytes]) -> list[tuple[Template, int]] | Malformed:
        found = self._parsed.get(told)
        if found is None:
            try:
                templates = _PARSERS[told[0], told[1]](told[2])
                found = [(t, self._layouts.add(t) if t.fields else UNKNOWN) for t in templates]
            except Malformed as fault:
                # Its traceback would hold the decoder and all that it read from.
                found = fault.with_traceback(None)
            if len(self._parsed) >= PARSED:
                self._parsed.clear()
            self._parsed[told] = found
        return found

    def counts(self, octets: np.ndarray, sets: np.ndarray) -> list[int]:
        """Templates in each of such sets of NetFlow v9; as many as a header can say where one could not be read."""
        parsed = [self._parse((9, int(s["number"]), octets[s["start"] : s["end"]].tobytes())) for s in sets]
        return [0xFFFF if isinstance(each, Malformed) else len(each) for each in parsed]

    def _hold(self, octets: np.ndarray, sets: np.ndarray, messages: np.ndarray, keys: np.ndarray, tally: Tally) -> None:
        for index in np.flatnonzero(sets["layout"] == UNKNOWN).tolist():
            one = sets[index]
            message = messages[one["message"] : one["message"] + 1]
            if message["status"][0] == DUPLICATE:
                continue
            size = int(one["end"] - one["start"])
            if self._held_sets >= HELD_SETS or self._held_octets + size > HELD_OCTETS:
                tally.drop("too many data sets wait for their template", 1, size + 4)
                continue
            content = octets[one["start"] : one["end"]].tobytes()
            self._held.setdefault(int(keys[index]), []).append(Waiting(content, int(one["number"]), message.copy()))
            self._held_sets += 1
            self._held_octets += size

    def _release(self, key: int) -> list[Waiting]:
        if self._layout(key) < 0:
            return []
        released = self._held.pop(key, [])
        self._held_sets -= len(released)
        self._held_octets -= sum(len(waiting.content) for waiting in released)
        return released

    def known(self) -> Iterator[tuple[int, Template]]:
        """Every template in force, with its stream."""
        for stream, tables in self._tables.items():
            for table in tables:
                for number, layout in table.items():
                    yield stream, self._layouts.templates[layout]._replace(number=number)

    def restore(self, stream: int, template: Template, tally: Tally) -> None:
        """Take a template as known before the first message."""
        tables = self._tables.setdefault(stream, ({}, {}))
        self._put(tables, template, self._layouts.add(template), tally)

    def left(self) -> list[Waiting]:
        """What waits in vain; it is let go."""
        waiting = [each for held in self._held.values() for each in held]
        self._held, self._held_sets, self._held_octets = {}, 0, 0
        return waiting
