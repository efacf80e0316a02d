"""CSV of netwatch's own columns, as ``netwatch flows --csv`` writes it; also with other delimiters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from netwatch.model.elements import FLOW, Orientation, Tunnel
from netwatch.read.lines import Heading, LineReader, filled, headed

_TIMES = {"flow_start": "flow_start_nanoseconds", "flow_end": "flow_end_nanoseconds"}
_CODED = {"orientation": Orientation.names, "tunnel": Tunnel.names}
_DELIMITERS = ",;\t|"


class DelimitedReader(LineReader):
    """Lines under a header with the names of our columns; those that are missing get their default."""

    name = "csv"

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
            lines = lines[lines > 0]
        return headed(block, starts, lines, self._head, quoted=True)

    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        from netwatch.read import values as v

        good = np.ones(n, np.bool_)
        columns: dict[str, np.ndarray] = {}
        for element in FLOW:
            name = next((rest for rest, own in _TIMES.items() if own == element.name), element.name)
            name = name if name in self._names else element.name
            if name not in self._names or name in ("input", "first_frame"):
                continue
            if element.name in _TIMES.values():
                columns[element.name], fits = self._moments(column(name), name == element.name)
            elif element.dtype.shape:
                columns[element.name], fits = v.addresses(column(name))
            elif name in _CODED:
                columns[name], fits = v.mapped(column(name), partial(_code, _CODED[name]), np.uint8), good
            else:
                values, fits = v.numbers(column(name))
                limit = float(np.iinfo(element.dtype).max)
                fits &= (values >= 0) & (values <= limit)
                columns[element.name] = np.where(fits, np.minimum(values, 2.0**62), 0).astype(element.dtype)
            good &= fits
        return columns, np.where(good, 0, 1)

    def _moments(self, column: Any, nanoseconds: bool) -> tuple[np.ndarray, np.ndarray]:
        from netwatch.read import values as v

        if not nanoseconds:
            return v.instants(column)
        return v.mapped(column, _whole, np.int64), v.numbers(column)[1]


def _header(head: bytes) -> Heading | None:
    """The first line; None where it has not our names."""
    line = head.split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")
    for delimiter in _DELIMITERS:
        names = [name.strip().strip('"') for name in line.split(delimiter)]
        if {"source_address", "destination_address"} <= set(names) and ({*_TIMES, *_TIMES.values()} & set(names)):
            return Heading(names, delimiter)
    return None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _code(names: tuple[str, ...], text: str) -> int:
    """The code of a name, or the number itself; 0 for what is neither."""
    if text in names:
        return names.index(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 and int(text) < len(names) else 0
