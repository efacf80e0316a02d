"""Reading octets through the whole door, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from netwatch.model.packets import PACKET, Packets
from netwatch.model.tally import Tally
from netwatch.read import ReadOptions
from netwatch.read.base import recognise
from netwatch.read.source import open_source

PLACE = ("frame", "time", "payload_start", "vlan", "carrier", "tunnel", "tunnel_identifier", "payload_captured")
"""Fields that tell of the wrapping rather than of the packet."""


def read(path: Path, **options: object) -> tuple[np.ndarray, Tally, dict[str, object]]:
    """All rows of a file, its tally and details."""
    chosen = ReadOptions(**{"exports": "ignore", **options})
    source = open_source(path, chosen.max_ratio)
    try:
        found = recognise(source.head)
        assert found is not None, "not recognised"
        reader = found[1](source, chosen, 0)
        rows = [batch.rows for batch in reader if isinstance(batch, Packets)]
    finally:
        source.close()
    return np.concatenate(rows) if rows else np.empty(0, PACKET), reader.tally, reader.details


def read_octets(octets: bytes, folder: Path, **options: object) -> tuple[np.ndarray, Tally, dict[str, object]]:
    """As :func:`read`, for octets put into a file."""
    path = folder / "input"
    path.write_bytes(octets)
    return read(path, **options)


def packets_only(rows: np.ndarray) -> list[tuple[object, ...]]:
    """The rows without what tells of the wrapping."""
    names = [name for name in rows.dtype.names if name not in PLACE]
    return [tuple(row[name].item() for name in names) for row in rows]
