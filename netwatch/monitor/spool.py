"""New inputs in the spools: what is closed, and not in the ledger yet by its content.

A spool is a directory, a glob, or a folder of an object store. :func:`look` lists what may be new; :func:`unknown`
reads that, some at a time, for its digest, and copies what lies behind a URL to this machine.
"""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from netwatch.config import MonitorOptions, SourceOptions
from netwatch.errors import UsageError
from netwatch.model.text import printable
from netwatch.pipeline.increment import Named
from netwatch.places import Place as Root
from netwatch.places import is_url
from netwatch.read.compressed import CHUNK, Decompressed, compression
from netwatch.read.inputs import LIVE
from netwatch.store.lake import Ingest
from netwatch.store.state import State

SECOND = 10**9
TEMPORARY = (".part", ".tmp", ".partial", ".filepart", ".swp", "~")
"""Endings of files that somebody is still writing."""
PIECE = 1 << 20
"""Octets that are read at a time."""


class Place(NamedTuple):
    """A file as it lies there, or an object of a store: ``path`` is a URL then, and ``inode`` 0. ``modified`` in ns."""

    path: str
    size: int
    modified: int
    inode: int

    @property
    def key(self) -> str:
        """The path as text that any database takes, also where it is no UTF-8."""
        path = self.path
        return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class Found:
    """``new``: what is closed and may be new, by name. ``copies``: files whose content is in the ledger already.

    ``waiting``: files that may still be written to. ``present``: keys of all files. ``gone``: of those that were met
    before and are no longer there. ``faults``: what went wrong.
    """

    new: list[Place] = field(default_factory=list)
    copies: list[tuple[Place, str]] = field(default_factory=list)
    waiting: list[Place] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def look(sources: Mapping[str, SourceOptions], storage: Mapping[str, str], state: State, now: int) -> Found:
    """What the spools hold beyond what was met before; ``now`` in ns UTC, ``storage``: options of object stores.

    Raises:
        UsageError: a place of the configuration does not exist, or cannot be listed.
    """
    found = Found()
    met = state.seen()
    for source in sources.values():
        for place in sorted(_objects(source.path, storage) if is_url(source.path) else _files(source.path)):
            key = place.key
            if key in found.present:
                continue
            found.present.add(key)
            before = met.get(key)
            if before is None or before[:3] != place[1:] or not before[3]:
                _consider(place, before, found, now, source.settle)
    found.gone = met.keys() - found.present
    return found


def _consider(place: Place, met: tuple[int, int, int, str] | None, found: Found, now: int, settle: float) -> None:
    """What to do with a file that is new or has changed; ``met``: how it was met before, ``settle``: seconds."""
    same = met is not None and met[:3] == place[1:]
    age = now - place.modified
    if not (age >= settle * SECOND or (same and age < 0)):  # from the future: a clock stepped back
        found.waiting.append(place)
    elif met is not None and met[3] and met[2] == place.inode and place.size > met[0]:
        line = f"{printable(place.key)} grew after it was ingested; what was added is not counted"
        found.faults.append(line)
    else:
        found.new.append(place)


def unknown(
    places: Sequence[Place], options: MonitorOptions, state: State, found: Found, room: Path
) -> list[tuple[Named, Place]]:
    """Those whose content is not in the ledger, to be ingested; what becomes of the others is noted in ``found``.

    Of a compressed file it is what it holds: it may have been there before it was compressed. Objects are copied to
    ``room``, a directory.
    """
    storage = options.storage
    inputs: list[tuple[Named, Place]] = []
    taken: set[str] = set()
    for number, place in enumerate(places):
        remote = is_url(place.path)
        path = room / str(number) if remote else Path(place.path)
        try:
            digest = _fetched(place, storage, path) if remote else digest_of(place)
            if digest is not None and not state.known(digest, place.modified):
                digest = _digest_inside(path, options.run.read.max_ratio) or digest
        except OSError as fault:
            found.faults.append(f"cannot read {printable(place.key)}: {fault.strerror or printable(str(fault), 200)}")
            continue
        if digest is None:
            found.waiting.append(place)
        elif digest in taken or state.known(digest, place.modified):
            found.copies.append((place, digest))
            if remote:
                path.unlink()
        else:
            taken.add(digest)
            inputs.append((Named(str(path), Ingest(digest, place.key, place.size)), place))
    return inputs


def digest_of(place: Place) -> str | None:
    """SHA-256 of the octets at rest, hexadecimal; None where the file changed meanwhile."""
    with Path(place.path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = os.fstat(file.fileno())
    same = (after.st_size, after.st_mtime_ns, after.st_ino) == place[1:]
    return digest if same else None


def _digest_inside(path: Path, max_ratio: int) -> str:
    """SHA-256 of what a compressed file holds, hexadecimal; "" of any other and of one that is damaged or cut."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        kind = compression(file.read(CHUNK))
        if not kind:
            return ""
        file.seek(0)
        octets = Decompressed(kind, file, max_ratio)
        while piece := octets.read(PIECE):
            digest.update(piece)
    return "" if octets.fault else digest.hexdigest()


def _fetched(place: Place, storage: Mapping[str, str], path: Path) -> str | None:
    """Copy an object to a path; its digest, None where it is not as long as it was when it was listed."""
    folder, _, name = place.path.rpartition("/")
    digest, octets = hashlib.sha256(), 0
    with Root(folder, storage).open(name) as source, path.open("xb") as target:
        for piece in _pieces(source):
            digest.update(piece)
            octets += target.write(piece)
    if octets != place.size:
        path.unlink()
        return None
    return digest.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _objects(folder: str, storage: Mapping[str, str]) -> Iterator[Place]:
    root = Root(folder, storage)
    try:
        items = root.files()
    except OSError as fault:
        raise UsageError(f"cannot list {folder}: {printable(str(fault), 300)}") from None
    for item in items:
        if not any(_skipped(part) for part in PurePosixPath(item.name).parts):
            yield Place(root.uri(item.name), item.size, item.modified, 0)


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
