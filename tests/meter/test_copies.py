"""Both sides of a router captured into a file each: every packet counts once, and those of one side alone too."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import frames as make
from test_span import beyond, capture, conversations

import netwatch.meter.copies as module
from netwatch.cli import run
from netwatch.kernels.copies import NEAR
from netwatch.meter import Copies, MeterOptions
from netwatch.meter.copies import COPY
from netwatch.model.packets import PACKET, Packets
from netwatch.pipeline.metering import meter_into
from netwatch.read import ReadOptions

PACKETS = conversations(5, 300)
"""Of 0.3 s."""
TOLD = f"{COPY} (counted each time without --dedupe)"


def metered(tmp_path, files, *, dedupe):
    """(packets, octets) in the flows of capture files, and what the comparison said."""
    import pyarrow.parquet as pq

    paths = []
    for number, frames in enumerate(files):
        paths.append(tmp_path / f"{number}.pcap")
        paths[-1].write_bytes(capture(frames))
    made = meter_into(tmp_path / "out.parquet", paths, ReadOptions(), MeterOptions(dedupe=dedupe))
    assert all(tally.balanced for tally in made.tallies)
    table = pq.read_table(tmp_path / "out.parquet")
    sums = [
        sum(sum(table.column(f"{way}{kind}_delta_count").to_pylist()) for way in ("", "reverse_"))
        for kind in ("packet", "octet")
    ]
    return sums, [tally for tally in made.tallies if tally.stage == "captures"]


def test_inspect_tells_of_them(tmp_path, capsys):
    for number, frames in enumerate(sides()):
        (tmp_path / f"{number}.pcap").write_bytes(capture(frames))
    assert run(["inspect", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"{TOLD}: {len(PACKETS):,}" in " ".join(said.split())


def sides(late=40_000, shares=slice(None)):
    here = [(time, make.ethernet(packet)) for time, packet in PACKETS]
    return here, [(time + late, beyond(packet)) for time, packet in PACKETS[shares]]


ONCE = [len(PACKETS), sum(len(packet) for _, packet in PACKETS)]


@pytest.mark.parametrize("late", [0, 40_000, 600_000_000])
def test_both_sides_in_two_files(tmp_path, late):
    sums, (tally,) = metered(tmp_path, sides(late), dedupe=True)
    assert sums == ONCE
    assert (tally.dropped[COPY].units, tally.dropped[COPY].octets) == tuple(ONCE)
    sums, (tally,) = metered(tmp_path, sides(late), dedupe=False)
    assert sums == [2 * value for value in ONCE]
    assert (tally.dropped, tally.notes[TOLD]) == ({}, len(PACKETS))


def test_three_captures_of_the_same(tmp_path):
    here, there = sides()
    sums, (tally,) = metered(tmp_path, [here, there, [(time + 9_000, frame) for time, frame in here]], dedupe=True)
    assert sums == ONCE
    assert tally.dropped[COPY].units == 2 * len(PACKETS)


def test_what_only_one_side_saw_is_kept(tmp_path):
    here, there = sides(shares=slice(500, 900))
    alone = [(time, beyond(packet[:12] + bytes([172, 16, 0, 1]) + packet[16:])) for time, packet in PACKETS[600:700]]
    sums, (tally,) = metered(tmp_path, [here, there + alone], dedupe=True)
    assert sums[0] == len(PACKETS) + len(alone)
    assert tally.dropped[COPY].units == 400


def test_captures_that_follow_each_other_count_whole(tmp_path):
    here, _ = sides()
    sums, told = metered(tmp_path, [here[:700], here[700:]], dedupe=True)
    assert sums == ONCE
    assert all(not tally.dropped for tally in told)


def test_captures_far_apart_are_not_compared():
    copies = Copies([make.BEGIN * 10**9, (make.BEGIN + 3600) * 10**9], dedupe=True)
    rows = np.zeros(3, PACKET)
    rows["time"] = make.BEGIN * 10**9
    assert copies.once(Packets(rows, np.zeros(1, np.uint8), 0)).rows is rows
    assert copies.tallies == []


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 4)), max_size=120))
@settings(max_examples=150, deadline=None)
def test_as_a_plain_count_says(drawn):
    """Of packets that look alike within a second, a capture keeps those that the first to show them had not."""
    drawn = sorted(drawn, key=lambda each: each[0])
    copies = Copies([0, 0, 0], dedupe=True)
    kept = 0
    for number in range(3):
        mine = [(kind, time) for which, kind, time in drawn if which == number]
        rows = np.zeros(len(mine), PACKET)
        rows["tcp_sequence"], rows["time"] = [k for k, _ in mine], [1 + t * NEAR // 10 for _, t in mine]
        kept += len(copies.once(Packets(rows, np.zeros(1, np.uint8), number)))
    first, had, own = {}, Counter(), defaultdict(Counter)
    for number, kind, _ in drawn:
        own[kind][number] += 1
        first.setdefault(kind, number)
        had[kind] = own[kind][first[kind]]
    expected = sum(
        had[kind] + sum(max(0, count - had[kind]) for number, count in counts.items() if number != first[kind])
        for kind, counts in own.items()
    )
    assert kept == expected


def test_the_table_grows_and_says_when_it_may_not(monkeypatch):
    monkeypatch.setattr(module, "SMALLEST", 64)
    monkeypatch.setattr(module, "LARGEST", 1024)
    rows = np.zeros(5000, PACKET)
    rows["tcp_sequence"], rows["time"] = np.arange(5000), 1
    copies = Copies([0, 0], dedupe=True)
    for start in range(0, 5000, 100):
        copies.once(Packets(rows[start : start + 100], np.zeros(1, np.uint8), 0))
    left = copies.once(Packets(rows, np.zeros(1, np.uint8), 1))
    assert len(left) == 5000 - 768
    (tally,) = copies.tallies
    assert tally.balanced
    assert tally.notes["packet not compared with other captures (too many at once)"] >= 5000 - 768
