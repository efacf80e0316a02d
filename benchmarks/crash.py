"""Kill passes of the monitor at random moments: ``python benchmarks/crash.py --kills 500``."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "monitor"))

from crash import crash


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=500)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--each", type=int, default=50, help="kills of one store")
    options = asked.parse_args()
    done, began = 0, time.monotonic()
    while done < options.kills:
        kills = min(options.each, options.kills - done)
        second = done // options.each % 2 == 1
        # Passes are forked; a process that has opened a store before has threads that a fork does not take along.
        fresh = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        with tempfile.TemporaryDirectory() as directory, fresh:
            ended = fresh.submit(crash, Path(directory), kills, options.seed + done, second=second).result()
        done += kills
        took = time.monotonic() - began
        print(
            f"{done} kills, {'with' if second else 'without'} a second pass: store equal; {ended}; {took:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
