"""``netwatch store``: what is written out and what is deleted is what was asked for."""

import csv
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parents[1] / "monitor"))

import five_minutes
import pyarrow.parquet as pq

from netwatch.cli import run
from netwatch.config import load
from netwatch.monitor.one_pass import run_pass

HOURS = 12
"""Intervals of five minutes in an hour."""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "spool").mkdir()
    for index in range(22 * HOURS, 26 * HOURS, 4):
        five_minutes.write(home / "spool", index)
    path = home / "netwatch.toml"
    path.write_text('store = "store"\n[source.a]\npath = "spool"\nsettle = 0\n')
    run_pass(load(path), five_minutes.START * 10**9 + 10**18)
    return path


def exported(config, name, *asked):
    out = config.parent / name
    assert run(["store", "export", str(out), *asked, "--config", str(config)]) == 0
    return out


def starts(path):
    with path.open() as file:
        return [row["flow_start"] for row in csv.DictReader(file)]


def test_a_window_is_half_open_and_its_parts_are_the_whole(config):
    middle = "2019-02-02T00:00:00Z"
    before, after = (
        starts(exported(config, "a.csv", "--to", middle)),
        starts(exported(config, "b.csv", "--from", middle)),
    )
    assert before and after
    assert max(before) < middle <= min(after)
    assert sorted(before + after) == sorted(starts(exported(config, "c.csv")))
    assert starts(exported(config, "d.csv", "--from", "2020")) == []


def test_the_name_says_the_format_where_nothing_else_does(config):
    assert pq.read_table(exported(config, "flows.dat")).num_rows == len(starts(exported(config, "flows.csv")))
    assert exported(config, "flows.json", "--filter", "dst port 443").read_text().startswith("{")


def test_what_is_no_day_deletes_nothing(config, capsys):
    for word in ("2019-13-45", "20190202", "yesterday", "2019-02"):
        assert run(["store", "expire", "--before", word, "--config", str(config)]) == 2
        assert "not a day" in capsys.readouterr().err
    assert run(["store", "verify", "--config", str(config)]) == 0


def test_a_place_that_is_not_there_is_one_line(config, capsys):
    assert run(["store", "export", "/nowhere/x.csv", "--config", str(config)]) == 74
    assert capsys.readouterr().err == "netwatch: cannot write /nowhere/x.csv: No such file or directory\n"
