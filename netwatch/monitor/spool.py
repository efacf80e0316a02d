"""New inputs in the spools: what is closed, and not in the ledger yet by its content."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from netwatch.config import SourceOptions
from netwatch.errors import UsageError
from netwatch.model.text import printable
from netwatch.pipeline.increment import Named
from netwatch.read.inputs import LIVE
from netwatch.store.lake import Ingest
from netwatch.store.state import State

SECOND = 10**9
TEMPORARY = (".part", ".tmp", ".partial", ".filepart", ".swp", "~")
"""Endings of files that somebody is still writing."""


class Place(NamedTuple):
    """A file as it lies there: ``modified`` in ns."""

    path: str
    size: int
    modified: int
    inode: int

    @property
    def key(self) -> str:
        """The path as text that any database takes, also where it is no UTF-8."""
        return os.fsencode(self.path).decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class Found:
    """``new``: inputs to ingest with where they lie, by name. ``copies``: files whose content is in the ledger already.

    ``waiting``: files that may still be written to. ``present``: keys of all files. ``faults``: what went wrong.
    """

    new: list[tuple[Named, Place]] = field(default_factory=list)
    copies: list[tuple[Place, str]] = field(default_factory=list)
    waiting: list[Place] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def find_new(sources: Mapping[str, SourceOptions], state: State, now: int) -> Found:
    """What the spools hold beyond the ledger; ``now`` in ns UTC. Reads the octets of new files, for their digest.

    Raises:
        UsageError: a directory of the configuration does not exist, or cannot be listed.
    """
    found = Found()
    taken: set[str] = set()
    met = state.seen()
    for source in sources.values():
        for place in sorted(_files(source.path)):
            key = place.key
            if key in found.present:
                continue
            found.present.add(key)
            before = met.get(key)
            if before is None or before[:3] != place[1:] or not before[3]:
                _consider(place, before, state, found, Moment(now, source.settle, taken))
    return found


class Moment(NamedTuple):
    """``now``: ns of the clock; ``settle``: seconds after which a file is closed; ``taken``: digests of this pass."""

    now: int
    settle: float
    taken: set[str]


def _consider(place: Place, met: tuple[int, int, int, str] | None, state: State, found: Found, at: Moment) -> None:
    """What to do with a file that is new or has changed; ``met``: how it was met before."""
    same = met is not None and met[:3] == place[1:]
    age = at.now - place.modified
    if not (age >= at.settle * SECOND or (same and age < 0)):  # from the future: a clock stepped back
        found.waiting.append(place)
        return
    if met is not None and met[3] and met[2] == place.inode and place.size > met[0]:
        line = f"{printable(place.key)} grew after it was ingested; what was added is not counted"
        found.faults.append(line)
        return
    try:
        digest = digest_of(place)
    except OSError as fault:
        found.faults.append(f"cannot read {printable(place.key)}: {fault.strerror or fault}")
        return
    if digest is None:
        found.waiting.append(place)
    elif digest in at.taken or state.known([digest]):
        found.copies.append((place, digest))
    else:
        at.taken.add(digest)
        found.new.append((Named(place.path, Ingest(digest, place.key, place.size)), place))


def digest_of(place: Place) -> str | None:
    """SHA-256 of the octets at rest, hexadecimal; None where the file changed meanwhile."""
    with Path(place.path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = os.fstat(file.fileno())
    same = (after.st_size, after.st_mtime_ns, after.st_ino) == place[1:]
    return digest if same else None


def _files(pattern: str) -> Iterator[Place]:
    if Path(pattern).is_dir():
        yield from _below(pattern)
        return
    if not glob.has_magic(pattern):
        raise UsageError(f"no such directory: {pattern}")
    for path in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - an absolute pattern, which Path does not take
        if not _skipped(Path(path).name) and (place := _place(path)):
            yield place


def _below(directory: str) -> Iterator[Place]:
    try:
        entries = list(os.scandir(directory))
    except OSError as fault:
        raise UsageError(f"cannot list {directory}: {fault.strerror}") from None
    for entry in entries:
        if _skipped(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
        elif place := _place(entry.path):
            yield place


def _place(path: str) -> Place | None:
    """A regular file; what vanished meanwhile, a device or a pipe is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a spool has 100,000 files, and a Path costs more than the call
    except OSError:
        return None
    return Place(path, found.st_size, found.st_mtime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _skipped(name: str) -> bool:
    return name.startswith((".", LIVE)) or name.endswith(TEMPORARY)
