"""``Inputs``: the files of a run, found, put in order of time, recognised by content and read one after the other."""

from __future__ import annotations

import difflib
import glob
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from netwatch.errors import UnreadableInput, UsageError
from netwatch.model.flows import Flows
from netwatch.model.heard import Heard
from netwatch.model.tally import Tally
from netwatch.read.base import Batch, Reader, ReadOptions, recognise
from netwatch.read.counters import believed
from netwatch.read.foreign import foreign
from netwatch.read.source import Source, StreamSource, open_source

LIVE = "nfcapd.current"
"""nfcapd writes its present interval to files of this prefix; they are not closed yet."""


@dataclass
class InputFile:
    """One input: ``index`` in the run's list, ``path`` as given ("-" is stdin), ``size`` at rest (-1 unknown).

    ``format`` is the reader's name, "" until recognised or where nothing recognises it; ``details`` are the reader's
    facts, complete after reading. ``begins``: time of its first record, ns UTC, where its head told it.
    """

    index: int
    path: str
    size: int = -1
    format: str = ""
    compression: str = ""
    begins: int | None = None
    details: dict[str, object] = field(default_factory=dict)
    digest: str = ""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file at rest, hexadecimal; "" where it cannot be read (again)."""
        if self.digest:
            return self.digest
        try:
            with Path(self.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""


class Inputs:
    """The inputs of a run. Iterating reads them once, in order, and yields batches of packets and flows.

    ``files``: the inputs, complete after iteration, as are ``tallies``, which hold one tally an input and stage (a
    capture with flow export messages has two), and ``heard``: spans of which readers know what came. Iteration raises
    :class:`UnreadableInput` at its end where no input at all could be read. ``octets`` at rest are there to read in
    all, ``octets_read`` are behind; stdin counts nothing. What lies in a directory beside the captures (``found``: not
    named by the user) and is of no known format counts, but does not make the input incomplete.
    """

    def __init__(
        self, timed: Sequence[tuple[str, int | None]], options: ReadOptions, found: frozenset[str] = frozenset()
    ) -> None:
        self.options = options
        self._found = found
        paths = [path for path, _ in timed]
        self.files = [InputFile(index, path, begins=time) for index, (path, time) in enumerate(timed)]
        self.tallies: list[Tally] = []
        self.heard: list[Heard] = []
        self.octets = sum(_size(path) for path in paths)
        self.octets_read = 0

    def __iter__(self) -> Iterator[Batch]:
        readable = 0
        for file in self.files:
            try:
                source = open_source(file.path, self.options.max_ratio)
            except OSError as error:
                self._refuse(file, f"cannot be opened: {error.strerror or error}", 0)
                continue
            file.size, file.compression = source.size, source.compression
            try:
                found = recognise(source.head)
                if found is None:
                    beside = not source.fault and file.path in self._found
                    self._refuse(file, source.fault or foreign(source.head), max(source.size, 0), beside=beside)
                    continue
                readable += 1
                file.format, reader = found
                yield from self._read(file, reader(source, self.options, file.index))
            finally:
                _keep_digest(file, source)
                source.close()
                self.octets_read += max(source.size, 0)
        if not readable:
            reasons = "; ".join(f"{t.input}: {', '.join([*t.dropped, *t.notes])}" for t in self.tallies[:5])
            raise UnreadableInput(f"nothing could be read: {reasons or 'no files'}")

    def _read(self, file: InputFile, reader: Reader) -> Iterator[Batch]:
        reader.tally.input = file.path
        self.tallies.append(reader.tally)
        counters = Tally("counters", "flow record", file.path)
        try:
            for batch in reader:
                yield believed(batch, counters) if isinstance(batch, Flows) else batch
        finally:
            file.details = reader.details
            for extra in (*getattr(reader, "extra_tallies", ()), *([counters] if counters.dropped else [])):
                extra.input = file.path
                self.tallies.append(extra)
            self.heard += getattr(reader, "heard", ())

    def _refuse(self, file: InputFile, reason: str, octets: int, *, beside: bool = False) -> None:
        tally = Tally("read", "file", file.path)
        tally.drop(reason, 1, octets)
        tally.incomplete = "" if beside else reason
        self.tallies.append(tally)


def _keep_digest(file: InputFile, source: Source) -> None:
    if isinstance(source, StreamSource) and source.size < 0:
        file.digest = source.digest


def open_inputs(paths: Sequence[str | Path], options: ReadOptions | None = None) -> Inputs:
    """The inputs behind paths: files, directories (all files below them, hidden ones excepted) and "-" for stdin.

    A path that is not there may be a pattern (``day-*.pcap``). A file named twice, also by a link, is read once. Files
    are read in the order of their first record's time where their first octets tell it, else as given or, in a
    directory, by name.

    Raises:
        UsageError: a path does not exist, or nothing was found at all.

    """
    options = options or ReadOptions()
    once: dict[str, str] = {}
    for name in (name for path in paths for name in _files_of(str(path))):
        once.setdefault(name if name == "-" else os.path.realpath(name), name)
    files = list(once.values())
    if not files:
        raise UsageError(f"no files in {', '.join(map(str, paths))}" if paths else "no input named")
    named = {str(path) for path in paths}
    return Inputs(_in_time_order(files, options), options, frozenset(set(files) - named))


def _size(path: str) -> int:
    place = Path(path)
    return place.stat().st_size if path != "-" and place.is_file() else 0


def _files_of(path: str) -> list[str]:
    if path == "-":
        return ["-"]
    if not path:
        raise UsageError("an input without a name")
    place = Path(path)
    if not place.exists():
        if place.is_symlink():
            raise UsageError(f"a link to what is not there: {path}")
        if found := sorted(glob.glob(path)):  # noqa: PTH207 - of any path, also one that is absolute
            return [name for each in found for name in (_files_of(each) if Path(each).exists() else [each])]
        raise UsageError(f"no such file or directory: {path}{_nearest(place)}")
    if not place.is_dir():
        return [path]
    below = (p for p in place.rglob("*") if p.is_file() and not p.name.startswith(LIVE))
    return sorted(str(p) for p in below if not any(part.startswith(".") for part in p.relative_to(place).parts))


def _nearest(place: Path) -> str:
    try:
        names = sorted(p.name for p in place.parent.iterdir())
    except OSError:
        return ""
    near = difflib.get_close_matches(place.name, names, n=1)
    return f"; did you mean {place.parent / near[0]}?" if near else ""


def _in_time_order(paths: list[str], options: ReadOptions) -> list[tuple[str, int | None]]:
    """With the times that are known, and those by time, in the places they hold among the others."""
    if len(paths) == 1:
        return [(paths[0], None)]
    times = [_begin(path, options) for path in paths]
    known = sorted((time, place) for place, time in enumerate(times) if time is not None)
    ordered = iter((paths[place], time) for time, place in known)
    return [(path, None) if time is None else next(ordered) for path, time in zip(paths, times, strict=True)]


def _begin(path: str, options: ReadOptions) -> int | None:
    if path == "-" or not Path(path).is_file():
        return None
    try:
        source = open_source(path, options.max_ratio)
    except OSError:
        return None
    try:
        found = recognise(source.head)
        return found[1].begins(source.head) if found else None
    finally:
        source.close()
