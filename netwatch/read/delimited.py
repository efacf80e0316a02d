"""CSV of netwatch's own columns, as ``netwatch flows --csv`` writes it; also with other delimiters."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np

from netwatch.model.elements import FLOW, Orientation, Tunnel
from netwatch.model.flows import filled as told_nothing
from netwatch.read.lines import BAD_LINE, Heading, LineReader, filled, headed, heading

_TIMES = {"flow_start": "flow_start_nanoseconds", "flow_end": "flow_end_nanoseconds"}
_CODED = {"orientation": Orientation.names, "tunnel": Tunnel.names}
_ALWAYS = {*_TIMES, *_TIMES.values(), "source_address", "destination_address"}
COUNTERS = ("octet_delta_count", "packet_delta_count")
DELIMITERS = ",;\t|"


class DelimitedReader(LineReader):
    """Lines under a header with the names of our columns; what is missing or empty has the column's default."""

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
            self._names = self._head.names if self._head else []
            lines = lines[lines > (self._head.line if self._head else 0)]
            for counter in COUNTERS:
                if counter not in self._names:
                    self.tally.notes[f"no column {counter} (taken as 0)"] += 1
        return headed(block, starts, lines, self._head, quoted=True)

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        from netwatch.read import values as v

        reasons, every = np.zeros(n, np.int64), np.ones(n, np.bool_)
        columns: dict[str, np.ndarray] = {}
        for reason, element in enumerate(FLOW, 2):
            name = next((rest for rest, own in _TIMES.items() if own == element.name), element.name)
            name = name if name in self._names else element.name
            if name not in self._names or name in ("input", "first_frame"):
                continue
            text = v.trimmed(column(name))
            if name in _TIMES:
                columns[element.name], fits = v.instants(text)
            elif name in _TIMES.values():
                columns[name], fits = v.mapped(text, _whole, np.int64), v.numbers(text)[1]
            elif element.dtype.shape:
                columns[element.name], fits = v.addresses(text)
            elif name in _CODED:
                columns[name], fits = v.mapped(text, partial(_code, _CODED[name]), np.uint8), every
            elif name == "protocol_identifier":
                numbers = v.protocols(text)
                columns[name], fits = np.maximum(numbers, 0).astype(np.uint8), numbers >= 0
            else:
                values, fits = v.whole(text)
                fits &= values <= float(np.iinfo(element.dtype).max)
                columns[name] = np.where(fits, np.minimum(values, 2.0**62), 0).astype(element.dtype)
            if name not in _ALWAYS:
                empty = v.empty(text)
                columns[name][empty], fits = told_nothing(element, int(empty.sum())), fits | empty
            reasons[(reasons == 0) & ~fits] = reason
        return columns, reasons


def _header(head: bytes) -> Heading | None:
    """The first line, its names in small letters; None where it has not our names."""
    found = heading(head, DELIMITERS, _ours)
    return found._replace(names=[name.lower() for name in found.names]) if found else None


def _ours(names: Collection[str]) -> bool:
    small = {name.lower() for name in names}
    return {"source_address", "destination_address"} <= small and bool({*_TIMES, *_TIMES.values()} & small)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _code(names: tuple[str, ...], text: str) -> int:
    """The code of a name, or the number itself; 0 for what is neither."""
    if text in names:
        return names.index(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 and int(text) < len(names) else 0
