"""The series that a monitor keeps, as ``backtest`` replays them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

from five_minutes import START, write

from netwatch.cli import run
from netwatch.config import load
from netwatch.monitor.kept import kept_series
from netwatch.monitor.one_pass import run_pass
from netwatch.monitor.verify import opened
from netwatch.store.series_at_rest import FINE, HOUR


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    spool = home / "spool"
    spool.mkdir()
    for index in range(3):
        os.utime(write(spool, index), (START, START))
    path = home / "netwatch.toml"
    path.write_text(
        'store = "store"\n[watch.home]\nprefix = ["175.45.176.0/22"]\n[source.spool]\npath = "spool"\n', "utf-8"
    )
    return path


def test_all_octets_are_in_the_series(config):
    options = load(config)
    run_pass(options)
    with opened(options) as journal:
        octets = journal.state.totals()["octets"]
        for width in (FINE, HOUR):
            series = kept_series(journal, width, ("scope",))
            (total,) = series.of("scope", "octets")
            # Bins at the edges of which under half was seen are not known.
            assert 0.95 * octets <= float(np.nansum(total.values * total.coverage)) <= octets


def test_the_store_is_replayed(config, capsys):
    assert run(["backtest", "--config", str(config)]) == 0
    assert "shorter than the two weeks" in capsys.readouterr().out
    assert run(["backtest", "--config", str(config), "--bin", "7m"]) == 2
    assert "multiple of 5m" in capsys.readouterr().err
