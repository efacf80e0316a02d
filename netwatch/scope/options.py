"""What a user can say about whose traffic is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ScopeOptions:
    """The watched networks; nothing given means that the whole capture is watched.

    ``asn``: AS numbers as people write them. ``prefix``: prefixes or addresses. ``country``: two letters each.
    ``watch``: a TOML file of named groups of these; ``groups``: such groups, as that file's tables. ``table``: a prefix
    table to use instead of the bundled and the imported ones.
    """

    asn: tuple[str | int, ...] = ()
    prefix: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    watch: Path | None = None
    groups: Mapping[str, Any] = field(default_factory=dict)
    table: Path | None = None
