"""Root causes on labelled leaf tables: F1 of the found cells and seconds a case.

``python benchmarks/rootcause.py [DIRECTORY]``: a directory of CSV tables (dimensions, real, predict) with
``injection_info.csv`` that names the true cells (default: ../shared/series/rootcause/S beside the project).
RiskLoc at its defaults reaches F1 0.60 on these 20 cases at 3.4 s a case; PRiskLoc's published figure is 0.73.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from netwatch.explain.rootcause import SearchOptions, find_causes

DEFAULT = Path(__file__).parents[1].parent / "shared" / "series" / "rootcause" / "S"


def truth(text: str) -> set[frozenset[str]]:
    return {frozenset(cell.split("&")) for cell in text.split(";")}


def solve(path: Path, options: SearchOptions) -> tuple[set[frozenset[str]], float]:
    frame = pd.read_csv(path)
    names = [name for name in frame.columns if name not in ("real", "predict")]
    coded = [pd.factorize(frame[name]) for name in names]
    begin = time.perf_counter()
    codes = np.column_stack([codes for codes, _ in coded])
    causes = find_causes(codes, frame["predict"].to_numpy(float), frame["real"].to_numpy(float), options)
    seconds = time.perf_counter() - begin
    return {frozenset(f"{names[d]}={coded[d][1][code]}" for d, code in c.values) for c in causes}, seconds


def main(directory: Path, options: SearchOptions | None = None, *, quiet: bool = False) -> float:
    injected = pd.read_csv(directory / "injection_info.csv")
    hits = wrong = missed = 0
    slowest = 0.0
    for row in injected.itertuples():
        found, seconds = solve(directory / f"{row.timestamp}.csv.gz", options or SearchOptions())
        true = truth(str(row.set))
        hits, wrong, missed = hits + len(found & true), wrong + len(found - true), missed + len(true - found)
        slowest = max(slowest, seconds)
        if not quiet:
            print(f"{row.timestamp}  true {len(true)}  found {len(found)}  right {len(found & true)}  {seconds:.2f} s")
    f1 = 2 * hits / max(2 * hits + wrong + missed, 1)
    print(f"F1 {f1:.3f}  precision {hits / max(hits + wrong, 1):.3f}  recall {hits / max(hits + missed, 1):.3f}  "
          f"slowest case {slowest:.2f} s")  # fmt: skip
    return f1


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)
