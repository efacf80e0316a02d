"""``LineReader``: flow files of text, a record a line, in blocks through Arrow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from netwatch.model.flows import Flows
from netwatch.model.tally import FIRST, Tally
from netwatch.read.base import BOM, ReadOptions
from netwatch.read.source import Source

LONGEST = 1 << 20
"""Octets of a line; a longer one is left out."""
BLOCK = 1 << 23
"""Octets of lines that are parsed at once."""
NEWLINE = 0x0A
BAD_LINE = "line that cannot be parsed"
REFUSALS = (
    "", BAD_LINE, "time that cannot be read", "address that cannot be read", "protocol not IP", "line of another kind",
)  # fmt: skip
TOO_LONG = "line too long"
NO_END = "last line without its end (perhaps cut short)"


class Heading(NamedTuple):
    """The names of the columns of delimited text, what stands between them, and in which line they stand (0-based)."""

    names: list[str]
    delimiter: str
    line: int


class LineReader:
    """A text file. Units of its tally are lines; blank and comment lines are kept octets without units.

    Subclasses turn a block of lines into columns; what they refuse is counted by reason.
    """

    name = ""
    REFUSALS: tuple[str, ...] = REFUSALS

    def __init__(self, source: Source, options: ReadOptions, input: int) -> None:
        self.source = source
        self.input = input
        self.tally = Tally("read", "flow record", source.name)
        self.details: dict[str, object] = {}
        self._line = 0

    @abstractmethod
    def _parse(self, block: bytes, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        """Parse whole lines that begin at ``starts``.

        Returns:
            indices of the lines that ought to be records, of those that could be parsed, and these as an Arrow table
            of strings.

        """

    @abstractmethod
    def _convert(self, column: Callable[[str], Any], n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Columns of ``n`` records, and for each the index in REFUSALS of why it is refused (0: it is not).

        ``column`` gives a column of the table, empty text where it has none of that name.
        """

    def __iter__(self) -> Iterator[Flows]:
        for block, place in self._blocks():
            flows = self._block(block, place)
            if len(flows):
                yield flows
        if self.source.fault:
            self.tally.incomplete = self.source.fault

    def _blocks(self) -> Iterator[tuple[bytes, int]]:
        """Whole lines in blocks, and where each block begins."""
        window, position = self.source.first(), 0
        if window.octets[: len(BOM)].tobytes() == BOM:
            position = len(BOM)
            self.tally.keep(0, position)
        long = False  # amid a line that is too long
        while True:
            rest = window.octets[position : position + BLOCK]
            final = window.last and position + len(rest) == len(window.octets)
            size = len(rest) if final else _last_newline(rest)
            if long and len(rest):
                found = np.flatnonzero(rest == NEWLINE)
                long = not len(found)
                size = len(rest) if long else int(found[0]) + 1
                self.tally.drop(TOO_LONG, 0, size)
                position += size
            elif size:
                if final and rest[-1] != NEWLINE:
                    self.tally.notes[NO_END] += 1
                yield rest[:size].tobytes(), window.start + position
                position += size
            elif final:
                return
            elif len(rest) >= LONGEST:
                self.tally.drop(TOO_LONG, 1, len(rest), window.start + position)
                self._line += 1
                position, long = position + len(rest), True
            else:
                window, position = self.source.after(window, position), 0

    def _block(self, block: bytes, place: int) -> Flows:
        octets = np.frombuffer(block, np.uint8)
        block = _clean(block, octets)
        ends = np.flatnonzero(octets == NEWLINE) + 1
        if not len(ends) or ends[-1] != len(octets):
            ends = np.append(ends, len(octets))
        starts = np.concatenate([[0], ends[:-1]])
        rows, columns, reasons = self._columns(*self._parse(block, starts))
        sizes = (ends - starts)[rows]
        for code in np.unique(reasons[reasons > 0]).tolist():
            which = np.flatnonzero(reasons == code)
            self.tally.drop(
                self.REFUSALS[code], len(which), int(sizes[which].sum()), place + int(starts[rows[which[0]]])
            )
            entry = self.tally.dropped[self.REFUSALS[code]]
            entry.offsets = (entry.offsets + (place + starts[rows[which[1:FIRST]]]).tolist())[:FIRST]
        good = np.flatnonzero(reasons == 0)
        self.tally.keep(len(good), len(block) - int(sizes[reasons > 0].sum()))
        taken = {name: column[good] for name, column in columns.items()}
        taken["first_frame"] = self._line + rows[good] + 1
        taken["input"] = np.full(len(good), self.input, np.uint32)
        self._line += len(starts)
        return self._timed(taken)

    def _columns(
        self, lines: np.ndarray, rows: np.ndarray, found: Any
    ) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
        """(lines, columns for all of them, reasons): lines that are not among ``rows`` could not be parsed."""
        import pyarrow as pa

        wanted = np.isin(rows, lines)
        rows, found = rows[wanted], found.filter(pa.array(wanted)) if found.num_columns else found
        n = len(rows)

        def column(name: str) -> Any:
            if name in found.column_names:
                return found.column(name).combine_chunks()
            return pa.array([""] * n, pa.string())

        there, bad = self._convert(column, n)
        at = np.searchsorted(lines, rows)
        reasons = np.ones(len(lines), np.int64)
        reasons[at] = bad
        columns = {}
        for name, values in there.items():
            columns[name] = np.zeros((len(lines), *values.shape[1:]), values.dtype)
            columns[name][at] = values
        return lines, columns, reasons

    def _timed(self, columns: dict[str, np.ndarray]) -> Flows:
        n = len(columns["input"])
        start = columns.get("flow_start_nanoseconds", columns.get("flow_end_nanoseconds", np.zeros(n, np.int64)))
        end = columns.get("flow_end_nanoseconds", start)
        columns |= {"flow_start_nanoseconds": start, "flow_end_nanoseconds": end}
        wrong = start > end
        if wrong.any():
            self.tally.notes["record that starts after its end (its end used for both)"] += int(wrong.sum())
            columns["flow_start_nanoseconds"] = np.where(wrong, end, start)
        return Flows(columns)


def _last_newline(octets: np.ndarray) -> int:
    """Octets up to and with the last newline of the last LONGEST octets, else of all."""
    for tail in (octets[-LONGEST:], octets):
        found = np.flatnonzero(tail == NEWLINE)
        if len(found):
            return int(len(octets) - len(tail) + found[-1] + 1)
    return 0


def _clean(block: bytes, octets: np.ndarray) -> bytes:
    """The block as Arrow can read it, no octet moved: UTF-8, and no line end but the newline."""
    if b"\r" in block:
        lone = (octets == ord("\r")) & (np.append(octets[1:], NEWLINE) != NEWLINE)
        octets = np.where(lone, ord("?"), octets).astype(np.uint8)
        block = octets.tobytes()
    try:
        block.decode()
    except UnicodeDecodeError:
        return np.where(octets < 0x80, octets, ord("?")).astype(np.uint8).tobytes()
    return block


def refusals(timed: np.ndarray, addressed: np.ndarray, protocol: np.ndarray) -> np.ndarray:
    """For each record the index in REFUSALS of why it is refused; ``protocol`` is negative where it is none of IP."""
    return np.select([~timed, ~addressed, protocol < 0], [2, 3, 4], 0)


def heading(head: bytes, delimiters: str, needed: Callable[[Collection[str]], bool]) -> Heading | None:
    """The first line that is neither blank nor a comment, if between one of the delimiters it has the names needed.

    ``sep=;`` before it is for Excel.
    """
    for number, line in enumerate(head.split(b"\n")):
        text = line.decode("utf-8", "replace").strip(" \r")
        if not text or text.startswith(("#", "sep=")):
            continue
        for delimiter in delimiters:
            names = [name.strip().strip('"') for name in text.split(delimiter)]
            if needed(names):
                return Heading(names, delimiter, number)
        return None
    return None


def filled(block: bytes, starts: np.ndarray) -> np.ndarray:
    """Indices of the lines that are not blank."""
    first = np.frombuffer(block, np.uint8)[starts]
    return np.flatnonzero((first != ord("\n")) & (first != ord("\r")))


def headed(
    block: bytes,
    starts: np.ndarray,
    lines: np.ndarray,
    head: Heading | None,
    *,
    quoted: bool,
    wanted: Sequence[str] | None = None,
) -> tuple[np.ndarray, np.ndarray, Any]:
    """What ``LineReader._parse`` gives for ``lines`` under a heading; nothing where it names a column twice.

    ``wanted``: the names of the columns that are looked at; all, if None.
    """
    if head is None or len(set(head.names)) != len(head.names):
        return lines, *nothing()
    return lines, *table(block, head.names, starts, head.delimiter, quoted, wanted)


def nothing() -> tuple[np.ndarray, Any]:
    """No lines parsed: indices and an empty table."""
    import pyarrow as pa

    return np.empty(0, np.int64), pa.table({})


def table(
    block: bytes,
    names: list[str],
    starts: np.ndarray,
    delimiter: str,
    quoted: bool,
    wanted: Sequence[str] | None = None,
) -> tuple[np.ndarray, Any]:
    """Lines of delimited text as an Arrow table of strings.

    Returns:
        indices of the lines that have as many fields as there are ``names``, and the table of these.

    """
    import pyarrow as pa
    from pyarrow import csv

    broken: list[int] = []

    def refuse(row: Any) -> str:
        broken.append(row.number - 1)
        return "skip"

    read = csv.ReadOptions(use_threads=False, column_names=names, block_size=max(len(block), 1) + 1)
    parse = csv.ParseOptions(
        delimiter=delimiter,
        quote_char='"' if quoted else False,
        newlines_in_values=False,
        ignore_empty_lines=False,
        invalid_row_handler=refuse,
    )
    text = {name: pa.string() for name in names}
    convert = csv.ConvertOptions(
        column_types=text, check_utf8=False, strings_can_be_null=False, include_columns=wanted or None
    )
    try:
        found = csv.read_csv(pa.py_buffer(block), read, parse, convert)
    except pa.ArrowInvalid:
        return nothing()
    rows = np.setdiff1d(np.arange(len(starts)), broken)
    if len(rows) != found.num_rows:
        # Arrow saw other lines than there are (quotes within a field): which line is which cannot be told.
        return nothing()
    return rows, found
