"""``Place``: a directory, or what plays its part in an object store, with the few things done to files there.

S3-compatible stores, Google Cloud Storage and Azure are reached by the very client that writes the lake (``deltalake``,
which wraps the Rust crate ``object_store``), so that one set of options by name serves both (``AWS_ENDPOINT_URL``,
``GOOGLE_SERVICE_ACCOUNT``, ``AZURE_STORAGE_ACCOUNT_NAME`` ...); what is not given is taken from the environment.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from netwatch.errors import UsageError

SCHEMES = ("s3://", "s3a://", "gs://", "az://", "abfs://", "abfss://")
"""Of the URLs that are places in an object store."""


class Item(NamedTuple):
    """A file of a place: ``name`` below it, ``size`` in octets, ``modified`` in ns UTC."""

    name: str
    size: int
    modified: int


def is_url(text: str) -> bool:
    """Whether a path is the URL of an object store."""
    return text.startswith(SCHEMES)


@dataclass(frozen=True)
class Place:
    """``root``: a path or URL; ``options``: of the store behind a URL. It can be pickled.

    Raises:
        UsageError: an object store is named and the package ``deltalake`` is missing.
    """

    root: str
    options: Mapping[str, str] = field(default_factory=dict)

    def uri(self, name: str) -> str:
        """What a file is called from outside."""
        return f"{self.root.rstrip('/')}/{name}"

    @property
    def remote(self) -> bool:
        """Whether it is behind a URL."""
        return is_url(self.root)

    def filesystem(self) -> Any:
        """The place as a ``pyarrow.fs`` file system whose root it is; None for a directory."""
        if not self.remote:
            return None
        from pyarrow.fs import PyFileSystem

        return PyFileSystem(_handler(self.root, self.options))

    def open(self, name: str) -> BinaryIO:
        """A file to be read, from anywhere in it.

        Raises:
            OSError: it is not there, or may not be read.
        """
        if self.remote:
            return cast(BinaryIO, self.filesystem().open_input_file(name))
        return Path(self.uri(name)).open("rb")

    def files(self, below: str = "") -> list[Item]:
        """The files below a folder, by name; none where there is no such folder.

        Raises:
            OSError: the store does not answer.
        """
        if self.remote:
            from pyarrow.fs import FileSelector, FileType

            found = self.filesystem().get_file_info(FileSelector(below, allow_not_found=True, recursive=True))
            return sorted(Item(f.path, f.size, f.mtime_ns or 0) for f in found if f.type == FileType.File)
        root = Path(self.root)
        states = ((path, path.stat()) for path in (root / below).rglob("*") if path.is_file())
        return sorted(Item(str(path.relative_to(root)), s.st_size, s.st_mtime_ns) for path, s in states)

    def put(self, file: Path, name: str) -> int:
        """Move a file to the place under a name, wholly or not at all; its size in octets.

        Raises:
            OSError: there is no room, or no leave to write.
        """
        size = file.stat().st_size
        if self.remote:
            with file.open("rb") as source, self.filesystem().open_output_stream(name) as target:
                shutil.copyfileobj(source, target, 8 << 20)
            return size
        target_path = Path(self.uri(name))
        target_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target_path.with_name(f".{target_path.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(file, part)
            part.replace(target_path)
        finally:
            part.unlink(missing_ok=True)
        return size

    def remove(self, below: str) -> None:
        """Delete the files below a folder.

        Raises:
            OSError: they may not be deleted.
        """
        if self.remote:
            system = self.filesystem()
            for item in self.files(below):
                system.delete_file(item.name)
        elif Path(self.uri(below)).is_dir():
            shutil.rmtree(self.uri(below))


@contextmanager
def whole(out: Path) -> Iterator[BinaryIO]:
    """A file to write that takes its name once all is written, and is not there where it cannot be; ``-`` is stdout.

    Raises:
        OSError: there is no room, or no leave to write.
    """
    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = part_of(out)
    try:
        with part.open("wb") as file:
            yield file
        part.replace(out)
    finally:
        if part != out:
            part.unlink(missing_ok=True)


def part_of(out: Path) -> Path:
    """Where a file is written before it takes its name: beside it.

    What is there and is no plain file (a pipe, a device, a link) is written into, for nothing may take its place.
    """
    if str(out) == "-":
        out = Path("/dev/stdout")
    special = out.is_symlink() or (out.exists() and not out.is_file())
    return out if special else out.with_name(out.name + ".part")


class _Octets:
    """What the library writes to takes ``bytes`` only, and Arrow hands its own buffers over."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: Any) -> int:
        self._file.write(bytes(data))
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _handler(root: str, options: Mapping[str, str]) -> Any:
    try:
        from deltalake.fs import DeltaStorageHandler
    except ImportError:
        raise UsageError("object stores need the package deltalake: pip install netwatch[monitor]") from None
    from pyarrow import PythonFile

    class Handler(DeltaStorageHandler):
        def open_output_stream(self, path: str, metadata: dict[str, str] | None = None) -> Any:
            return PythonFile(_Octets(self._handler.open_output_stream(path, metadata)), "w")

    return Handler(root, dict(options))
