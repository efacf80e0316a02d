"""Files that hold what was told: lines appended or whole documents, private, safe against symlinks and repeats."""

from __future__ import annotations

import fcntl
import hashlib
import json
import mmap
import os
import re
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from netwatch.alert.options import SinkOptions
from netwatch.errors import OutputError, UsageError
from netwatch.model.notice import Notice
from netwatch.model.text import instant, printable

_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
# Quotes inside a JSON text are escaped, so no text from the wire looks like this.
_KEY = re.compile(rb'"netwatch":\{"key":("(?:[^"\\]|\\.){1,2000}")')


class FileSink(ABC):
    """What both kinds have in common: a place, a lock on it, one line that says what failed."""

    paced = False

    def __init__(self, options: SinkOptions) -> None:
        if options.path is None:
            raise UsageError(f"sink {options.name!r}: path is missing")
        self.options = options
        self.path = options.path

    def send(self, notices: Sequence[Notice]) -> None:
        """Write what is not there yet; on return it is on the disk."""
        try:
            with _locked(self.directory) as directory:
                self.write(notices)
                os.fsync(directory)
        except BlockingIOError:
            raise OutputError(f"{printable(str(self.path))}: somebody else is writing there") from None
        except OSError as fault:
            raise OutputError(f"cannot write {printable(str(self.path))}: {fault.strerror}") from None

    @abstractmethod
    def record(self, notice: Notice) -> dict[str, Any]:
        """The JSON-ready record of a notice."""

    @property
    @abstractmethod
    def directory(self) -> Path:
        """Where the files lie."""

    @abstractmethod
    def write(self, notices: Sequence[Notice]) -> None:
        """Write, with the lock held."""


class JsonLines(FileSink):
    """One record a line, appended; ``record`` holds ``"netwatch": {"key": ...}``."""

    @property
    def directory(self) -> Path:
        """Where the file lies."""
        return self.path.parent

    def write(self, notices: Sequence[Notice]) -> None:
        """Append in one piece: all of the lines or none."""
        told = self._keys()
        records = [self.record(notice) for notice in notices]
        lines = [_line(record) for record in records if json.dumps(record["netwatch"]["key"]).encode() not in told]
        if not lines:
            return
        octets = b"".join(lines)
        handle = _append_to(self.path)
        try:
            if (size := _whole_lines(handle)) and size + len(octets) > self.options.max_octets:
                os.close(handle)
                self._rotate()
                handle = _append_to(self.path)
                size = 0
            try:
                _write_all(handle, octets)
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)

    def _keys(self) -> set[bytes]:
        """Keys that this file and the one before it hold, as they stand there."""
        return {key for path in (self.path, self._rotated(1)) for key in _keys_in(path)}

    def _rotated(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _rotate(self) -> None:
        """``eve.json`` becomes ``eve.json.1`` and so on; interrupted anywhere, nothing that is due to stay is lost."""
        if self.options.keep == 0:
            self.path.unlink()
            return
        for number in range(self.options.keep - 1, 0, -1):
            if self._rotated(number).exists():
                self._rotated(number).replace(self._rotated(number + 1))
        self.path.replace(self._rotated(1))


class Documents(FileSink):
    """A JSON document a notice, named by the time it was said and by its key."""

    @property
    def directory(self) -> Path:
        """Where the documents lie."""
        return self.path

    def write(self, notices: Sequence[Notice]) -> None:
        """Write each that is not there; a document is there whole or not at all."""
        for notice in notices:
            path = self.path / document_name(notice)
            if path.exists():
                continue
            part = path.with_name(f".{path.name}.part")
            part.unlink(missing_ok=True)  # of a pass that was killed
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
            try:
                _write_all(handle, json.dumps(self.record(notice), indent=1, allow_nan=False).encode() + b"\n")
                os.fsync(handle)
            except OSError:
                part.unlink(missing_ok=True)
                raise
            finally:
                os.close(handle)
            part.replace(path)


def document_name(notice: Notice) -> str:
    """``20261123T210000Z-<16 hexadecimal digits of the key's hash>.json``: names sort by time."""
    stamp = re.sub(r"[^0-9TZ]", "", instant(notice.said))
    return f"{stamp}-{hashlib.sha256(notice.key.encode(errors='surrogatepass')).hexdigest()[:16]}.json"


@contextmanager
def _locked(directory: Path) -> Iterator[int]:
    """The directory's descriptor, with the lock on it held."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    finally:
        os.close(handle)


def _append_to(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | _FLAGS, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file")
    return handle


def _whole_lines(handle: int) -> int:
    """Cut off a line that was never finished (a pass was killed in the middle), and return the size."""
    size = end = os.fstat(handle).st_size
    while end:
        block = os.pread(handle, min(end, 65536), end - min(end, 65536))
        if (newline := block.rfind(b"\n")) >= 0:
            end += newline + 1 - len(block)
            break
        end -= len(block)
    if end < size:
        os.ftruncate(handle, end)
    return end


def _keys_in(path: Path) -> set[bytes]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _FLAGS)
    except FileNotFoundError:
        return set()
    try:
        size = os.fstat(handle).st_size
        if not stat.S_ISREG(os.fstat(handle).st_mode) or size == 0:
            return set()
        with mmap.mmap(handle, size, prot=mmap.PROT_READ) as octets:
            whole = octets.rfind(b"\n") + 1
            return set(_KEY.findall(octets, 0, whole)) if whole else set()
    finally:
        os.close(handle)


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _write_all(handle: int, octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(handle, view) :]
