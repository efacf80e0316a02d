"""Tables of flows as text: netwatch's own columns, as ``netwatch flows --csv`` writes them, or other programs'."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np

from netwatch.model.elements import FLOW, Detail, Element, Orientation, Tunnel
from netwatch.model.flows import filled as told_nothing
from netwatch.read.lines import BAD_LINE, Heading, LineReader, filled, headed, heading
from netwatch.read.vocabulary import DURATION, END, OWN, START, Meaning, meanings, missing

_CODED = {"orientation": Orientation.names, "tunnel": Tunnel.names}
_FLAGS = ("tcp_control_bits", "reverse_tcp_control_bits")
_ALWAYS = {START, END, "source_address", "destination_address"}
COUNTERS = ("octet_delta_count", "packet_delta_count")
DELIMITERS = ",;\t|"
NO_ZONE = "record whose times name no zone (taken as UTC)"
_ICMP = (1, 58)
_IN_TURN = sorted(enumerate(FLOW, 2), key=lambda turn: turn[1].name != "protocol_identifier")
"""The reason of refusal and the element; the protocol first, for it says what a port is."""


class DelimitedReader(LineReader):
    """Lines under a header with known names; what is missing or empty has the column's default.

    Where several names tell one column, such as those of both address families, the first counts that is neither empty
    nor zero. ``details["read_as"]`` says which foreign name was taken for what.
    """

    name = "csv"
    REFUSALS = ("", BAD_LINE, *(f"{element.name} that cannot be read" for element in FLOW))

    @staticmethod
    def recognises(head: bytes) -> bool:
        """By the names in the first line."""
        return _header(head) is not None

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Not told."""
        return None

    def _parse(self, block: bytes, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        lines = filled(block, starts)
        if self._line == 0:
            self._head = _header(block)
            self._told = meanings(self._head.names if self._head else [])
            foreign = [
                (name, column) for column, told in self._told.items() for name, _ in told if name.lower() not in OWN
            ]
            if foreign:
                self.details["read_as"] = dict(foreign)
            lines = lines[lines > (self._head.line if self._head else 0)]
            for counter in COUNTERS:
                if counter not in self._told:
                    self.tally.notes[f"no column {counter} (taken as 0)"] += 1
        wanted = [name for told in self._told.values() for name, _ in told]
        return headed(block, starts, lines, self._head, quoted=True, wanted=wanted)

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        reasons = np.zeros(n, np.int64)
        columns: dict[str, np.ndarray] = {}
        for reason, element in _IN_TURN:
            if element.name in self._told:
                columns[element.name], fits = self._element(element, column, columns)
                reasons[(reasons == 0) & ~fits] = reason
        if DURATION in self._told:
            self._last(column, columns, reasons)
        if "detail" not in columns:
            columns["detail"] = np.where(_both_ways(columns, n), Detail.BIFLOW, 0).astype(np.uint8)
        return columns, reasons

    def _element(
        self, element: Element, column: Callable[[str], Any], before: dict[str, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """A column, and of which rows it could be read."""
        from netwatch.read import values as v

        values = fits = vacant = np.empty(0)
        for place, (name, meaning) in enumerate(self._told[element.name]):
            text = v.trimmed(column(name))
            found, good = _values(element, text, meaning, before)
            if element.name not in _ALWAYS:
                empty = v.empty(text)
                found[empty], good = told_nothing(element, int(empty.sum())), good | empty
            if not place:
                values, fits, vacant = found, good, v.vacant(text)
            else:
                better = vacant & ~v.vacant(text)
                values[better], fits[better], vacant = found[better], good[better], vacant & ~better
            if element.name == START and (zoneless := int(v.zoneless(text).sum())):
                self.tally.notes[NO_ZONE] += zoneless
        return values, fits

    def _last(self, column: Callable[[str], Any], columns: dict[str, np.ndarray], reasons: np.ndarray) -> None:
        """Ends by start and duration, which is exact where times are whole seconds."""
        from netwatch.read import values as v

        name, meaning = self._told[DURATION][0]
        text = v.trimmed(column(name))
        spans, fits = v.lengths(text, meaning.unit)
        told = ~v.empty(text)
        reasons[(reasons == 0) & told & ~fits] = self.REFUSALS.index(f"{END} that cannot be read")
        if START not in columns:
            columns[START] = columns[END] - np.where(told, np.minimum(spans, columns[END]), 0)
        else:
            latest = np.iinfo(np.int64).max - columns[START]
            columns[END] = np.where(told, columns[START] + np.minimum(spans, latest), columns.get(END, columns[START]))


def _values(
    element: Element, text: Any, meaning: Meaning, before: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Text to a column's values, and which of it could be read; empty text is not looked at."""
    from netwatch.read import values as v

    every = np.ones(len(text), np.bool_)
    if element.name in (START, END):
        return v.times(text, meaning.unit)
    if element.dtype.shape:
        return v.addresses(text)
    if element.name in _CODED:
        return v.mapped(text, partial(_code, _CODED[element.name]), np.uint8), every
    if element.name in _FLAGS:
        flags = v.mapped(text, v.flags, np.int32)
        return np.maximum(flags, 0).astype(np.uint16), flags >= 0
    if element.name == "protocol_identifier":
        numbers = v.protocols(text)
        return np.maximum(numbers, 0).astype(np.uint8), numbers >= 0
    values, fits = v.whole(text)
    fits &= values <= float(np.iinfo(element.dtype).max)
    values = np.where(fits, np.minimum(values, 2.0**62), 0).astype(element.dtype)
    if element.name == "destination_transport_port":
        # The type and code of ICMP as newer nfdump writes them: 3.1 is no number here.
        dotted = v.mapped(text, v.type_and_code, np.int32)
        icmp = (dotted >= 0) & np.isin(before.get("protocol_identifier", v.NO_PROTOCOL), _ICMP)
        values, fits = np.where(icmp, dotted, values).astype(np.uint16), fits | icmp
    return values, fits


def _both_ways(columns: dict[str, np.ndarray], n: int) -> np.ndarray:
    """Which records count something in the reverse direction."""
    back = [
        columns[name] > 0 for name in ("reverse_octet_delta_count", "reverse_packet_delta_count") if name in columns
    ]
    found: np.ndarray = np.logical_or.reduce([np.zeros(n, np.bool_), *back])
    return found


def _header(head: bytes) -> Heading | None:
    """The first line; None where its names are not those of a table of flows."""
    return heading(head, DELIMITERS + " ", _flows)


def _flows(names: Collection[str]) -> bool:
    return not missing(names)


def _code(names: tuple[str, ...], text: str) -> int:
    """The code of a name, or the number itself; 0 for what is neither."""
    if text in names:
        return names.index(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 and int(text) < len(names) else 0
