"""Fuzzing for as long as one likes: ``python tests/fuzz/long.py --inputs 10000000 [--seed 7] [--seconds 3600]``.

Prints what it tried. An input that breaks something ends it with a traceback that shows the input.
"""

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz import bending

MEMORY = 12 << 30
"""Octets of address space: an allocation that follows a size on the wire fails."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seen: Counter[str] = Counter()
    began, total, said = time.monotonic(), 0, 0.0
    for count, name in bending.everything(asked.seed):
        seen[name] += count
        total += count
        passed = time.monotonic() - began
        if total >= asked.inputs or passed >= asked.seconds:
            break
        if passed > said + 60:
            said = passed
            print(f"{total:,} inputs in {passed:.0f} s", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{total:,} inputs in {time.monotonic() - began:.0f} s, peak {peak:.0f} MiB, seed {asked.seed}: {dict(seen)}")


if __name__ == "__main__":
    main()
