"""``-`` behind an option that names a file is stdout, and what is no plain file is written into, never replaced."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

CAPTURE = Path(__file__).parents[2] / "captures" / "port-scan" / "port-scan.pcap.gz"
FLOWS, PACKETS = 1_320, 3_062


def netwatch(*argv: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "netwatch", *argv, "--quiet"], input=stdin, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def records(octets: bytes) -> int:
    told = netwatch("inspect", "-", "--json", stdin=octets)
    return int(told.split(b'"flow_records": ')[1].split(b",")[0])


@pytest.mark.parametrize("option", ["--csv", "--parquet", "--ipfix"])
def test_flows_go_to_stdout(option: str) -> None:
    assert records(netwatch("flows", str(CAPTURE), option, "-")) == FLOWS


def test_stdin_and_stdout_at_once() -> None:
    rows = list(csv.DictReader(io.StringIO(netwatch("flows", "-", "--csv", "-", stdin=CAPTURE.read_bytes()).decode())))
    assert len(rows) == FLOWS
    assert sum(int(r["packet_delta_count"]) + int(r["reverse_packet_delta_count"]) for r in rows) == PACKETS


def test_metered_flows_and_carved_packets_go_to_stdout() -> None:
    assert records(netwatch("meter", str(CAPTURE), "--out", "-")) == FLOWS
    carved = netwatch("flows", str(CAPTURE), "--filter", "proto udp", "--pcap", "-")
    assert carved[:4] == b"\xd4\xc3\xb2\xa1"
    assert len(carved) > 1000


def test_series_go_to_stdout() -> None:
    header = netwatch("series", str(CAPTURE), "--csv", "-").split(b"\r\n")[0]
    assert header.startswith(b"bin_start,")


@pytest.mark.parametrize("command", [("flows", "--csv"), ("flows", "--parquet"), ("meter", "--out")])
def test_a_pipe_and_a_link_stay_what_they_are(command: tuple[str, str], tmp_path: Path) -> None:
    name, option = command
    real, link, pipe = tmp_path / "real", tmp_path / "link", tmp_path / "pipe"
    real.write_bytes(b"of before")
    link.symlink_to(real)
    netwatch(name, str(CAPTURE), option, str(link))
    assert link.is_symlink()
    assert records(real.read_bytes()) == FLOWS
    os.mkfifo(pipe)
    with real.open("wb") as copy, subprocess.Popen(["cat", str(pipe)], stdout=copy) as reader:
        netwatch(name, str(CAPTURE), option, str(pipe))
        reader.wait(timeout=60)
    assert records(real.read_bytes()) == FLOWS
    assert pipe.is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe", "real"]


def test_a_reader_who_goes_away_is_no_fault() -> None:
    argv = [sys.executable, "-m", "netwatch", "flows", str(CAPTURE), "--csv", "-", "--quiet"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.read(100)
        writer.stdout.close()
        assert (writer.wait(timeout=120), writer.stderr.read()) == (0, b"")
