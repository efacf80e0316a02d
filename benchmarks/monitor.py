"""The monitor over time and under load.

``python benchmarks/monitor.py year --days 365``: small five-minute files, a day of them a pass; pass time, memory and
size from the first to the last. ``python benchmarks/monitor.py load --flows 10000000``: one pass over new flows.
``python benchmarks/monitor.py age --days 365``: stores of several ages, each filled by one pass over a backlog, and the
CPU time of the passes of the next two days.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "monitor"))

import five_minutes

from netwatch.config import load
from netwatch.monitor.one_pass import run_pass
from netwatch.store.lake import Lake

CONFIG = """store = "store"
[watch.home]
prefix = ["175.45.176.0/22"]
[source.spool]
path = "spool"
settle = "0s"
[pass]
inputs = {inputs}
[health]
stalled = "1000w"
[alerts.sinks.eve]
kind = "eve"
path = "{directory}/eve.json"
"""


def set_up(directory: Path, inputs: int) -> Path:
    (directory / "spool").mkdir()
    config = directory / "netwatch.toml"
    config.write_text(CONFIG.format(directory=directory, inputs=inputs))
    return config


def memory() -> float:
    """Resident now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def year(days: int, flows: int) -> None:
    took, idle = [], []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        options = load(set_up(directory, 288))
        for day in range(days):
            files = []
            for index in range(day * 288, day * 288 + 288):
                times = 1.8 if index > days * 288 * 2 // 3 else 1.0
                flood = index % 4000 == 3000
                files.append(five_minutes.write(directory / "spool", index, flows, flood=flood, times=times))
            began = time.perf_counter()
            summary = run_pass(options).summary
            took.append(time.perf_counter() - began)
            began = time.perf_counter()
            run_pass(options)
            idle.append(time.perf_counter() - began)
            for path in files[:-12] if day else files:
                path.unlink(missing_ok=True)
            if day % 10 == 9 or day == days - 1:
                print(
                    f"day {day + 1:>4}: pass {statistics.median(took[-10:]):.2f} s, idle {idle[-1] * 1000:.0f} ms, "
                    f"{memory():.0f} MB resident, store {size(directory / 'store') / 1e6:.1f} MB, "
                    f"{summary.inputs_ingested} inputs, {summary.flows} flows, findings {summary.findings}",
                    flush=True,
                )
        lake = Lake(options.store)
        info = lake.info()
        print(f"{info['rows']:,} flows, {info['octets_at_rest'] / info['rows']:.1f} octets a flow at rest")
    tenth = max(1, days // 10)
    first, last = statistics.median(took[1 : 1 + tenth]), statistics.median(took[-tenth:])
    print(f"pass time of the last tenth against the first: {last / first:.2f}")


def daily(spool: Path, day: int, files: int) -> None:
    """All five-minute intervals of a day in some files."""
    for part in range(files):
        first = day * 288 + part * 288 // files
        times = 1.8 if day > 200 else 1.0
        made = [
            five_minutes.octets(i, five_minutes.records(i, 20, 1, times=times))
            for i in range(first, first + 288 // files)
        ]
        (spool / f"v5.{day:04d}.{part:03d}").write_bytes(b"".join(made))


def age(days: int) -> None:
    for old in sorted({min(days, one) for one in (14, 30, 91, 182, days)}):
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            options = load(set_up(directory, 10_000))
            for day in range(old):
                daily(directory / "spool", day, 1)
            run_pass(options)
            spent, idle = [], []
            for day in (old, old + 1):
                daily(directory / "spool", day, 24)
                began = time.process_time()
                summary = run_pass(options).summary
                spent.append(time.process_time() - began)
                began = time.process_time()
                run_pass(options)
                idle.append(time.process_time() - began)
            told = ", ".join(f"{seconds:.2f}" for seconds in spent)
            print(
                f"{old:>4} days old: passes over a new day of 24 files {told} CPU s, idle {idle[-1]:.3f} CPU s, "
                f"{memory():.0f} MB resident, store {size(directory / 'store') / 1e6:.1f} MB, {summary.findings}",
                flush=True,
            )


def load_once(flows: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        options = load(set_up(directory, 12))
        per_file = flows // 12
        for index in range(12):
            made = five_minutes.records(144 + index, int(per_file / 1.4), 1)
            (directory / "spool" / f"v5.{index:03d}").write_bytes(five_minutes.octets(144 + index, made))
        began, spent = time.perf_counter(), time.process_time()
        summary = run_pass(options).summary
        took, spent = time.perf_counter() - began, time.process_time() - spent
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(
            f"{summary.flows:,} flows in {took:.1f} s ({spent:.1f} CPU s), "
            f"{summary.flows / took / 1e6:.2f} M flows/s, peak {peak:.0f} MB"
        )
        print(f"store {size(directory / 'store') / summary.flows:.1f} octets a flow")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("what", choices=("year", "load", "age"))
    asked.add_argument("--days", type=int, default=365)
    asked.add_argument("--flows", type=int, default=0)
    options = asked.parse_args()
    np.seterr(all="raise", under="ignore")
    if options.what == "year":
        year(options.days, options.flows or 20)
    elif options.what == "age":
        age(options.days)
    else:
        load_once(options.flows or 10_000_000)


if __name__ == "__main__":
    main()
