"""Root causes on labelled leaf tables: F1 of the found cells and CPU seconds a case.

``python benchmarks/rootcause.py additive [DIRECTORY]``: CSV tables (dimensions, real, predict) with
``injection_info.csv`` that names the true cells (default: ../shared/series/rootcause/S beside the project).
RiskLoc at its defaults reaches F1 0.60 on these 20 cases at 3.4 s a case; PRiskLoc's published figure is 0.73.

``python benchmarks/rootcause.py ratio [DIRECTORY]``: CSV tables (min, dimensions, value of cnt) with ``anomaly.yaml``
(default: .../RS). Not what netwatch is made for: a share of failures, mostly of few requests. Expected are as many
failures as the share of all before the minute asked about would give each leaf. RobustSpot reaches F1 0.42 over all 135
cases of that set, of which 67 are here.

``python benchmarks/rootcause.py settings [DIRECTORY]``: F1 on the additive tables under other settings than ours.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from netwatch.explain.rootcause import SearchOptions, find_causes

DEFAULT = Path(__file__).parents[1].parent / "shared" / "series" / "rootcause"


def truth(text: str) -> set[frozenset[str]]:
    return {frozenset(cell.split("&")) for cell in text.split(";")}


class Score:
    """Found, true and right cells, added up."""

    def __init__(self) -> None:
        self.right = self.wrong = self.missed = 0
        self.slowest = 0.0

    def add(self, found: set[frozenset[str]], true: set[frozenset[str]], seconds: float) -> None:
        self.right, self.wrong = self.right + len(found & true), self.wrong + len(found - true)
        self.missed, self.slowest = self.missed + len(true - found), max(self.slowest, seconds)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)

    def __str__(self) -> str:
        precision, recall = (self.right / max(self.right + more, 1) for more in (self.wrong, self.missed))
        return f"F1 {self.f1:.3f}  precision {precision:.3f}  recall {recall:.3f}  slowest case {self.slowest:.2f} s"


def solve(path: Path, options: SearchOptions) -> tuple[set[frozenset[str]], float]:
    frame = pd.read_csv(path)
    names = [name for name in frame.columns if name not in ("real", "predict")]
    coded = [pd.factorize(frame[name]) for name in names]
    begin = time.process_time()
    codes = np.column_stack([codes for codes, _ in coded])
    causes = find_causes(codes, frame["predict"].to_numpy(float), frame["real"].to_numpy(float), options)
    seconds = time.process_time() - begin
    return {frozenset(f"{names[d]}={coded[d][1][code]}" for d, code in c.values) for c in causes}, seconds


def additive(directory: Path, options: SearchOptions, *, quiet: bool = False) -> Score:
    score = Score()
    for row in pd.read_csv(directory / "injection_info.csv").itertuples():
        found, seconds = solve(directory / f"{row.timestamp}.csv.gz", options)
        true = truth(str(row.set))
        score.add(found, true, seconds)
        if not quiet:
            print(f"{row.timestamp}  true {len(true)}  found {len(found)}  right {len(found & true)}  {seconds:.2f} s")
    return score


def solve_ratio(path: Path, minute: int, options: SearchOptions) -> tuple[set[frozenset[str]], float]:
    frame = pd.read_csv(path)
    names = [name for name in frame.columns if name not in ("min", "value", "cnt")]
    begin = time.process_time()
    before = frame[frame["min"] < minute]
    leaves = frame[frame["min"] == minute].groupby(names, as_index=False)[["value", "cnt"]].sum()
    if leaves.empty or not before["cnt"].sum():
        return set(), time.process_time() - begin
    expected = leaves["cnt"].to_numpy(float) * before["value"].sum() / before["cnt"].sum()
    actual = leaves["value"].to_numpy(float)
    coded = [pd.factorize(leaves[name]) for name in names]
    codes = np.column_stack([codes for codes, _ in coded])
    causes = find_causes(codes, expected, actual, options, expected + actual)
    rises = [c for c in causes if c.deviation > 0]
    seconds = time.process_time() - begin
    return {frozenset(f"{names[d]}={coded[d][1][code]}" for d, code in c.values) for c in rises}, seconds


def ratio(directory: Path, options: SearchOptions) -> Score:
    score, cases = Score(), 0
    for case in yaml.safe_load((directory / "anomaly.yaml").read_text()):
        path = directory / f"{re.sub('[ +]', '_', str(case['data']))}.csv.gz"
        if path.exists():
            told = case["cause"] if isinstance(case["cause"], list) else [case["cause"]]
            true = {frozenset(f"{name}={value}" for name, value in cell.items()) for cell in told}
            found, seconds = solve_ratio(path, int(case["timestamp"]), options)
            score.add(found, true, seconds)
            cases += 1
    print(f"{cases} cases")
    return score


def settings(directory: Path) -> None:
    """That the result does not hang on one setting: each alone, halved and doubled or so."""
    ours = SearchOptions()
    others = {"purity": (0.6, 0.9), "chance": (0.001, 0.1), "floor": (0.01, 0.05), "simpler": (0.9, 0.99)}
    print(f"ours            {additive(directory, ours, quiet=True)}")
    for name, values in others.items():
        for value in values:
            score = additive(directory, replace(ours, **{name: value}), quiet=True)
            print(f"{name:8} {value:<6g} {score}")


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "additive"
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT / ("RS" if asked == "ratio" else "S")
    if asked == "settings":
        settings(folder)
    else:
        print((ratio if asked == "ratio" else additive)(folder, SearchOptions()))
