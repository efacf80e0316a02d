"""Writes ``truth.toml``: what a scenario put into its files, for tests to compare with."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path


def write_truth(out: Path, truth: Mapping[str, object]) -> Path:
    """``truth.toml`` in ``out``. Values are scalars, lists of scalars, tables, or lists of tables (TOML 1.0)."""
    path = out / "truth.toml"
    path.write_text("\n".join(_table("", truth)).strip() + "\n", encoding="utf-8")
    return path


def _table(name: str, table: Mapping[str, object]) -> list[str]:
    lines, nested = [], []
    for key, value in table.items():
        inner = f"{name}.{key}" if name else key
        if isinstance(value, Mapping):
            nested += ["", f"[{inner}]", *_table(inner, value)]
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            for row in value:
                nested += ["", f"[[{inner}]]", *_table(inner, row)]
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    return lines + nested


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(round(value, 6))
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, int):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False)


def instant(seconds: float) -> dt.datetime:
    """Seconds since 1970 as a UTC time, to the second."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)
