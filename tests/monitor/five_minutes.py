"""Small five-minute files of NetFlow version 5 messages, by time and seed: traffic with a day's course and a flood."""

from __future__ import annotations

from pathlib import Path

import numpy as np

START = 1_548_979_200  # 2019-02-01T00:00:00Z
OWN = "175.45.176.0/22"
WATCH = f"""[watch.home]
prefix = ["{OWN}"]
[source.spool]
path = "spool"
settle = "0s"
"""
"""What a configuration says of these files: whose they are, and that they lie whole in a directory "spool"."""
HEADER = np.dtype([
    ("version", ">u2"), ("count", ">u2"), ("uptime", ">u4"), ("seconds", ">u4"), ("nanoseconds", ">u4"),
    ("sequence", ">u4"), ("engine", ">u2"), ("sampling", ">u2"),
])  # fmt: skip
RECORD = np.dtype([
    ("source", ">u4"), ("destination", ">u4"), ("next_hop", ">u4"), ("input", ">u2"), ("output", ">u2"),
    ("packets", ">u4"), ("octets", ">u4"), ("first", ">u4"), ("last", ">u4"), ("source_port", ">u2"),
    ("destination_port", ">u2"), ("pad", "u1"), ("flags", "u1"), ("protocol", "u1"), ("tos", "u1"),
    ("source_as", ">u2"), ("destination_as", ">u2"), ("masks", ">u2"), ("pad2", ">u2"),
])  # fmt: skip
UPTIME = 100_000_000  # ms


def records(index: int, flows: int, seed: int, *, flood: bool = False, times: float = 1.0) -> np.ndarray:
    """The flows that end in five minutes ``index`` of the year; times in ms of uptime."""
    rng = np.random.default_rng([seed, index])
    hour = index / 12 % 24
    n = max(1, int(flows * (1 + 0.5 * np.sin((hour - 9) / 24 * 2 * np.pi))))
    made = np.zeros(n, RECORD)
    own = (175 << 24 | 45 << 16 | 176 << 8) + rng.integers(0, 1024, n)
    other = (93 << 24) + rng.integers(0, 5000, n)
    made["source"], made["destination"] = own, other
    made["packets"] = rng.integers(1, 200, n)
    made["octets"] = (made["packets"] * rng.integers(60, 1400, n) * times).astype(np.int64)
    made["last"] = UPTIME + rng.integers(0, 300_000, n)
    made["first"] = made["last"] - rng.integers(0, 200_000, n)
    made["source_port"] = rng.integers(1024, 65535, n)
    made["destination_port"] = rng.choice([443, 80, 53, 22, 993], n)
    made["protocol"] = np.where(made["destination_port"] == 53, 17, 6)
    questions = made["protocol"] == 17
    made["packets"][questions] = 1
    made["octets"][questions] = rng.integers(55, 90, int(questions.sum()))
    made["first"][questions] = made["last"][questions]
    made["flags"] = np.where(made["protocol"] == 6, 0x1B, 0)
    if flood:
        hostile = np.zeros(3000, RECORD)
        hostile["source"] = rng.integers(1 << 24, 220 << 24, 3000)
        hostile["destination"] = (175 << 24 | 45 << 16 | 176 << 8) + 10
        hostile["packets"], hostile["octets"] = 300, 300 * 40
        hostile["last"] = UPTIME + rng.integers(0, 300_000, 3000)
        hostile["first"] = hostile["last"] - 100
        hostile["source_port"] = rng.integers(1024, 65535, 3000)
        hostile["destination_port"], hostile["protocol"], hostile["flags"] = 80, 6, 2
        made = np.concatenate([made, hostile]).astype(RECORD)  # joining makes them native
    return made[np.argsort(made["last"], kind="stable")]


def octets(index: int, made: np.ndarray, sequence: int = 0) -> bytes:
    """Messages of at most 30 records, laid end to end."""
    out = []
    for at in range(0, len(made), 30):
        some = made[at : at + 30]
        head = np.zeros(1, HEADER)
        head["version"], head["count"] = 5, len(some)
        head["uptime"], head["seconds"] = UPTIME, START + 300 * index
        head["sequence"] = sequence + at
        out.append(head.tobytes() + some.tobytes())
    return b"".join(out)


def write(spool: Path, index: int, flows: int = 50, seed: int = 1, **kinds: float) -> Path:
    """The file of one interval; its name sorts by time."""
    path = spool / f"v5.{index:06d}"
    path.write_bytes(octets(index, records(index, flows, seed, **kinds)))
    return path
