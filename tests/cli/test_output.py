"""What commands print: on narrow terminals, through pipes, from stdin, for people who type bytes and -."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from netwatch.cli import console, run

CAPTURES = Path(__file__).parents[2] / "captures"
SCAN = CAPTURES / "port-scan" / "port-scan.pcap.gz"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PIPED_WIDTH", 80)


def test_a_flow_is_a_line_in_80_columns(narrow: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flows", str(SCAN), "--filter", "inet", "--top", "8", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["start", "proto", "source", "destination", "octets", "class"]
    assert max(map(len, lines)) <= 80
    assert {line.split()[2] for line in lines[1:9]} <= {"tcp", "udp", "icmp"}


def test_groups_by_network_in_words_of_nfdump(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["flows", str(SCAN), "--group", "dstip4/16", "--order", "bytes", "--json", "--quiet"]) == 0
    groups = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(group["destination_address4/16"].endswith(".0.0/16") for group in groups)
    octets = [group["octets"] for group in groups]
    assert octets == sorted(octets, reverse=True)


def test_a_lone_dash_is_stdin_wherever_it_stands(tmp_path: Path) -> None:
    code = "import sys; from netwatch.cli import run; sys.exit(run(sys.argv[1:]))"
    argv = ["flows", "-", "--group", "proto", "--json", "--quiet"]
    done = subprocess.run([sys.executable, "-c", code, *argv], input=gzip.decompress(SCAN.read_bytes()),
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["protocol_identifier"] == "tcp"


def test_a_reader_that_goes_away_is_no_fault() -> None:
    code = (
        "import os, sys\n"
        "from netwatch.cli import run\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "os.dup2(write, 1)\n"
        "sys.exit(run(['list', 'fingerprints']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["flows", "x.pcap", "--top", "0"], "Must be >= 1"),
        (["series", "x.pcap", "--top", "-3"], "Must be >= 1"),
        (["store", "top", "srcip", "--top", "0"], "Must be >= 1"),
        (["analyze", "x.pcap", "--prior", "1"], "Must be < 1"),
        (["analyze", "x.pcap", "--false-alarms", "0"], "Must be > 0"),
        (["flows", str(SCAN), "--group", "port"], "write srcport or dstport"),
    ],
)
def test_numbers_out_of_range_are_usage(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(argv) == 2
    assert message in capsys.readouterr().err


def test_what_is_of_no_known_format_takes_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(SCAN.parent)]) == 0
    out = capsys.readouterr().out
    assert out.index("snaplen") < out.index("not read: ")
    assert out.count("not read: ") == 3


def test_prose_in_a_pipe_is_a_paragraph_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(SCAN), "--out", str(tmp_path), "--formats", "json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = json.loads((tmp_path / "report.json").read_text())["answer"]
    assert all(paragraph in lines for answer in told for paragraph in answer["words"].split("\n"))
    severities = [
        line.split()[0] for line in lines if line.split()[:1] and line.split()[0] in ("high", "medium", "low")
    ]
    assert severities == sorted(severities, key=["high", "medium", "low"].index)


def test_no_number_is_cut_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "PIPED_WIDTH", 20)
    console.stdout().print(
        console.table(("part", "rate", "share"), [("web", "1,234,567 bit/s", "98.6 %")], numbers=(1, 2))
    )
    assert capsys.readouterr().out.splitlines()[1].split() == ["web", "1,234,567", "bit/s", "98.6", "%"]
