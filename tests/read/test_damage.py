"""Every cut and every changed octet of a small file of each format: nothing is raised, nothing is uncounted.

The ordinary run takes some places of each file, always the same; ``NETWATCH_DAMAGE=all`` takes them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from naive import samples

from netwatch.model.flows import Flows
from netwatch.model.packets import PACKET, Packets
from netwatch.model.tally import Tally
from netwatch.read.base import ReadOptions, recognise
from netwatch.read.capture import EXPORT_NOTE, CaptureReader
from netwatch.read.lines import NO_END
from netwatch.read.source import open_source

SAMPLES = samples.samples()
EVERY = os.environ.get("NETWATCH_DAMAGE") == "all"
MOST = 24
"""Places of a file that the ordinary run takes."""
MASKS = (0x01, 0x80, 0xFF, 0x20, 0x02, 0x04, 0x08, 0x10, 0x40)
FIELDS = [name for name in PACKET.names or () if name != "payload_start"]


class Read(NamedTuple):
    """What was read: a list of the values of each row, and the account."""

    packets: list[tuple[object, ...]]
    flows: list[tuple[object, ...]]
    tally: Tally


def read(octets: bytes, path: Path) -> Read | None:
    """Read octets to their end and hold the law; None where no reader takes them."""
    path.write_bytes(octets)
    source = open_source(path, 300)
    try:
        found = recognise(source.head)
        if found is None:
            return None
        reader = found[1](source, ReadOptions(), 0)
        batches = list(reader)
    finally:
        source.close()
    packets = [row for batch in batches if isinstance(batch, Packets) for row in batch.rows[FIELDS].tolist()]
    flows = [row for batch in batches if isinstance(batch, Flows) for row in _rows(batch)]
    tally, extra = reader.tally, getattr(reader, "extra_tallies", [])
    assert all(each.balanced and each.lost >= 0 for each in (tally, *extra))
    if isinstance(reader, CaptureReader):
        assert tally.kept == len(packets) + tally.notes[EXPORT_NOTE]
        assert sum(each.kept for each in extra) == len(flows)
        # What the frames say of their size on the wire, added up apart from the tally.
        assert tally.notes["layer-3 octets"] >= sum(packet[FIELDS.index("ip_length")] for packet in packets)
    else:
        assert tally.kept == len(flows)
        # Every octet of the file is accounted, for all that read whole files.
        assert tally.seen_octets == len(octets) or source.compression or reader.name == "parquet"
    return Read(packets, flows, tally)


def _rows(flows: Flows) -> Iterator[tuple[object, ...]]:
    columns = [column.tolist() for column in flows.columns.values()]
    return (tuple(map(str, row)) for row in zip(*columns, strict=True))


class Whole(NamedTuple):
    """A sample read whole, where its parts begin, and the rows (packets, flows) that are had before each of them."""

    read: Read
    starts: list[int]
    had: list[tuple[int, int]]

    def part(self, place: int) -> int:
        """The part in which an octet lies; as a length, how many parts are whole."""
        return sum(start <= place for start in self.starts) - 1

    def holds(self, other: Read, part: int) -> bool:
        """Whether all that is before a part was read as ever."""
        packets, flows = self.had[part]
        same = other.packets[:packets] == self.read.packets[:packets]
        return same and other.flows[:flows] == self.read.flows[:flows]


def whole(sample: samples.Sample, path: Path) -> Whole:
    """Read it whole and up to each part."""
    found = read(sample.octets, path)
    assert found is not None
    assert (len(found.packets), len(found.flows)) == (sample.packets, sample.flows)
    starts, had = [0], [(0, 0)]
    for part in sample.parts:
        starts.append(starts[-1] + len(part))
        before = read(sample.octets[: starts[-1]], path)
        had.append((len(before.packets), len(before.flows)) if before else (0, 0))
    return Whole(found, starts, had)


def places(size: int) -> list[int]:
    """All, or some that are spread evenly and hit every remainder of 2, 4 and 8."""
    step = 1 if EVERY else max(1, size // MOST) | 1
    return list(range(0, size, step))


def looks_padded(name: str, rest: bytes) -> bool:
    """Whether the beginning of a part is zeros that may as well end the NetFlow v9 message before it."""
    return name == "NetFlow v9" and not any(rest)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cut(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    known = whole(sample, tmp_path / "input")
    for size in {*places(len(sample.octets)), *known.starts}:
        found, part = read(sample.octets[:size], tmp_path / "input"), known.part(size)
        if found is None:
            assert known.had[part] == (0, 0), size
            continue
        assert known.holds(found, part), size
        if size in known.starts and name not in ("Parquet", *samples.PACK):
            assert not found.tally.incomplete and (len(found.packets), len(found.flows)) == known.had[part], size
        elif size < len(sample.octets) and not looks_padded(name, sample.octets[known.starts[part] : size]):
            assert found.tally.incomplete or NO_END in found.tally.notes, size


@pytest.mark.parametrize("name", SAMPLES)
def test_every_flip(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    known = whole(sample, tmp_path / "input")
    octets = sample.octets
    for place in places(len(octets)):
        for mask in MASKS if EVERY else MASKS[place % 4 : place % 4 + 1]:
            bent = octets[:place] + bytes([octets[place] ^ mask]) + octets[place + 1 :]
            found, part = read(bent, tmp_path / "input"), known.part(place)
            if part and found:
                assert known.holds(found, part), (place, mask)
            if found and name in samples.PACK:
                same = found.packets == known.read.packets
                assert same or found.tally.incomplete, (place, mask)
