"""Where compiled kernels are kept: a folder of the user's for this edition of them.

``NUMBA_CACHE_DIR`` overrides the place.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

KEPT = 4
"""Folders of compiled kernels that are kept: those of other versions of netwatch, Numba or Python may be in use."""


def _edition() -> str:
    """A name for these kernels: a change in any part makes all of them others."""
    sources = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        sources.update(path.read_bytes())
    return f"{version('numba')}-py{sys.version_info.major}{sys.version_info.minor}-{sources.hexdigest()[:12]}"


def _place() -> Path:
    """A folder that the user can write also where the package is installed for all, or runs from cron without HOME."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()
    for parent in (home / "netwatch" / "kernels", Path(tempfile.gettempdir()) / f"netwatch-{os.getuid()}"):
        try:
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        # Compiled code is run: a folder in which others could put theirs is not used.
        state = parent.stat()
        if state.st_uid == os.getuid() and not state.st_mode & 0o022 and os.access(parent, os.W_OK):
            return parent / _edition()
    return Path(tempfile.mkdtemp(prefix="netwatch-"))


@functools.cache
def folder() -> Path:
    """The folder; made, and said on stderr, where kernels are about to be compiled."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(chosen) if chosen else _place()
    if folder.is_dir():
        return folder
    print("netwatch: compiling kernels (once)", file=sys.stderr)  # noqa: T201 - the only word about a wait
    folder.mkdir(parents=True, exist_ok=True)
    if not chosen:
        others = sorted((p for p in folder.parent.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
        for old in others[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return folder
