"""Arrays to arrays: the Numba loops over every packet and flow.

Importing this package says where compiled kernels are kept; it must happen before ``numba`` is imported, so kernels are
written in its modules only. ``NUMBA_CACHE_DIR`` overrides the place.
"""

from __future__ import annotations

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
    """A name for these kernels: Numba looks at the file of a kernel only, not at those of the functions it calls."""
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


def _prepare() -> None:
    if "NUMBA_CACHE_DIR" in os.environ or "numba" in sys.modules:
        return
    folder = _place()
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if folder.is_dir():
        return
    print("netwatch: compiling kernels (once)", file=sys.stderr)  # noqa: T201 - the only word about a wait
    others = sorted((p for p in folder.parent.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
    for old in others[: 1 - KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


_prepare()
