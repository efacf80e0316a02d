"""A query gets more memory where it cannot do with less: what is counted exactly cannot all go to disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from netwatch.errors import OutputError

T = TypeVar("T")
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
SHARE = 0.8
"""Of the machine's memory, at most."""


def answered(engine: Any, text: str, fetch: Callable[[Any], T]) -> T:
    """What ``fetch`` makes of the answer to an SQL text.

    Raises:
        OutputError: not even the machine's memory is enough.
    """
    import duckdb

    while True:
        try:
            return fetch(engine.execute(text))
        except duckdb.OutOfMemoryException as fault:
            if not widened(engine):
                raise OutputError("not enough memory to judge so many flows at once") from fault


def widened(engine: Any) -> bool:
    """Let the engine hold twice as much; False where that is more than the machine has to give."""
    number, unit = engine.execute("SELECT current_setting('memory_limit')").fetchone()[0].split()
    wanted = 2 * int(float(number) * _UNITS[unit])
    if wanted > SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
        return False
    engine.execute(f"SET memory_limit = '{wanted >> 20}MiB'")
    return True
