"""Arrays to arrays: the Numba loops over every packet and flow.

Importing this package says where compiled kernels are kept; it must happen before ``numba`` is imported, so kernels are
written in its modules only. ``NUMBA_CACHE_DIR`` overrides the place.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path


def _place() -> Path:
    """A folder that the user can write also where the package is installed for all, or runs from cron without HOME."""
    import tempfile

    base = os.environ.get("XDG_CACHE_HOME") or ""
    home = Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()
    name = f"numba-{version('numba')}-py{sys.version_info.major}{sys.version_info.minor}"
    for folder in (home / "netwatch" / name, Path(tempfile.gettempdir()) / f"netwatch-{os.getuid()}" / name):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        # Compiled code is run: a folder in which others could put theirs is not used.
        if os.access(folder, os.W_OK) and folder.stat().st_uid == os.getuid():
            return folder
    return Path(tempfile.mkdtemp(prefix="netwatch-"))


def _prepare() -> None:
    if "NUMBA_CACHE_DIR" in os.environ or "numba" in sys.modules:
        return
    folder = _place()
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if not any(folder.rglob("*.nbi")):
        print("netwatch: compiling kernels (once, about 20 s)", file=sys.stderr)  # noqa: T201 - the only word about it


_prepare()
