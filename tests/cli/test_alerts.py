"""``netwatch alerts test`` from the configuration's file to the sink and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netwatch.cli import run

CONFIG = """
store = "store"
[source.spool]
path = "spool"
[alerts.sinks.eve]
kind = "eve"
path = "out/eve.json"
[alerts.sinks.soc]
kind = "apprise"
url_env = "NETWATCH_TEST_URL"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "netwatch.toml"
    path.write_text(CONFIG)
    return path


def test_one_sink_beside_the_configuration(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alerts", "test", "--config", str(config), "--sink", "eve", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"sink": "eve", "taken": True, "fault": ""}
    told = json.loads((config.parent / "out" / "eve.json").read_text())
    assert told["alert"]["signature"].startswith("netwatch TEST: ")


def test_the_configuration_of_this_directory_is_the_default(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(config.parent)
    assert run(["alerts", "test", "--sink", "eve"]) == 0


def test_a_check_tells_what_is_not_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", str(config)]) == 0
    told = capsys.readouterr()
    assert "is right" in told.out
    assert f"[source.spool]: no such directory: {config.parent / 'spool'}" in told.err
    assert "[alerts.sinks.soc]: NETWATCH_TEST_URL is not set" in told.err


def test_a_check_tells_of_bins_that_are_kept_too_short(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = config.read_text()
    config.write_text(text + '[retention]\nbins = "14d"\n')
    assert run(["config", "check", str(config)]) == 0
    assert "[retention]" not in capsys.readouterr().err
    config.write_text(text + '[retention]\nbins = "7d"\n')
    assert run(["config", "check", str(config)]) == 0
    assert "changes are sought in 7 days, not 14" in capsys.readouterr().err


def test_secrets_of_a_store_are_not_shown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("AWS_SECRET_ACCESS_KEY", "aws_session_token", "AZURE_STORAGE_SAS_KEY", "google_service_account_key")
    secrets = "".join(f'{name} = "hunter2"\n' for name in names)
    config.write_text(config.read_text() + f'[storage]\nAWS_REGION = "eu-1"\n{secrets}')
    assert run(["config", "show", str(config)]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown)["storage"] == {"AWS_REGION": "eu-1", **dict.fromkeys(names, "(set)")}
    assert "hunter2" not in shown


def test_a_sink_that_does_not_take_it(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("apprise")
    monkeypatch.setenv("NETWATCH_TEST_URL", "json://user:hunter2@127.0.0.1:1/?cto=1&rto=1")
    assert run(["alerts", "test", "--config", str(config)]) == 74
    shown = capsys.readouterr()
    assert "eve   taken" in shown.out
    assert "sink 'soc': not accepted (JSON: " in shown.out
    assert "hunter2" not in shown.out + shown.err


def test_what_is_not_set_or_not_there_is_one_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alerts", "test", "--config", str(config), "--sink", "ev"]) == 2
    assert capsys.readouterr().err == "netwatch: unknown sink 'ev'; did you mean 'eve'?\n"
    assert run(["alerts", "test", "--config", str(config), "--sink", "soc"]) == 2
    assert "the environment variable NETWATCH_TEST_URL is not set" in capsys.readouterr().err
    assert run(["alerts", "tset", "--config", str(config)]) == 2
    assert "did you mean 'test'" in capsys.readouterr().err
