"""Every file of the shared data set through ``inspect`` and ``analyze``: what was read, what was refused and why.

    python benchmarks/corpus.py [--data DIR] [--only mining,attack] [--seconds 10] [--json OUT]

Prints a table by class of file: files, read in full, read in part, refused (by reason), packets beside ``capinfos``
(where it is installed), and any traceback, time-out or memory above the limit, each with its file. Exit status 1 if
there is one of those.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing as mp
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Queue
from typing import Any

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"
MEGABYTE = 1 << 20


def peak_memory() -> int:
    """Peak resident octets since the last :func:`forget_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def one(path: str, out: Path) -> dict[str, Any]:
    """Both commands on one file, in this process."""
    from netwatch.cli import run

    forget_peak()
    began = time.perf_counter()
    shown, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(told):
        inspected = run(["inspect", path, "--json"])
        analyzed = run(["analyze", path, "--out", str(out), "--formats", "json", "--quiet"])
    lines = [json.loads(line) for line in shown.getvalue().splitlines() if line.startswith("{")]
    return {
        "inspect": inspected,
        "analyze": analyzed,
        "seconds": time.perf_counter() - began,
        "memory": peak_memory(),
        "content": lines[0] if lines else {},
        "stderr": told.getvalue()[-2000:],
    }


def work(pipe: Connection) -> None:
    """Take paths and give back results until the other end is gone."""
    with tempfile.TemporaryDirectory() as scratch:
        while True:
            try:
                path = pipe.recv()
            except EOFError:
                return
            try:
                pipe.send(one(path, Path(scratch) / "report"))
            except BaseException:  # noqa: BLE001 - whatever escapes the command line is what this looks for
                pipe.send({"escaped": traceback.format_exc()})


class Worker:
    """A process that can be killed when a file takes too long."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.pipe, theirs = mp.Pipe()
        self.process = mp.get_context("spawn").Process(target=work, args=(theirs,), daemon=True)
        self.process.start()

    def run(self, path: str, seconds: float) -> dict[str, Any]:
        self.pipe.send(path)
        if self.pipe.poll(seconds):
            try:
                return dict(self.pipe.recv())
            except EOFError:
                self.start()
                return {"escaped": "the process died"}
        self.process.kill()
        self.start()
        return {"timeout": True}


def run_all(paths: list[str], seconds: float, jobs: int) -> dict[str, dict[str, Any]]:
    """Every path by one of ``jobs`` workers; each is warmed up, so that loading and compiling are not timed."""
    idle: Queue[Worker] = Queue()
    for _ in range(jobs):
        worker = Worker()
        worker.run(paths[0], 300)
        idle.put(worker)

    def measured(path: str) -> dict[str, Any]:
        worker = idle.get()
        try:
            return worker.run(path, seconds)
        finally:
            idle.put(worker)

    results = {}
    with ThreadPoolExecutor(jobs) as pool:
        for number, (path, result) in enumerate(zip(paths, pool.map(measured, paths), strict=True), 1):
            results[path] = result
            if number % 100 == 0:
                print(f"{number} of {len(paths)}", file=sys.stderr, flush=True)
    return results


def capinfos(paths: list[str]) -> dict[str, int]:
    """Packets by Wireshark's count, of the files that it reads whole."""
    if not shutil.which("capinfos"):
        return {}
    found = {}
    for at in range(0, len(paths), 200):
        done = subprocess.run(
            ["capinfos", "-c", "-M", "-T", "-r", "-K", *paths[at : at + 200]],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            name, _, number = line.rpartition("\t")
            if number.isdigit():
                found[name] = int(number)
    return found


def packets_seen(result: dict[str, Any]) -> int | None:
    for tally in result.get("content", {}).get("tallies", []):
        if tally["unit"] == "packet":
            return int(tally["seen"])
    return None


def last_words(result: dict[str, Any]) -> str:
    """The error of a traceback, without what netwatch says below it."""
    lines = (result.get("escaped") or result.get("stderr") or "").strip().splitlines()
    told = [line for line in lines if not line.startswith("netwatch: this is a fault")]
    return told[-1] if told else f"{result.get('memory', 0) // MEGABYTE} MB"


def classify(result: dict[str, Any]) -> str:
    if "escaped" in result or result.get("inspect") == 70 or result.get("analyze") == 70:
        return "fault"
    if result.get("timeout"):
        return "time-out"
    return {0: "read", 1: "read", 4: "in part", 3: "refused"}.get(result["inspect"], f"status {result['inspect']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--memory", type=int, default=1024, help="MB a file may take")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"no data set at {args.data}: nothing to do")
        return 0
    classes = [c for c in args.only.split(",") if c] or sorted(p.name for p in args.data.iterdir() if p.is_dir())
    paths = [p for c in classes for p in sorted((args.data / c).rglob("*")) if p.is_file()]
    theirs = capinfos([str(p) for p in paths])
    results = run_all([str(p) for p in paths], args.seconds, args.jobs)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    return show(args, results, theirs)


def show(args: argparse.Namespace, results: dict[str, dict[str, Any]], theirs: dict[str, int]) -> int:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    refused: dict[str, Counter[str]] = defaultdict(Counter)
    bad, differing = [], []
    for path, result in results.items():
        name = Path(path).relative_to(args.data).parts[0]
        kind = classify(result)
        table[name][kind] += 1
        table[name]["files"] += 1
        if kind == "refused":
            refused[name][result["stderr"].strip().splitlines()[-1].rpartition(": ")[2]] += 1
        if kind in ("fault", "time-out") or result.get("memory", 0) > args.memory * MEGABYTE:
            bad.append((kind, path, result))
        ours = packets_seen(result)
        if ours is not None and path in theirs:
            table[name]["compared"] += 1
            if ours != theirs[path]:
                differing.append((path, ours, theirs[path], kind))
    heads = ("files", "read", "in part", "refused", "fault", "time-out", "compared")
    print(f"{'class':12}" + "".join(f"{h:>10}" for h in heads) + "   refused because")
    for name, counts in table.items():
        why = "; ".join(f"{reason}: {n}" for reason, n in refused[name].most_common(4))
        print(f"{name:12}" + "".join(f"{counts[h]:>10}" for h in heads) + "   " + why)
    timed = sorted((r.get("seconds", 0.0), p) for p, r in results.items())
    print(f"\nslowest {timed[-1][0]:.2f} s ({Path(timed[-1][1]).name}), median {timed[len(timed) // 2][0]:.2f} s; "
          f"peak memory {max(r.get('memory', 0) for r in results.values()) / MEGABYTE:.0f} MB")  # fmt: skip
    print(f"packets other than capinfos counts: {len(differing)} files")
    for path, ours, other, kind in differing[:40]:
        print(f"  {os.path.relpath(path, args.data)}: {ours} here, {other} there ({kind})")
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, path, result in bad:
        alike[kind, last_words(result)].append(os.path.relpath(path, args.data))
    for (kind, words), files in alike.items():
        print(f"{kind}: {len(files)} files, such as {', '.join(files[:3])}: {words}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
