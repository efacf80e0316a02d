"""The monitor over time and under load.

``python benchmarks/monitor.py year --days 365``: small five-minute files, a day of them a pass (``--together 5``: five
days of them); at some ages a pass of one day and six of a file each: their time, memory and the store's size from the
first to the last; and the findings against those of one analysis (``year.py`` says what is equal).
``python benchmarks/monitor.py load --flows 10000000``: one pass over new flows.
``python benchmarks/monitor.py age --days 365``: stores of several ages, each filled by one pass over a backlog, and the
CPU time of the passes that follow: the first of a day, in which lasting changes are sought, and five of five minutes.
``python benchmarks/monitor.py equal --days 366``: the hours that passes of 45 days each kept, against the series of one
analysis of all their files.
``python benchmarks/monitor.py idle --files 105120``: a pass from a cold start over a spool of files that are all known.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "monitor"))

import five_minutes
from crash import warm
from year import content, episodes_of, episodes_told, threats_apart, volume_apart

from netwatch.config import MonitorOptions, load
from netwatch.detect import LASTING, SUDDEN, detect
from netwatch.explain import explain
from netwatch.monitor.life import OPEN
from netwatch.monitor.one_pass import run_pass
from netwatch.monitor.samples import samples_of
from netwatch.monitor.sighting import sighted
from netwatch.monitor.steps import SUDDEN_KINDS
from netwatch.monitor.verify import opened
from netwatch.pipeline.passes import judged, likely_span
from netwatch.series import SeriesBuilder, series_from
from netwatch.store.lake import Ingest, Lake
from netwatch.store.state import State

CONFIG = (
    'store = "store"\n'
    + five_minutes.WATCH
    + """\
[pass]
inputs = {inputs}
[health]
stalled = "1000w"
[alerts.sinks.eve]
kind = "eve"
path = "{directory}/eve.json"
"""
)


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


def year(days: int, flows: int, together: int) -> None:
    """Passes over the files of ``together`` days each, at some ages over those of a day, and over one file each; then
    one analysis of all, and both compared.
    """
    ages = {min(days, at) for at in (15, days // 4, days // 2, days * 3 // 4, days)}
    alone = ages | {at - 1 for at in ages}  # what a pass of one day follows has taken all in that came before
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        options = load(set_up(directory, 288))
        warm(directory)
        for day in range(days):
            singly = 6 if day + 1 in ages else 0
            bring(directory, day, range(288 - singly), days, flows)
            if (day + 1) % together and day + 1 not in alone:
                continue
            took, peak = apart(options)
            rest = []
            for at in range(288 - singly, 288):
                bring(directory, day, range(at, at + 1), days, flows)
                rest.append(apart(options))
            if (day + 1) % 10 == 0 or singly:
                one = (statistics.median(each) for each in zip(*rest, strict=True))
                told = "; of one file {:.2f} CPU s, {:.0f} MB".format(*one) if rest else ""
                print(
                    f"day {day + 1:>4}: pass {took:.2f} CPU s, {peak:.0f} MB at the peak{told}; "
                    f"store {size(directory / 'store') / 1e6:.1f} MB, {len(open_findings(options))} open findings",
                    flush=True,
                )
        told = open_findings(options, everything=True)
        lake = Lake(options.store)
        info = lake.info()
        print(f"{info['rows']:,} flows, {info['octets_at_rest'] / info['rows']:.1f} octets a flow at rest", flush=True)
        compare([directory / "spool"], options, told)


def bring(directory: Path, day: int, which: range, days: int, flows: int) -> None:
    """Some of the five-minute files of a day."""
    for index in (day * 288 + at for at in which):
        (directory / "spool" / f"v5.{index:06d}").write_bytes(content(index, days, flows))


def apart(options: MonitorOptions) -> tuple[float, float]:
    """A pass in a process of its own, as cron runs it but for the start: its CPU seconds, and MB at the peak."""
    child = os.fork()
    if not child:
        status = 70
        try:
            run_pass(options)
            status = 0
        except Exception:
            traceback.print_exc()
            raise
        finally:
            os._exit(status)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"a pass ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def open_findings(options: MonitorOptions, *, everything: bool = False) -> list[dict[str, Any]]:
    state = State(options.state)
    try:
        return state.findings(() if everything else [str(life) for life in OPEN])
    finally:
        state.close()


def compare(paths: list[Path], options: MonitorOptions, told: list[dict[str, Any]]) -> None:
    """One analysis of all files, in hours and for what is sudden in bins of five minutes, against what passes told."""
    run = options.run
    with judged(paths, replace(run, series=replace(run.series, bin=3600.0))) as result:
        flows, hours = result.store.table, result.series
        names = tuple(group.name for group in result.scope.groups)
        lasting = detect(hours, replace(run.detect, detectors=LASTING))
        found = explain(hours, lasting, result.verdicts, flows, run.explain)
        samples = samples_of(flows, found)
        watches = [sighted(f, some, names).watch for f, some in zip(found, samples, strict=True)]
        bins = SeriesBuilder(replace(run.series, bin=300.0, by=SUDDEN_KINDS, watch=names), likely_span(flows))
        for batch in result.store.batches():
            bins.add(batch)
        fine = bins.result()
        sudden = detect(fine, replace(run.detect, detectors=SUDDEN))
        found += explain(fine, sudden, [], flows, run.explain)
        watches += [""] * (len(found) - len(watches))
    whole, passes = episodes_of(found, watches), episodes_told(told)
    apart = threats_apart(whole, passes)
    print(f"mining and attacks: {sum(map(len, whole.values()))} episodes of {len(whole)} matters by the analysis, "
          f"{sum(map(len, passes.values()))} of {len(passes)} by passes; apart: {len(apart)}")  # fmt: skip
    volume = volume_apart(found, [*lasting, *sudden], told)
    print(f"volume: {volume.alike} findings of the analysis also by passes; apart: {len(volume.apart)}; told by passes "
          f"and taken back later: {len(volume.taken_back)}")  # fmt: skip
    for line in (*apart, *volume.apart, *(f"taken back: {one}" for one in volume.taken_back)):
        print(line)


def daily(spool: Path, day: int, files: int, intervals: int = 288, flows: int = 20) -> None:
    """The first five-minute intervals of a day in some files."""
    for part in range(files):
        first, last = (day * 288 + intervals * p // files for p in (part, part + 1))
        times = 1.8 if day > 200 else 1.0
        made = [five_minutes.octets(i, five_minutes.records(i, flows, 1, times=times)) for i in range(first, last)]
        (spool / f"v5.{day:04d}.{part:03d}").write_bytes(b"".join(made))


def age(days: int, only: int) -> None:
    for old in sorted({min(days, one) for one in (14, 30, 91, 182, days)}) if not only else [only]:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            options = load(set_up(directory, 10_000))
            for day in range(old):
                daily(directory / "spool", day, 1)
            run_pass(options)
            daily(directory / "spool", old, 23, 276)
            first, _ = spent(lambda options=options: run_pass(options))
            passes = []
            for index in range(old * 288 + 276, old * 288 + 281):
                five_minutes.write(directory / "spool", index, 20)
                took, summary = spent(lambda options=options: run_pass(options).summary)
                passes.append(took)
            idle, _ = spent(lambda options=options: run_pass(options))
            print(
                f"{old:>4} days old: first pass of a day, 23 files {first:.2f} CPU s, then of one file "
                f"{statistics.median(passes):.2f} CPU s, idle {idle:.3f} CPU s, {memory():.0f} MB resident, "
                f"store {size(directory / 'store') / 1e6:.1f} MB, {summary.findings}",
                flush=True,
            )


def equal(days: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        options = load(set_up(directory, 10_000))
        for first in range(0, days, 45):
            for day in range(first, min(first + 45, days)):
                daily(directory / "spool", day, 1, flows=6)
            print(f"{run_pass(options).summary.flows:,} flows of 45 days", flush=True)
        asked = replace(options.run, series=replace(options.run.series, bin=3600.0))
        with judged([directory / "spool"], asked) as result:
            whole = result.series
        with opened(options) as journal:
            journal.series.roll_up(journal.state.get("stale").split())
            totals = journal.state.totals()
            sums = journal.series.hours(whole.bins.start, whole.bins.end)
        span = totals["first"], totals["last"]
        kept = series_from(sums, whole.bins, span, replace(asked.series, watch=()))
    worst: dict[str, float] = {}
    for (entity, counter), one in whole.series.items():
        other = kept.get(entity.kind, entity.value, counter)
        if other is None:
            assert not np.nansum(one.values), (entity, counter)
            continue
        assert np.array_equal(np.isnan(one.values), np.isnan(other.values)), (entity, counter)
        apart = np.nanmax(np.abs(one.values - other.values) / np.maximum(1, np.abs(one.values)))
        worst[counter] = max(worst.get(counter, 0.0), float(apart))
    print(f"{whole.bins.count:,} hours of {len(whole.series)} series, largest relative difference by counter: {worst}")


def spent(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of some work in this process, and what it gives."""
    before = time.process_time()
    made = work()
    return time.process_time() - before, made


def idle(files: int) -> None:
    """The ledger is filled as passes would fill it: to take so many files in takes an hour."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        config = set_up(directory, 288)
        five_minutes.write(directory / "spool", 0, 20)
        options = load(config)
        run_pass(options)
        state = State(options.state)
        known: list[Ingest] = []
        with state.change():
            for number in range(files - 1):
                path = directory / "spool" / f"known.{number:06d}"
                path.write_bytes(b"x")
                found = path.stat()
                digest = f"{number:064x}"
                state.see(str(path), found.st_size, found.st_mtime_ns, found.st_ino, digest)
                known.append(Ingest(digest, path.name, 1))
            state.record(1, known)
        state.close()
        command = [sys.executable, "-m", "netwatch", "monitor", "--config", str(config)]
        for _ in range(3):
            began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{time.perf_counter() - began:.2f} s, {cpu:.2f} CPU s: {told.splitlines()[0]}", flush=True)


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
    asked.add_argument("what", choices=("year", "load", "age", "equal", "idle"))
    asked.add_argument("--days", type=int, default=365)
    asked.add_argument("--flows", type=int, default=0)
    asked.add_argument("--together", type=int, default=1, help="days of a pass")
    asked.add_argument("--age", type=int, default=0, help="of this age in days alone")
    asked.add_argument("--files", type=int, default=105_120)
    options = asked.parse_args()
    np.seterr(all="raise", under="ignore")
    if options.what == "year":
        year(options.days, options.flows or 20, options.together)
    elif options.what == "age":
        age(options.days, options.age)
    elif options.what == "equal":
        equal(options.days)
    elif options.what == "idle":
        idle(options.files)
    else:
        load_once(options.flows or 10_000_000)


if __name__ == "__main__":
    main()
