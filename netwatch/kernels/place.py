"""Where compiled kernels are kept: a folder of the user's for this edition of them.

``NUMBA_CACHE_DIR`` overrides the place; editions lie apart there too, for code of other kernels must never run.
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from pathlib import Path

from netwatch.editions import edition, private, prune


def _place() -> Path:
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    parent = Path(chosen) / "netwatch" if chosen else private("kernels")
    if parent is None:
        return Path(tempfile.mkdtemp(prefix="netwatch-"))
    return parent / edition(sorted(Path(__file__).parent.glob("*.py")), ["numba"])


@functools.cache
def folder() -> Path:
    """The folder; made, and said on stderr, where kernels are about to be compiled."""
    folder = _place()
    if folder.is_dir():
        return folder
    print("netwatch: compiling kernels (once)", file=sys.stderr)  # noqa: T201 - the only word about a wait
    folder.mkdir(parents=True, exist_ok=True)
    prune(folder.parent)
    return folder
