"""One pass over many files by one executor of Spark and by two: ``python benchmarks/cluster.py --files 60``.

Each master has a process and a store of its own. What the executors do are the maps of ``pipeline/cluster``; the rest
of a pass is the driver's: the start of the application, the verdicts, the commit and the search for changes. CPU
seconds are those of the driver, without its Java.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "monitor"))

import five_minutes

from netwatch.config import load
from netwatch.monitor.one_pass import run_pass
from netwatch.store.spark import Spark

MASTERS = ("local-cluster[1,1,1024]", "local-cluster[2,1,1024]")
CONFIG = (
    'store = "{store}"\nengine = "{engine}"\n'
    + five_minutes.WATCH
    + """\
[health]
stalled = "1000w"
"""
)


class Took(NamedTuple):
    """Seconds of a pass, of its start, of each map in turn, and CPU seconds of the driver."""

    whole: float
    start: float
    maps: list[float]
    own: float
    flows: int


def one_pass(directory: Path, master: str, store: str) -> Took:
    maps: list[float] = []
    starts: list[float] = []

    def timed(method: Any, into: list[float]) -> Any:
        def called(*given: Any) -> Any:
            began = time.perf_counter()
            made = method(*given)
            into.append(time.perf_counter() - began)
            return made

        return called

    Spark.map = timed(Spark.map, maps)  # type: ignore[method-assign]
    Spark.__init__ = timed(Spark.__init__, starts)  # type: ignore[method-assign]
    config = directory / f"{store}.toml"
    config.write_text(CONFIG.format(store=store, engine=master))
    began, own = time.perf_counter(), time.process_time()
    summary = run_pass(load(config)).summary
    return Took(time.perf_counter() - began, sum(starts), maps, time.process_time() - own, summary.flows)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--files", type=int, default=60)
    asked.add_argument("--flows", type=int, default=20_000, help="about so many in a file")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "spool").mkdir()
        for index in range(options.files):
            five_minutes.write(directory / "spool", 144 + index, options.flows)
        took = []
        for number, master in enumerate(MASTERS):
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
                made = fresh.submit(one_pass, directory, master, f"store{number}").result()
            took.append(made)
            maps = ", ".join(f"{one:.1f}" for one in made.maps)
            driver = made.whole - made.start - sum(made.maps)
            print(
                f"{master}: {made.flows:,} flows in {made.whole:.1f} s; start {made.start:.1f} s, maps {maps} s, "
                f"driver {driver:.1f} s ({made.own:.1f} CPU s)",
                flush=True,
            )
    one, two = took
    print(
        f"efficiency of two: maps {sum(one.maps) / sum(two.maps) / 2:.2f}, whole pass {one.whole / two.whole / 2:.2f}"
    )
    print(f"driver's share of a pass of two: {1 - sum(two.maps) / two.whole:.0%}")


if __name__ == "__main__":
    main()
