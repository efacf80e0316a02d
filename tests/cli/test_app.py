"""The command line as a new user meets it: help is quick to read, a typo gets one line and status 2."""

from __future__ import annotations

import subprocess
import sys

import pytest

from netwatch.cli import run
from netwatch.cli.app import COMMANDS, GROUPS


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in [*COMMANDS, *GROUPS])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["analize"], "unknown command 'analize'; did you mean 'analyze'?"),
        (["asn", "look"], "unknown command 'look'; did you mean 'lookup'?"),
        (["flows", "x.pcap", "--fliter", "tcp"], "Unknown option: --fliter"),
        (["list", "reader"], "reader"),
        (["simulate"], "requires an argument"),
    ],
)
def test_a_typo_is_one_line_and_status_2(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(argv) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.startswith("netwatch: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"netwatch {name}" in capsys.readouterr().out.replace("Usage: netwatch", "", 1)


@pytest.mark.parametrize(("argv", "allowed"), [(["--help"], []), (["analyze", "--help"], ["numpy"])])
def test_help_imports_nothing_heavy(argv: list[str], allowed: list[str]) -> None:
    heavy = ["numba", "pandas", "pyarrow", "duckdb", "ibis", "matplotlib", "statsmodels", "scapy", "numpy"]
    heavy = [name for name in heavy if name not in allowed]
    code = f"import sys; from netwatch.cli import run; run({argv}); print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
