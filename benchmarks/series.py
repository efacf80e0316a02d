"""Captures rebuilt from series of (time, frame octets) by direction, as published by CMShark and Crypto-Aegis.

A series without VPN becomes one TCP conversation of frames without payload octets that mean anything; one in a VPN
becomes one UDP conversation. Header sizes are told from the least common frame (54 octets, or 66 with TCP timestamps).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from netwatch.simulate.frames import ACK, PSH, Capture, Endpoint, tcp, udp

START = 1_600_000_000.0
_SIDE = re.compile(r"[-_](outgoing|output|ingoing|input)\b|[-_](outgoing|output|ingoing|input)(?=_)")


def series(data: Path, out: Path) -> Iterator[tuple[str, bool, Path, frozenset[str], int]]:
    """(name, whether it mines, capture, its two addresses, port) of each pair of series below ``data``."""
    pairs: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in sorted(data.glob("*/hameddanesh_CMShark/*put.txt")) + sorted(
        data.glob("*/hameddanesh_CMShark/*going_*")
    ):
        side = _SIDE.search(path.stem)
        if side:
            word = side[1] or side[2]
            pairs[path.stem.replace(f"{word}", "").strip("-_")]["up" if word.startswith("out") else "down"] = path
    for number, (name, sides) in enumerate(sorted(pairs.items())):
        if len(sides) < 2:
            continue
        ends = Endpoint(f"10.77.0.{number + 1}", 40000 + number), Endpoint(f"203.0.113.{number + 1}", 443)
        capture = Capture()
        for word, (source, sink) in (("up", ends), ("down", ends[::-1])):
            _write(capture, _read(sides[word]), (source, sink), "vpn" in name and "novpn" not in name)
        mines = "full" not in name and "normal" not in name
        yield name, mines, capture.write(out / f"{name}.pcap.gz"), frozenset(e.address for e in ends), 443


def _read(path: Path) -> list[tuple[float, int]]:
    rows = [line.split(",") for line in path.read_text().split("\n") if "," in line]
    return [(float(time), int(float(size))) for time, size in rows]


def _write(capture: Capture, frames: list[tuple[float, int]], ends: tuple[Endpoint, Endpoint], tunnelled: bool) -> None:
    common = Counter(size for _, size in frames)
    bare = 66 if common[66] > common[54] + common[60] else 54
    sequence = 1
    for time, size in frames:
        at = START + time
        if tunnelled:
            capture.add(at, udp(*ends, bytes(max(size - 42, 0))), "series")
            continue
        payload = bytes(max(size - bare, 0)) if size != 60 else b""
        capture.add(at, tcp(*ends, ACK | (PSH if payload else 0), (sequence, 1), payload), "series")
        sequence += len(payload)
