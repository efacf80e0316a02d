"""pcap files that are cut, bent or odd: what was read before the fault stays, and the tally tells of it."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive import frames as make
from naive.reading import packets_only, read_octets

from netwatch.read.pcap import JOINED_NOTE

FRAMES = [make.ethernet(p) for p in make.conversation(6)]
SMALL = {
    "pcap": make.pcap(FRAMES),
    "pcapng": make.pcapng(FRAMES),
    "snoop": make.snoop(FRAMES),
    "erf": make.erf(FRAMES),
    "gzip": gzip.compress(make.pcap(FRAMES), mtime=0),
}


def attempt(octets: bytes, folder: Path):
    """Read octets, if anything recognises them; the tally law always holds."""
    try:
        rows, tally, _ = read_octets(octets, folder)
    except AssertionError as error:
        assert "not recognised" in str(error)
        return None
    assert tally.balanced
    assert tally.kept == len(rows)
    return rows, tally


@pytest.mark.parametrize("name", SMALL)
def test_every_cut_keeps_what_came_before(name: str, tmp_path: Path) -> None:
    whole, _ = attempt(SMALL[name], tmp_path)
    before = 0
    for size in range(len(SMALL[name])):
        result = attempt(SMALL[name][:size], tmp_path)
        if result is None:
            continue
        rows, tally = result
        assert packets_only(rows) == packets_only(whole)[: len(rows)]
        assert len(rows) >= before
        before = len(rows)
        if len(rows) < 6 and name in ("pcap", "gzip"):
            borders = [24 + sum(16 + len(f) for f in FRAMES[:i]) for i in range(7)]
            assert bool(tally.incomplete) == (name == "gzip" or size not in borders)


@pytest.mark.parametrize("name", SMALL)
def test_every_changed_octet_keeps_the_tally_law(name: str, tmp_path: Path) -> None:
    for place in range(len(SMALL[name])):
        for flip in (0x01, 0x80, 0xFF):
            octets = bytearray(SMALL[name])
            octets[place] ^= flip
            attempt(bytes(octets), tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(SMALL)), st.binary(max_size=300), st.integers(0, 120))
def test_arbitrary_octets_behind_a_real_start(tmp_path: Path, name: str, noise: bytes, start: int) -> None:
    attempt(SMALL[name][:start] + noise, tmp_path)


def test_a_cut_says_where(tmp_path: Path) -> None:
    rows, tally = attempt(SMALL["pcap"][:-1], tmp_path)
    last = len(SMALL["pcap"]) - 16 - len(FRAMES[-1])
    assert len(rows) == 5
    assert tally.incomplete == f"cut short in a record at octet {last:,}"


def test_an_impossible_length_ends_the_reading(tmp_path: Path) -> None:
    octets = bytearray(make.pcap(FRAMES))
    second = 24 + 16 + len(FRAMES[0])
    octets[second + 8 : second + 12] = struct.pack("<I", 0x7FFF_FFFF)
    rows, tally = attempt(bytes(octets), tmp_path)
    assert len(rows) == 1
    assert tally.incomplete == f"corrupt record at octet {second:,}"


def test_a_snaplen_of_zero(tmp_path: Path) -> None:
    rows, tally = attempt(make.pcap(FRAMES, snaplen=0), tmp_path)
    assert len(rows) == 0 and tally.seen == 6
    assert tally.dropped["captured too short for an IP header"].units == 6
    assert tally.seen_octets == sum(map(len, FRAMES))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D, 0x1C0001AC])
def test_captures_joined_end_to_end_are_one(order: str, magic: int, tmp_path: Path) -> None:
    raw = [frame[14:] for frame in FRAMES]
    one = make.pcap(FRAMES, order=order, magic=magic)
    two = make.pcap(raw, link=101, order=order, magic=magic)
    rows, tally, _ = read_octets(one + two + one, tmp_path)
    alone, _, _ = read_octets(one, tmp_path)
    assert rows["time"].tolist() == alone["time"].tolist() * 3
    assert rows["ip_length"].tolist() == alone["ip_length"].tolist() * 3
    assert tally.notes[JOINED_NOTE] == 2
    assert not tally.incomplete and not tally.dropped
    assert tally.notes["link type raw IP"] == len(raw)


def test_a_capture_of_another_kind_behind_one_is_not_read(tmp_path: Path) -> None:
    rows, tally, _ = read_octets(SMALL["pcap"] + make.pcap(FRAMES, order=">"), tmp_path)
    assert len(rows) == len(FRAMES) and tally.incomplete


def test_what_is_not_ip_is_named(tmp_path: Path) -> None:
    odd = [
        make.ethernet(bytes(46), 0x0806),
        make.ethernet(bytes(46), 0x88CC),
        make.MAC + b"\x00\x26\x42\x42\x03" + bytes(43),
        make.ethernet(bytes(46), 0x1234),
        make.ethernet(b"\x20" + bytes(45)),
    ]
    _, tally = attempt(make.pcap(odd + FRAMES), tmp_path)
    assert {reason: drop.units for reason, drop in tally.dropped.items()} == {
        "not IP: ARP": 1,
        "not IP: LLDP": 1,
        "not IP: spanning tree": 1,
        "not IP: EtherType 0x1234": 1,
        "IP header malformed": 1,
    }
    assert tally.dropped["not IP: ARP"].offsets == [40]
    assert tally.kept == 6


def test_an_unknown_link_type_is_named(tmp_path: Path) -> None:
    _, tally = attempt(make.pcap(FRAMES, 189), tmp_path)
    assert list(tally.dropped) == ["link type not known: USB"]
    assert tally.kept == 0 and tally.seen == 6


def test_many_kinds_of_noise_do_not_fill_the_tally(tmp_path: Path) -> None:
    noise = [make.ethernet(bytes(46), 0x4000 + i) for i in range(3000)]
    _, tally = attempt(make.pcap(noise), tmp_path)
    assert len(tally.dropped) < 80 and tally.seen == 3000


def test_lengths_exchanged_in_old_files(tmp_path: Path) -> None:
    octets = bytearray(make.pcap(FRAMES, snaplen=50))
    octets[4:8] = struct.pack("<HH", 2, 2)
    place = 24
    for frame in FRAMES:
        octets[place + 8 : place + 16] = octets[place + 12 : place + 16] + octets[place + 8 : place + 12]
        place += 16 + min(len(frame), 50)
    rows, tally = attempt(bytes(octets), tmp_path)
    assert len(rows) == 6 and not tally.incomplete
