"""Temporary files of a pass, beside its state: what a killed pass left of them the next one deletes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netwatch.errors import OutputError
from netwatch.store.delta import make_private


@contextmanager
def scratch(state: Path) -> Iterator[None]:
    """Let all temporary files of this process lie below ``state`` for the ``with`` block, which holds the lock.

    Raises:
        OutputError: the directory cannot be made, or a symbolic link is in its place.
    """
    directory, before = state / "scratch", tempfile.tempdir
    if directory.is_symlink():
        raise OutputError(f"{directory} is a symbolic link; temporary files are not written through one")
    shutil.rmtree(directory, ignore_errors=True)
    make_private(directory)
    tempfile.tempdir = str(directory)
    try:
        yield
    finally:
        tempfile.tempdir = before
        shutil.rmtree(directory, ignore_errors=True)
