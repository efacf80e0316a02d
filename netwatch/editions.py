"""Folders of the user's for what one edition of the code has made and may take up again: compiled kernels, queries.

What is found there is run: a folder in which others could put theirs is not used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

KEPT = 4
"""Folders of a kind that are kept: those of other versions of netwatch, its packages or Python may be in use."""
_DIGEST = 32


def edition(sources: Iterable[Path], packages: Iterable[str]) -> str:
    """A name for what these files make with these packages: a change in any of them makes it another."""
    digest = hashlib.sha256()
    for path in sources:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    versions = "-".join(version(package) for package in packages)
    return f"{versions}-py{sys.version_info.major}{sys.version_info.minor}-{digest.hexdigest()[:12]}"


def private(kind: str) -> Path | None:
    """A folder that the user alone can write, also where the package is installed for all, or runs from cron without
    HOME; None where there is none.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()
    for folder in (home / "netwatch" / kind, Path(tempfile.gettempdir()) / f"netwatch-{kind}-{os.getuid()}"):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        state = folder.stat()
        if state.st_uid == os.getuid() and not state.st_mode & 0o022 and os.access(folder, os.W_OK):
            return folder
    return None


def prune(folder: Path) -> None:
    """Leave the newest few of the editions in a folder."""
    others = sorted((p for p in folder.iterdir() if p.is_dir()), key=_age)
    for old in others[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _age(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # another process has just pruned it
        return 0.0


def whole(path: Path) -> bytes | None:
    """What was put there; None where nothing was, or it is not whole."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return None
    rest = octets[_DIGEST:]
    return rest if hashlib.sha256(rest).digest() == octets[:_DIGEST] else None


def put(path: Path, octets: bytes) -> None:
    """Write octets where :func:`whole` finds them, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)  # another edition may just have cleared it away
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(hashlib.sha256(octets).digest() + octets)
    part.replace(path)
