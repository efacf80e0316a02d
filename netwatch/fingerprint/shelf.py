"""The lists of names that a user took in: further pools, and warning lists of names that are nobody's pool."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from netwatch.errors import OutputError, UsageError

LARGEST = 32 * 1024 * 1024
"""Octets of a list."""
POOLS, WARNINGS = "pools", "warnings"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A list on the shelf: ``kind`` "pools" (CSV) or "warnings" (JSON of the MISP warning lists)."""

    kind: str
    path: Path


def user_directory() -> Path:
    """Where lists are kept: ``$XDG_DATA_HOME/netwatch/knowledge`` (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_DATA_HOME") or ""
    return (Path(base) if Path(base).is_absolute() else Path("~/.local/share").expanduser()) / "netwatch" / "knowledge"


def shelved() -> list[Shelved]:
    """The lists that were taken in, by name."""
    kinds = {".csv": POOLS, ".json": WARNINGS}
    return [Shelved(kinds[p.suffix], p) for p in sorted(user_directory().glob("*")) if p.suffix in kinds]


def read_list(path: Path) -> str:
    """The text of a list.

    Raises:
        UsageError: not readable, no UTF-8, or larger than 32 MiB.

    """
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than 32 MiB")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"{path}: not a list of names: {fault}") from fault


def warned_names(text: str, name: str) -> frozenset[str]:
    """The host names of a MISP warning list (``{"name": ..., "type": "hostname", "list": [...]}``).

    Raises:
        UsageError: no such JSON, or a list of something else than names.

    """
    try:
        written = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"{name}: not a warning list: {fault}") from fault
    if not isinstance(written, dict) or not isinstance(written.get("list"), list):
        raise UsageError(f"{name}: a warning list is a JSON object with a 'list'")
    if written.get("type", "hostname") not in ("hostname", "string"):
        raise UsageError(f"{name}: a list of type {written['type']!r}; only host names can be compared")
    found = {entry.strip().lower().strip(".") for entry in written["list"] if isinstance(entry, str)}
    return frozenset(entry for entry in found if entry)


def put(text: str, kind: str, name: str) -> Path:
    """Keep a checked list under the name of its file, in place of one of the same name.

    Raises:
        OutputError: it cannot be written.

    """
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", Path(name).stem) or "list"
    place = user_directory() / (stem + (".csv" if kind == POOLS else ".json"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(".part")
        part.write_text(text, "utf-8")
        part.replace(place)
    except OSError as fault:
        raise OutputError(f"cannot keep {place}: {fault.strerror}") from fault
    return place
