"""Packets to a flow file, whole process, beside the Debian peers in the same run: a table of medians and ratios.

``python benchmarks/packets.py [--packets N] [--runs N] [--file CAPTURE] [--flood] [--snaplen N] [--scale]``

Each round runs every tool once, so that a busy machine is busy for all of them. Figures are user plus system seconds of
the whole process (``os.wait4``) and its largest resident memory. Peers that are not installed are left out. ``--scale``
instead meters 10^5, 10^6, 10^7 and 10^8 packets (the last as ten files) and shows the cost of each beyond a start.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

CHUNK = 200_000
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""As of an installed program: without byte code at rest, Python would compile every module at every start."""


class Run(NamedTuple):
    """Of one process: CPU seconds, wall seconds, largest resident memory in MB."""

    cpu: float
    wall: float
    memory: float


def commands(capture: Path, place: Path) -> dict[str, list[str]]:
    """Command lines that read ``capture`` and write flows to ``place``; softflowd sends them nowhere."""
    all_of_them = {
        "netwatch": [sys.executable, "-m", "netwatch", "meter", str(capture), "--out", str(place / "flows.parquet")],
        "nfpcapd": ["nfpcapd", "-r", str(capture), "-w", str(place / "nfpcapd"), "-t", "3600", "-e", "300,60",
                    "-B", "6000000"],
        "argus": ["argus", "-F", "/dev/null", "-r", str(capture), "-w", str(place / "flows.argus")],
        "softflowd": ["softflowd", "-r", str(capture), "-d", "-6", "-v", "9", "-m", "6000000"],
    }  # fmt: skip
    return {name: line for name, line in all_of_them.items() if shutil.which(line[0])}


def measure(line: list[str]) -> Run:
    """Run a command to its end."""
    begin = time.perf_counter()
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 4):
        raise SystemExit(f"{line[0]} ended with {process.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss / 1024)


def rounds(capture: Path, count: int) -> dict[str, list[Run]]:
    """Every tool in turn, ``count`` times; netwatch once before, so that its kernels are compiled."""
    runs: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory() as folder:
        measure(commands(capture, Path(folder))["netwatch"])
    for _ in range(count):
        for name in commands(capture, Path()):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "nfpcapd").mkdir()
                runs.setdefault(name, []).append(measure(commands(capture, Path(folder))[name]))
    return runs


def show(packets: int, runs: dict[str, list[Run]]) -> None:
    """Medians, and how many times netwatch's rate is each peer's."""
    mine = statistics.median(run.cpu for run in runs["netwatch"])
    print(f"{'tool':10} {'CPU s':>8} {'wall s':>8} {'M packets/CPU s':>16} {'MB':>6} {'netwatch is':>12}")
    for name, each in runs.items():
        cpu, wall, memory = (statistics.median(values) for values in zip(*each, strict=True))
        print(f"{name:10} {cpu:8.2f} {wall:8.2f} {packets / cpu / 1e6:16.2f} {memory:6.0f} {cpu / mine:11.1f}x")


def traffic(path: Path, packets: int, snaplen: int, *, flood: bool) -> None:
    """Write a capture: a mix of TCP and UDP over many flows, or a SYN from as many sources as packets.

    A flow has 20 packets on average, few have most of them; both directions; sizes of 40 to 1,500 octets.
    """
    random = np.random.default_rng(7)
    flows = packets if flood else max(packets // 20, 1)
    weight = np.ones(flows) if flood else random.pareto(1.2, flows) + 0.1
    owner = np.arange(packets) if flood else random.choice(flows, packets, p=weight / weight.sum())
    header = np.array([0xA1B2C3D4, 4 << 16 | 2, 0, 0, snaplen, 1], "<u4")
    with path.open("wb") as file:
        file.write(header.tobytes())
        sent = np.zeros(flows, np.uint32)
        for start in range(0, packets, CHUNK):
            flow = owner[start : start + CHUNK]
            moment = (start + np.arange(len(flow))) * (60_000_000 // packets + 1)
            size = np.full(len(flow), 40) if flood else random.choice([40, 40, 120, 576, 1500, 1500], len(flow))
            length = np.minimum(size + 14, snaplen)
            _write(file, _frames(flow, moment, size, length, sent, flood=flood), length)


def _frames(flow, moment, size, length, sent, *, flood):  # type: ignore[no-untyped-def]
    """uint8 (n, 16 + 1514): record header, Ethernet, IPv4 and TCP or UDP of each packet."""
    n = len(flow)
    out = np.zeros((n, 16 + int(length.max())), np.uint8)
    record = np.stack([1_500_000_000 + moment // 1_000_000, moment % 1_000_000, length, size + 14], axis=1)
    out[:, :16] = record.astype("<u4").view(np.uint8)
    back = np.zeros(n, bool) if flood else (flow * 7 + np.arange(n)) % 5 < 2
    udp = np.zeros(n, bool) if flood else flow % 3 == 0
    client = (0x0A00_0000 + (flow if flood else flow % 50_000)).astype(np.int64)
    server = np.full(n, 0xC633_6401) if flood else 0xCB00_7100 + flow // 50_000
    port, service = 1024 + flow % 60_000, np.where(udp, 53, 443)
    words = np.zeros((n, 20), ">u2")
    words[:, 0] = 0x4500
    words[:, 1], words[:, 2] = size, np.arange(n) % 65_536
    words[:, 4] = np.where(udp, 0x4011, 0x4006)
    for at, address in ((6, np.where(back, server, client)), (8, np.where(back, client, server))):
        words[:, at], words[:, at + 1] = address >> 16, address & 0xFFFF
    words[:, 10], words[:, 11] = np.where(back, service, port), np.where(back, port, service)
    sequence = sent[flow] + np.arange(n, dtype=np.uint32) * np.uint32(1500)
    words[:, 12] = np.where(udp, size - 20, sequence >> 16)
    words[:, 13] = np.where(udp, 0, sequence & 0xFFFF)
    words[:, 16] = np.where(udp, 0, 0x5002 if flood else 0x5010)
    out[:, 28] = 8
    headers = words.view(np.uint8).reshape(n, 40)
    out[:, 30 : 30 + 40] = headers
    sent[flow] += np.uint32(1500 * n)
    return out


def _write(file, frames, length) -> None:  # type: ignore[no-untyped-def]
    kept = np.arange(frames.shape[1]) < (16 + length)[:, None]
    file.write(frames[kept].tobytes())


def scale(folder: Path) -> None:
    """Cost a packet as the capture grows."""
    base = None
    for exponent in (5, 6, 7, 8):
        captures = [folder / f"{exponent}.pcap"]
        if exponent < 8:
            traffic(captures[0], 10**exponent, 96, flood=False)
        else:
            captures = [folder / f"again-{copy}.pcap" for copy in range(10)]
            for capture in captures:
                capture.symlink_to(folder / "7.pcap")
        names = [str(capture) for capture in captures]
        line = [sys.executable, "-m", "netwatch", "meter", *names, "--out", str(folder / "flows.parquet")]
        best = min((measure(line) for _ in range(3 if exponent < 8 else 1)), key=lambda run: run.cpu)
        base = base or best
        each = (best.cpu - base.cpu) / max(10**exponent - 10**5, 1) * 1e9
        print(
            f"10^{exponent} packets: {best.cpu:.2f} CPU s, {best.memory:.0f} MB, {each:.0f} ns for each further packet"
        )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--snaplen", type=int, default=96)
    parser.add_argument("--scale", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if chosen.scale:
            scale(Path(folder))
            return
        capture = chosen.file or Path(folder) / "traffic.pcap"
        if chosen.file is None:
            traffic(capture, chosen.packets, chosen.snaplen, flood=chosen.flood)
        show(chosen.packets, rounds(capture, chosen.runs))


if __name__ == "__main__":
    main()
