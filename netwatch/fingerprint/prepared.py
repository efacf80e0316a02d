"""Queries as SQL text kept on disk from one run to the next: to build and compile all of them takes about a second.

Text is kept per query and tables it reads, in a folder of the user's for this edition of the sources that make it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netwatch.editions import edition, private, prune, put, whole

if TYPE_CHECKING:
    import pyarrow as pa

_ROOT = "netwatch"
_MADE_OF = ("fingerprint", "model")
"""Parts of the package whose sources say what a query is; one from elsewhere is not kept."""
_MADE_WITH = ("ibis-framework", "sqlglot", "duckdb", "pyarrow")


class Prepared(NamedTuple):
    """``text``: SQL in DuckDB's words; ``schema`` that its answer is cast to."""

    text: str
    schema: pa.Schema


def path_of(query: Callable[..., Any], tables: object) -> Path | None:
    """Where a query over such tables is kept; ``tables`` tells their names and columns by its ``repr``.

    None where it cannot be told from others by its name (it is no function of a module of this stage), or where there
    is no folder to keep it in.
    """
    module, name = query.__module__, query.__qualname__
    here = module.startswith(f"{_ROOT}.{_MADE_OF[0]}.") and getattr(sys.modules[module], name, None) is query
    folder = _folder() if here else None
    if folder is None:
        return None
    digest = hashlib.sha256(repr(tables).encode()).hexdigest()[:16]
    return folder / f"{module.removeprefix(f'{_ROOT}.')}.{name}-{digest}.sql"


@cache
def _folder() -> Path | None:
    parent = private("queries")
    if parent is None:
        return None
    package = Path(__file__).parents[1]
    sources = [path for part in _MADE_OF for path in sorted((package / part).rglob("*.py"))]
    folder = parent / edition(sources, _MADE_WITH)
    try:
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            prune(parent)
    except OSError:  # as where there is no such folder: every run compiles for itself
        return None
    return folder


def kept(path: Path) -> Prepared | None:
    """What was kept; None where nothing was, or it is not whole."""
    import pyarrow as pa

    octets = whole(path)
    if octets is None:
        return None
    schema = pa.ipc.read_schema(pa.py_buffer(octets))
    return Prepared(schema.metadata[b"sql"].decode(), schema.remove_metadata())


def keep(path: Path, prepared: Prepared) -> None:
    """Put a query where :func:`kept` finds it; a disk that takes nothing costs time only."""
    octets = prepared.schema.with_metadata({"sql": prepared.text}).serialize().to_pybytes()
    try:
        put(path, octets)
    except OSError:
        return
