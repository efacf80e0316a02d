"""pcapng beyond packets: statistics, drop counters, blocks to skip, sections, faults."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from naive import frames as make
from naive.reading import read_octets

FRAMES = [make.ethernet(p) for p in make.conversation(6)]
TICKS = 1_546_300_800_000_000
START = make.section() + make.interface(1)
BAD_TIME = "time before 1970 or beyond the year 2262"


def statistics(ident: int, drops: int, order: str = "<") -> bytes:
    body = struct.pack(order + "III", ident, 0, 0)
    body += make.option(5, struct.pack(order + "Q", drops), order) + make.option(0, b"", order)
    return make.block(5, body, order)


@pytest.mark.parametrize("order", "<>")
def test_blocks_that_are_not_packets_are_skipped(order: str, tmp_path: Path) -> None:
    others = [make.block(kind, bytes(16), order) for kind in (4, 9, 10, 0x0BAD, 0x4000_0BAD, 0x7777)]
    octets = make.section(order) + make.interface(1, order)
    for frame, other in zip(FRAMES, others, strict=True):
        octets += other + make.enhanced(frame, TICKS, 0, order)
    rows, tally, _ = read_octets(octets, tmp_path)
    assert len(rows) == 6 and tally.balanced and not tally.incomplete


@pytest.mark.parametrize("order", "<>")
def test_losses_told_by_interfaces_are_counted(order: str, tmp_path: Path) -> None:
    octets = make.section(order) + make.interface(1, order) + make.interface(1, order)
    octets += make.enhanced(FRAMES[0], TICKS, 0, order)
    octets += statistics(0, 5, order) + statistics(1, 2, order) + statistics(0, 9, order)
    _, tally, details = read_octets(octets, tmp_path)
    assert tally.lost == 11 and details["interfaces"] == 2


@pytest.mark.parametrize("order", "<>")
def test_losses_told_by_packets_are_counted(order: str, tmp_path: Path) -> None:
    octets = make.section(order) + make.interface(1, order)
    option = make.option(1, b"note", order) + make.option(4, struct.pack(order + "Q", 12), order)
    octets += make.enhanced(FRAMES[1], TICKS, 0, order, option + make.option(0, b"", order))
    old = struct.pack(order + "HHIIII", 0, 30, TICKS >> 32, TICKS & 0xFFFF_FFFF, len(FRAMES[2]), len(FRAMES[2]))
    octets += make.block(2, old + FRAMES[2], order)
    rows, tally, _ = read_octets(octets, tmp_path)
    assert len(rows) == 2 and tally.lost == 42
    assert rows["time"].tolist() == [TICKS * 1000] * 2


def test_a_simple_packet_takes_the_time_before_it(tmp_path: Path) -> None:
    octets = START + make.enhanced(FRAMES[0], TICKS) + make.block(3, struct.pack("<I", len(FRAMES[1])) + FRAMES[1])
    rows, tally, _ = read_octets(octets, tmp_path)
    assert rows["time"].tolist() == [TICKS * 1000] * 2
    assert tally.notes["without time (Simple Packet Block)"] == 1


def test_interfaces_belong_to_their_section(tmp_path: Path) -> None:
    octets = START + make.interface(101) + make.enhanced(FRAMES[0], TICKS)
    octets += make.section(">") + make.interface(1, ">") + make.enhanced(FRAMES[1], TICKS, 0, ">")
    octets += make.enhanced(FRAMES[2], TICKS, 1, ">")
    rows, tally, details = read_octets(octets, tmp_path)
    assert len(rows) == 2 and details["sections"] == 2
    assert tally.dropped["interface not described"].units == 1


@pytest.mark.parametrize(
    ("resolution", "offset", "ticks", "want"),
    [
        (0, 0, 1_546_300_800, 1_546_300_800 * 10**9),
        (3, 0, 1_546_300_800_123, 1_546_300_800_123 * 10**6),
        (9, 0, 1_546_300_800_123_456_789, 1_546_300_800_123_456_789),
        (10, 0, 1_546_300_800_123_456_789 * 10 + 5, 1_546_300_800_123_456_789),
        (6, -3600, TICKS, (TICKS - 3600 * 10**6) * 1000),
        (0x80 | 1, 0, 3, 1_500_000_000),
        (0x80 | 10, 100, 1024 * 7 + 512, 107_500_000_000),
        (0x80 | 60, 0, 5 << 60 | 1 << 59, 5_500_000_000),
    ],
)
def test_resolutions_and_offsets(resolution: int, offset: int, ticks: int, want: int, tmp_path: Path) -> None:
    options = make.option(9, bytes([resolution])) + make.option(14, struct.pack("<q", offset))
    octets = make.section() + make.interface(1, options=options) + make.enhanced(FRAMES[0], ticks)
    rows, _, _ = read_octets(octets, tmp_path)
    assert rows["time"].tolist() == [want]


def test_a_time_that_cannot_be_is_left_out(tmp_path: Path) -> None:
    options = make.option(9, b"\0")
    octets = make.section() + make.interface(1, options=options) + make.enhanced(FRAMES[0], 1 << 62)
    _, tally, _ = read_octets(octets, tmp_path)
    assert tally.dropped[BAD_TIME].units == 1 and tally.balanced


@pytest.mark.parametrize(("offset", "want"), [(-3_000_000_000, []), (-1, []), (0, [1_000_000_000])])
def test_a_time_before_1970_is_left_out(offset: int, want: list[int], tmp_path: Path) -> None:
    options = make.option(14, struct.pack("<q", offset))
    late = make.enhanced(FRAMES[0], 1_000_000) if offset == 0 else make.enhanced(FRAMES[0], 999_999)
    rows, tally, _ = read_octets(make.section() + make.interface(1, options=options) + late, tmp_path)
    assert rows["time"].tolist() == want
    assert bool(want) or (tally.dropped[BAD_TIME].units == 1 and tally.balanced)


def test_lengths_that_disagree_end_the_reading(tmp_path: Path) -> None:
    block = make.enhanced(FRAMES[0], TICKS)
    octets = START + block + block[:-4] + struct.pack("<I", len(block) + 4) + block
    rows, tally, _ = read_octets(octets, tmp_path)
    assert len(rows) == 1
    assert tally.incomplete == f"corrupt record at octet {len(START) + len(block):,}"


def test_a_captured_length_beyond_its_block(tmp_path: Path) -> None:
    block = bytearray(make.enhanced(FRAMES[0], TICKS))
    block[20:24] = struct.pack("<I", 1 << 31)
    _, tally, _ = read_octets(START + bytes(block), tmp_path)
    assert tally.dropped["captured length beyond its block"].units == 1 and tally.balanced


def test_a_flood_of_interfaces_is_bounded(tmp_path: Path) -> None:
    octets = make.section() + make.interface(1) * 70_000 + make.enhanced(FRAMES[0], TICKS)
    _, tally, _ = read_octets(octets, tmp_path)
    assert tally.incomplete.startswith("corrupt record")
