"""Flow records to columns, whole process, beside nfdump's tools in the same run: a table of medians and ratios.

``python benchmarks/records.py [--records N] [--runs N] [--file EXPORTS ...]``

Without ``--file`` it makes captures of NetFlow v5, v9 and IPFIX with N records (5,000,000), sends their messages to
Debian's nfcapd over loopback where that is installed, and so has an nfcapd file too. netwatch reads each into columns
and counts them; nfcapd takes the same messages from a socket and writes a file; nfdump reads that file through a
filter. Each round runs everything once. Figures are user plus system seconds of the whole process (``os.wait4``), and
its largest resident memory; "beyond" is the rate of records beyond the first hundredth, without what starting costs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

BEGIN = 1_546_300_800
READ = """
import gc, os, sys
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from netwatch.read import ReadOptions, open_inputs
inputs = open_inputs([sys.argv[1]], ReadOptions(exports="only"))
print(sum(len(flows) for flows in inputs))
gc.freeze()
"""
"""Begins and ends as ``netwatch.__main__`` does."""
A_MESSAGE = {"v5": 30, "v9": 25, "ipfix": 25}
FIELDS = ((8, 4), (12, 4), (15, 4), (10, 4), (14, 4), (2, 8), (1, 8), (7, 2), (11, 2), (4, 1), (6, 1), (5, 1),
          (16, 4), (17, 4))  # fmt: skip
"""Element and octets of the templates of v9 and IPFIX; two times come behind."""
PACE = 8000
"""Messages a second that nfcapd is sent."""


class Run(NamedTuple):
    """Of one process: CPU seconds, largest resident memory in MB, records."""

    cpu: float
    memory: float
    records: int


def waited(process: subprocess.Popen[bytes], records: int = 0) -> Run:
    """Wait for a process; what it used."""
    said = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{process.args} ended with {process.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, records or int(said or 0))


def read(path: Path) -> Run:
    """Netwatch, records to columns."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    line = [sys.executable, "-c", READ, str(path)]
    return waited(subprocess.Popen(line, stdout=subprocess.PIPE, env=environment))


def filtered(path: Path, records: int) -> Run:
    """Nfdump, through a filter that nothing passes."""
    line = ["nfdump", "-q", "-r", str(path), "-o", "line", "proto tcp and port 3333 and port 3334"]
    return waited(subprocess.Popen(line, stdout=subprocess.DEVNULL), records)


def collected(capture: Path, place: Path) -> Run:
    """Nfcapd, the messages of a capture from a socket on loopback to a file in ``place``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = ["nfcapd", "-b", "127.0.0.1", "-p", str(port), "-w", str(place), "-t", "864000", "-B", "16000000"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    _send(capture, port)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    return waited(process, 1)


def _send(capture: Path, port: int) -> None:
    octets = np.memmap(capture, np.uint8, "r")
    position, sent, began = 24, 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("127.0.0.1", port))
        while position + 16 <= len(octets):
            size = int.from_bytes(octets[position + 8 : position + 12].tobytes(), "little")
            out.send(octets[position + 16 + 42 : position + 16 + size].tobytes())
            position, sent = position + 16 + size, sent + 1
            ahead = began + sent / PACE - time.monotonic()
            if ahead > 0.01:
                time.sleep(ahead)


def capture(path: Path, version: str, records: int) -> None:
    """Write a capture of export messages."""
    a_message = A_MESSAGE[version]
    messages = records // a_message
    body = _bodies(version, messages * a_message).reshape(messages, -1)
    number = np.arange(messages)
    if version == "v5":
        head = _rows(number, (5, 2), (a_message, 2), (3_600_000, 4), (BEGIN + number // 10, 4), (0, 4),
                     (number * a_message, 4), (0, 4))  # fmt: skip
    else:
        size = body.shape[1] + 4
        head = _rows(number, (256, 2), (size, 2))
        if version == "v9":
            head = np.hstack([_rows(number, (9, 2), (a_message, 2), (3_600_000, 4), (BEGIN + number // 10, 4),
                                    (number + 1, 4), (7, 4)), head])  # fmt: skip
        else:
            head = np.hstack([_rows(number, (10, 2), (size + 16, 2), (BEGIN + number // 10, 4),
                                    (number * a_message, 4), (7, 4)), head])  # fmt: skip
    with path.open("wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        if version != "v5":
            file.write(_frames(np.frombuffer(_template(version), np.uint8)[None], np.zeros(1, np.int64)))
        for start in range(0, messages, 10_000):
            some = slice(start, start + 10_000)
            file.write(_frames(np.hstack([head[some], body[some]]), number[some]))


def _template(version: str) -> bytes:
    times = ((22, 4), (21, 4)) if version == "v9" else ((152, 8), (153, 8))
    fields = b"".join(struct.pack(">HH", *field) for field in (*FIELDS, *times))
    one = struct.pack(">HHHH", 0 if version == "v9" else 2, len(fields) + 8, 256, len(FIELDS) + 2) + fields
    if version == "v9":
        return struct.pack(">HHIIII", 9, 1, 3_600_000, BEGIN, 0, 7) + one
    return struct.pack(">HHIII", 10, len(one) + 16, BEGIN, 0, 7) + one


def _bodies(version: str, n: int) -> np.ndarray:
    """uint8 (n, octets of a record)."""
    dice = np.random.default_rng(4)
    packets = dice.geometric(0.05, n)
    octets = packets * dice.integers(40, 1500, n)
    source, destination = 0x0A000000 + dice.integers(0, 1 << 20, n), 0xC6336400 + dice.integers(0, 256, n)
    ports = dice.integers(1024, 65_536, n), dice.choice([53, 80, 443, 3333], n)
    index = np.arange(n)
    first = 3_500_000 + dice.integers(0, 50_000, n)
    last = first + dice.integers(0, 50_000, n)
    if version == "v5":
        return _rows(index, (source, 4), (destination, 4), (0x0A000001, 4), (7, 2), (8, 2), (packets, 4), (octets, 4),
                     (first, 4), (last, 4), (ports[0], 2), (ports[1], 2), (0x001B, 2), (6, 1), (0, 1), (64_500, 2),
                     (64_501, 2), (24, 1), (24, 1), (0, 2))  # fmt: skip
    values = source, destination, 0x0A000001, 7, 8, packets, octets, *ports, 6, 0x1B, 0, 64_500, 64_501
    times = ((first, 4), (last, 4))
    if version == "ipfix":
        at = (BEGIN + index // (10 * A_MESSAGE[version])) * 1000
        times = ((at - 60_000, 8), (at, 8))
    widths = [width for _, width in FIELDS]
    return _rows(index, *zip(values, widths, strict=True), *times)


def _rows(index: np.ndarray, *columns: tuple[object, int]) -> np.ndarray:
    """uint8 (n, octets): numbers in network order side by side, (value or values, octets) each."""
    parts = []
    for value, width in columns:
        wide = np.broadcast_to(np.asarray(value, np.int64), index.shape).astype(">u8")
        parts.append(np.ascontiguousarray(wide).view(np.uint8).reshape(-1, 8)[:, 8 - width :])
    return np.hstack(parts)


def _frames(payload: np.ndarray, number: np.ndarray) -> bytes:
    """Records of a capture: Ethernet, IPv4, UDP from 192.0.2.1 to port 2055."""
    n, size = payload.shape
    record = np.stack([BEGIN + number // 10, number % 10 * 100_000, np.full(n, size + 42), np.full(n, size + 42)], 1)
    ethernet = bytes(12) + b"\x08\x00"
    header = struct.pack(">BBHIBBHII", 0x45, 0, size + 28, 0, 64, 17, 0, 0xC0000201, 0xC0000202)
    fixed = np.frombuffer(ethernet + header + struct.pack(">HHHH", 50_000, 2055, size + 8, 0), np.uint8)
    parts = [record.astype("<u4").view(np.uint8).reshape(n, 16), np.broadcast_to(fixed, (n, 42)), payload]
    return np.hstack(parts).tobytes()


def measure(path: Path, start: Path | None, runs: int, folder: Path) -> None:
    """All that can read ``path``, in turn; ``start``: an input of a hundredth, whose cost is that of starting."""
    with path.open("rb") as file:
        nfcapd = file.read(2) in (b"\x0c\xa5", b"\xa5\x0c")
    mine, first, peers = [], [], []
    records = read(path).records  # also compiles what is not compiled yet
    for number in range(runs):
        mine.append(read(path))
        if start:
            first.append(read(start))
        if nfcapd and shutil.which("nfdump"):
            peers.append(filtered(path, records))
        elif not nfcapd and number == 0 and shutil.which("nfcapd"):
            place = folder / f"{path.name}.nfcapd"
            place.mkdir()
            peers.append(collected(path, place)._replace(records=records))
    name = path.parent.name if nfcapd else path.name
    show(name, "netwatch", mine, None)
    if first:
        cpu = statistics.median(run.cpu for run in mine) - statistics.median(run.cpu for run in first)
        print(f"{'':16} {'  beyond':10} {cpu:8.2f} {(records - first[0].records) / cpu / 1e6:16.2f}")
    if peers:
        show(name, "nfdump" if nfcapd else "nfcapd", peers, mine)


def show(name: str, tool: str, runs: list[Run], mine: list[Run] | None) -> None:
    """One row: medians, and how many times netwatch's rate is this one's."""
    cpu, memory, records = (statistics.median(values) for values in zip(*runs, strict=True))
    ratio = f"{cpu / statistics.median(run.cpu for run in mine):11.1f}x" if mine else ""
    print(f"{name:16} {tool:10} {cpu:8.2f} {records / cpu / 1e6:16.2f} {memory:6.0f} {ratio}")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--file", type=Path, nargs="*")
    parser.add_argument("--make", nargs=2, metavar=("VERSION", "PATH"), help="only write a capture")
    chosen = parser.parse_args()
    if chosen.make:
        capture(Path(chosen.make[1]), chosen.make[0], chosen.records)
        return
    print(f"{'input':16} {'tool':10} {'CPU s':>8} {'M records/CPU s':>16} {'MB':>6} {'netwatch is':>12}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for path in chosen.file or ():
            measure(path, None, chosen.runs, folder)
        for version in () if chosen.file else A_MESSAGE:
            path, start = folder / version, folder / f"{version}.start"
            for place, records in ((path, chosen.records), (start, chosen.records // 100)):
                # In a process of its own: memory that this one held would show in those that it starts.
                make = [sys.executable, __file__, "--records", str(records), "--make", version, str(place)]
                subprocess.run(make, check=True)
            measure(path, start, chosen.runs, folder)
        for path in sorted(folder.glob("*.nfcapd/nfcapd.2*")) if not chosen.file else ():
            measure(path, None, chosen.runs, folder)


if __name__ == "__main__":
    main()
