"""One pass at a time: an advisory lock on a file beside the state, let go by the kernel however the pass ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netwatch.errors import NetwatchError, OutputError
from netwatch.store.delta import make_private


class Busy(NetwatchError):
    """Another pass is running; nothing was done."""

    exit_status = 75  # sysexits' EX_TEMPFAIL: the next pass takes what this one left


@contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Hold the lock for the ``with`` block.

    Raises:
        Busy: another process holds it.
        OutputError: the file cannot be made, or is a symbolic link.
    """
    make_private(directory)
    path = directory / "lock"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        why = "is a symbolic link" if path.is_symlink() else fault.strerror
        raise OutputError(f"cannot lock {path}: {why}") from fault
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another pass is running ({path} is locked); nothing was done") from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(file)
