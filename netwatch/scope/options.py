"""What a user can say about whose traffic is watched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ScopeOptions:
    """The watched networks; nothing given means that the whole capture is watched.

    ``asn``: AS numbers as people write them. ``prefix``: prefixes or addresses. ``country``: two letters each.
    ``watch``: a TOML file of named groups of these. ``table``: a prefix table to use instead of the bundled and the
    imported ones.
    """

    asn: tuple[str | int, ...] = ()
    prefix: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    watch: Path | None = None
    table: Path | None = None
