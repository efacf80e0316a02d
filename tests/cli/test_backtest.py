"""``netwatch backtest``: a table of series, captures and the store as a user replays them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from naive.volume import hourly, one

from netwatch.cli import run
from netwatch.cli.console import write_csv
from netwatch.cli.series import series_rows
from netwatch.series import COLUMNS

CAPTURE = Path(__file__).parents[2] / "captures" / "dns-reflection"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = hourly(110, 1)
    values[95 * 24 + 7] *= 6
    values[100 * 24 : 101 * 24] = np.nan
    path = tmp_path_factory.mktemp("series") / "series.csv"
    write_csv(COLUMNS, series_rows(one(values).series.values()), path)
    return path


def test_a_table_is_replayed(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "told.csv"
    argv = ["backtest", str(table), "--detectors", "points", "--false-alarms", "0.5"]
    assert run([*argv, "--json", "--csv", str(out)]) == 0
    *lines, last = map(json.loads, capsys.readouterr().out.splitlines())
    spike = next(line for line in lines if line["kind"] == "spike" and line["told"] is not None)
    assert (spike["since"], spike["told"]) == ("2017-04-06T07:00:00Z", "2017-04-06T08:00:00Z")
    assert (spike["outcome"], spike["delay_seconds"], spike["as_since"]) == ("confirmed", 3600, spike["since"])
    summary = last["summary"]
    assert (summary["series"], summary["budget_per_month"], summary["since"]) == (1, 0.5, "2017-01-15T00:00:00Z")
    assert summary["sudden"]["told"] == sum(line["told"] is not None for line in lines)
    assert sum(month["told"] for month in summary["by_month"]) == summary["sudden"]["told"]
    rows = list(csv.DictReader(out.open()))
    assert [row["since"] for row in rows] == [line["since"] for line in lines]
    assert run(argv) == 0
    shown = capsys.readouterr().out
    assert "2017-04-06T08:00:00Z" in shown
    assert "asked for at most 0.5 false ones a month" in shown


def test_a_short_capture_teaches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", str(CAPTURE), "--asn", "AS131279", "--quiet"]) == 0
    assert "shorter than the two weeks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "status", "message"),
    [
        (["--by", "scoop"], 2, "did you mean 'scope'"),
        (["--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["--detectors", "levels", "--timezone", "UTC"], 2, "did you mean 'level'"),
        (["--timezone", "Europe/Berlim"], 2, "Europe/Berlim"),
    ],
)
def test_bad_requests_are_one_line(
    argv: list[str], status: int, message: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [] if "--config" in argv else [str(table)]
    assert run(["backtest", *files, *argv]) == status
    assert message in capsys.readouterr().err


def test_a_table_is_replayed_alone(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", str(table), str(CAPTURE)]) == 2
    assert "replay it alone" in capsys.readouterr().err
