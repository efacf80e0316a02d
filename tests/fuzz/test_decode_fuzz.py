"""Bent frames by the thousand through the decoding kernel: nothing is raised, nothing is uncounted.

``NETWATCH_FUZZ=10000000`` says how many; the ordinary run takes some hundred thousand.
"""

from __future__ import annotations

import os

import numpy as np
from naive import frames as make

from netwatch.kernels.decode import COUNTS, REASONS, decode
from netwatch.kernels.frames import FRAME, walk_erf, walk_pcap, walk_pcapng, walk_snoop
from netwatch.model.packets import PACKET

HOW_MANY = int(os.environ.get("NETWATCH_FUZZ", "300000"))
BATCH = 8192


def seeds() -> list[bytes]:
    packets = [*make.conversation(3), *make.conversation(3, make.ipv6)]
    wrapped = [wrap(p) for p in packets for wrap in make.TUNNELS.values()]
    framed = [wrap(p) for p in packets for _, wrap in make.LINKS.values()]
    return packets + wrapped + framed + [make.ethernet(w, make.kind_of(w)) for w in wrapped]


def bent(rng: np.random.Generator, whole: list[bytes], size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(octets, starts, lengths) of ``size`` frames with a few octets changed each, and half of them cut."""
    chosen = rng.integers(0, len(whole), size)
    frames = [whole[i] for i in chosen]
    lengths = np.array([len(f) for f in frames])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    octets = np.frombuffer(b"".join(frames), np.uint8).copy()
    for _ in range(3):
        places = starts + rng.integers(0, np.minimum(lengths, 120))
        values = rng.choice(np.array([0, 1, 4, 6, 0x45, 0x60, 0x7F, 0x80, 0xFF, 0x11, 0x2F, 0x29]), size)
        hit = rng.random(size) < 0.5
        octets[places[hit]] = np.where(rng.random(hit.sum()) < 0.5, values[hit], rng.integers(0, 256, hit.sum()))
    cut = np.where(rng.random(size) < 0.5, rng.integers(0, lengths + 1), lengths)
    octets.flags.writeable = False
    return octets, starts, cut


def test_frames() -> None:
    rng = np.random.default_rng(7)
    whole = seeds()
    links = np.array(
        [1, 101, *{link for link, _ in make.LINKS.values()}, 6, 14, 100, 117, 119, 163, 226, 240, 274, 9999]
    )
    table, rows = np.zeros(BATCH, FRAME), np.zeros(BATCH, PACKET)
    candidates, counts = np.zeros(BATCH, np.int64), np.zeros(COUNTS, np.int64)
    done = kept_before = 0
    while done < HOW_MANY:
        octets, starts, lengths = bent(rng, whole, BATCH)
        table["status"] = 0
        table["start"], table["captured"], table["wire"] = starts, lengths, lengths + rng.integers(0, 3, BATCH)
        table["link"] = rng.choice(links, BATCH)
        kept, found = decode(octets, table, 1, rows, candidates, counts, bool(done // BATCH % 2))
        assert kept == (table["status"] == 0).sum() and found <= kept
        assert set(np.unique(table["status"])) <= {0, *REASONS}
        good = rows[:kept]
        assert (good["payload_captured"] <= good["payload_length"]).all()
        reach = good["payload_start"] + good["payload_captured"]
        assert (good["payload_start"] >= 0).all()
        assert (reach[good["payload_captured"] > 0] <= len(octets)).all()
        done += BATCH
        kept_before += kept
    assert kept_before


def test_records() -> None:
    rng = np.random.default_rng(8)
    plain = [make.ethernet(p) for p in make.conversation(4)]
    files = [make.pcap(plain), make.pcapng(plain), make.snoop(plain), make.erf(plain)]
    interfaces = np.array([[1, 1_000_000, 0, 0, 0]], np.int64)
    layout = np.array([0, 1000, 16, 1, 0, 0xA1B2C3D4], np.int64)
    links = np.ones(128, np.int64)
    frames = np.zeros(64, FRAME)
    for _ in range(max(HOW_MANY // 100, 1000)):
        octets = np.frombuffer(files[rng.integers(0, 4)], np.uint8)[: rng.integers(0, 1000)].copy()
        if len(octets):
            octets[rng.integers(0, len(octets), 4)] = rng.integers(0, 256, 4)
        octets.flags.writeable = False
        start = int(rng.integers(0, 64))
        walks = (
            walk_pcap(octets, start, frames, layout),
            walk_pcapng(octets, start, frames, bool(rng.integers(0, 2)), interfaces, np.zeros(3, np.int64)),
            walk_snoop(octets, start, frames, 1),
            walk_erf(octets, start, frames, links),
        )
        for count, position, *_ in walks:
            assert 0 <= count <= 64
            assert position == start or position <= len(octets)
