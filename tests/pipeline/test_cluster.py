"""A cluster takes in what one machine takes in, also when an executor dies on the way."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "monitor"))

import five_minutes
import spark_cluster

from netwatch.config import load
from netwatch.monitor.one_pass import run_pass
from netwatch.store import spark
from netwatch.store.lake import Lake
from netwatch.store.series_at_rest import FINE, SeriesStore
from netwatch.store.state import State

LACKING = spark_cluster.missing()
pytest.importorskip("deltalake")
FILES = 60
CONFIG = (
    'store = "{store}"\nengine = "{engine}"\n'
    + five_minutes.WATCH
    + """\
[pass]
inputs = 40
[health]
stalled = "1000w"
"""
)
NOW = 4_000_000_000 * 10**9


def one_pass(directory: Path, store: str, engine: str):
    config = directory / f"{store}.toml"
    config.write_text(CONFIG.format(store=store, engine=engine))
    return run_pass(load(config), NOW).summary


def kept(store: Path) -> dict[str, list]:
    """All that a store holds, in an order of its own."""
    lake, series, state = Lake(store), SeriesStore(store), State(store)
    sums = series.fine(0, 1 << 62)
    columns = (sums.start, sums.kind, sums.value, sums.octets, sums.packets, sums.flows, sums.peers)
    held = {
        "flows": sorted(map(str, lake.table().drop("day").to_pyarrow().to_pylist())),
        "days": sorted(lake.table().day.value_counts().to_pyarrow().to_pylist(), key=str),
        "sums": sorted(map(str, zip(*(np.asarray(c).tolist() for c in columns), strict=True))),
        "ledger": state.ledger(),
        "findings": state.findings(),
        "log": lake.entries(1),
    }
    assert sums.width == FINE
    lake.close()
    state.close()
    return held


def spooled(directory: Path) -> None:
    (directory / "spool").mkdir()
    for index in range(FILES):
        five_minutes.write(directory / "spool", index, 20, flood=index == 30)
    (directory / "spool" / "not-traffic").write_bytes(b"nothing that is known")


def compared(directory: Path, there) -> None:
    """What the pass of the cluster left must be what a pass of this process leaves."""
    here = one_pass(directory, "embedded", "duckdb")
    assert (there.inputs_ingested, there.inputs_quarantined, there.flows) == (FILES, 1, here.flows)
    cluster, embedded = kept(directory / "cluster"), kept(directory / "embedded")
    assert len(embedded["findings"]) > 0
    for what, held in embedded.items():
        assert cluster[what] == held, what
    staged = directory / "cluster" / "staging"
    assert not staged.exists() or not list(staged.rglob("*"))


def test_tasks_done_twice_change_nothing(tmp_path, monkeypatch):
    """The same without Spark: every task is sent (pickled) to be done twice, once after all the others."""

    def twice(_engine, function, items):
        sent = pickle.dumps(function)
        made = [pickle.dumps(pickle.loads(sent)(item)) for item in items]
        again = [pickle.dumps(pickle.loads(sent)(item)) for item in reversed(items)]
        assert len(made) == len(again)
        return [pickle.loads(one) for one in made]

    monkeypatch.setattr(spark, "_session", lambda _master: None)
    monkeypatch.setattr(spark.Spark, "map", twice)
    monkeypatch.setattr(spark.Spark, "close", lambda _engine: None)
    spooled(tmp_path)
    compared(tmp_path, one_pass(tmp_path, "cluster", "local[2]"))


@pytest.mark.skipif(bool(LACKING), reason=f"no cluster to test on: {LACKING}")
def test_a_killed_executor_changes_nothing(tmp_path):
    spooled(tmp_path)
    staged = tmp_path / "cluster" / "staging"
    thread, killed = spark_cluster.kill_one_when(lambda: len(list(staged.rglob("*.observed.parquet"))) > FILES // 4)
    there = one_pass(tmp_path, "cluster", spark_cluster.MASTER)
    thread.join()
    assert len(killed) == 1
    compared(tmp_path, there)
