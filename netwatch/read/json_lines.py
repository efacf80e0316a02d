"""JSON lines to Arrow columns of text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np


def objects(
    block: bytes, starts: np.ndarray, lines: np.ndarray, paths: Sequence[str], envelope: str = ""
) -> tuple[np.ndarray, Any]:
    """Fields of the JSON object on each line, as text.

    Args:
        block: whole lines.
        starts: int64, where each line begins.
        lines: indices of those that may be objects.
        paths: keys; where an object has no such key, dots lead into objects inside it or are written as underscores.
        envelope: key of an object that may hold all of it.

    Returns:
        indices of the lines that are objects, and an Arrow table of these with a column of strings a path.

    """
    import pyarrow as pa

    rows: list[int] = []
    found: list[list[str]] = []
    ends = np.append(starts[1:], len(block))
    for line in lines.tolist():
        try:
            value = json.loads(block[starts[line] : ends[line]])
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            value = value[envelope] if isinstance(value.get(envelope), dict) else value
            rows.append(line)
            found.append([_text(value, path) for path in paths])
    columns = list(zip(*found, strict=True)) if found else [()] * len(paths)
    arrays = [pa.array(column, pa.string()) for column in columns]
    return np.array(rows, np.int64), pa.table(arrays, names=list(paths))


def _text(value: Any, path: str) -> str:
    path = path if path in value or path.replace(".", "_") not in value else path.replace(".", "_")
    if path not in value:
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
    else:
        value = value[path]
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or isinstance(value, dict | list):
        return ""
    # A surrogate cannot be text in Arrow; no address or number has one.
    return str(value)[:100].encode("utf-8", "replace").decode()
