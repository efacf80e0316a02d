"""Bad input gets one clear line (or a tally) and the right exit status, and leaves no half-written report."""

from __future__ import annotations

import gzip
import json
import re
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from netwatch.cli import run

CAPTURES = Path(__file__).parents[2] / "captures"
OFFICE = CAPTURES / "ordinary-office" / "ordinary-office.pcap.gz"


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    status = run(argv)
    return status, capsys.readouterr().err


@pytest.mark.parametrize("command", ["inspect", "analyze", "flows"])
def test_a_text_file_is_refused(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("dear diary\n")
    out = ("--out", str(tmp_path / "out")) if command == "analyze" else ()
    status, err = told(capsys, command, str(text), *out)
    assert status == 3
    assert err.strip().splitlines()[-1].startswith("netwatch: nothing could be read")
    assert "not a known format" in err
    assert not (tmp_path / "out").exists()


def test_an_empty_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.pcap"
    empty.touch()
    status, err = told(capsys, "analyze", str(empty), "--out", str(tmp_path / "out"))
    assert status == 3
    assert "empty" in err


def test_a_directory_without_captures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = told(capsys, "analyze", str(tmp_path), "--out", str(tmp_path / "out"))
    assert status == 2
    assert err.strip() == f"netwatch: no files in {tmp_path}"
    (tmp_path / "readme.md").write_text("# nothing here\n")
    status, err = told(capsys, "analyze", str(tmp_path), "--out", str(tmp_path / "out"))
    assert status == 3


def test_a_missing_file_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "february.pcap").touch()
    status, err = told(capsys, "inspect", str(tmp_path / "febuary.pcap"))
    assert status == 2
    assert "did you mean" in err
    assert "february.pcap" in err


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"PK\x03\x04" + bytes(100), "a zip archive: unpack it first"),
        (bytes(257) + b"ustar" + bytes(250), "a tar archive: unpack it first"),
        (b"\x83\x10\0 \0\0\0\0\xe5q-\xcb" + bytes(100), "records of Argus: ra -c, makes CSV of them"),
        ("flow_start,source_address\n".encode("utf-16"), "text in UTF-16: save it as UTF-8"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_files_of_other_kinds_are_told_apart(
    octets: bytes, words: str, pack: Callable[[bytes], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "input").write_bytes(pack(octets))
    status, err = told(capsys, "inspect", str(tmp_path / "input"))
    assert status == 3
    assert err == f"netwatch: nothing could be read: {tmp_path / 'input'}: {words}\n"


def test_a_file_by_two_names_counts_once_and_a_pattern_finds_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture, link = tmp_path / "day-1.pcap.gz", tmp_path / "day-2.pcap.gz"
    capture.write_bytes(OFFICE.read_bytes())
    link.symlink_to(capture)
    for argv in (
        [str(capture), str(link)],
        [str(tmp_path), str(capture)],
        [str(capture), str(tmp_path / "." / "day-1.pcap.gz")],
        [str(tmp_path / "day-*.pcap.gz")],
    ):
        assert run(["inspect", "--json", *argv]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line)["packets"] == 5371
    assert told(capsys, "inspect", str(tmp_path / "week-*.pcap"))[0] == 2
    assert told(capsys, "inspect", "") == (2, "netwatch: an input without a name\n")


def test_an_unknown_asn_names_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = told(capsys, "analyze", str(OFFICE), "--asn", "AS4199999999", "--out", str(tmp_path))
    assert status == 2
    assert "AS4199999999" in err
    assert "--prefix" in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("flows", "--filter", "dst prot 22"), "'prot' at character 5"),
        (("flows", "--group", "sauce_address"), "did you mean 'source_address'"),
        (("analyze", "--formats", "pfd"), "did you mean 'pdf'"),
        (("analyze", "--from", "soon"), "not a date or time"),
        (("analyze", "--prefix", "10.0.0.0/40"), "not a prefix"),
        (("series", "--bin", "5 parsecs"), "not a width"),
        (("series", "--by", "clas"), "did you mean 'class'"),
        (("explain", "--before", "2019-W7", "--after", "2019-06..2019-07"), "not a window"),
    ],
)
def test_a_bad_option_is_one_line(argv: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = told(capsys, argv[0], str(OFFICE), *argv[1:])
    assert status == 2
    assert message in err
    assert err.count("\n") == 1


def test_a_capture_cut_short_is_read_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = gzip.decompress(OFFICE.read_bytes())
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    status = run(["inspect", str(cut)])
    shown = capsys.readouterr().out
    assert status == 4
    assert "octet" in shown


def test_a_capture_without_a_flow_has_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "header-only.pcap"
    empty.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    assert run(["analyze", str(empty), "--out", str(tmp_path / "out")]) == 0
    assert "No finding: nothing was observed of the whole capture" in capsys.readouterr().out
    assert (tmp_path / "out" / "report.pdf").exists()


def test_a_full_disk_is_one_line_and_leaves_no_report(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from netwatch.cli import run; sys.exit(run(sys.argv[1:]))"
    )
    argv = [sys.executable, "-c", code, "analyze", str(OFFICE), "--out", str(tmp_path / "out")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 74, done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("netwatch: ")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("report.*"))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 20_000


def test_fail_on_sets_the_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flood = CAPTURES / "syn-flood" / "syn-flood.pcap.gz"
    argv = ("analyze", str(flood), "--out", str(tmp_path), "--formats", "json", "--fail-on")
    assert run([*argv, "low"]) == 1
    capsys.readouterr()
    assert run(["analyze", str(OFFICE), "--out", str(tmp_path), "--formats", "json", "--fail-on", "low"]) == 0


def test_nothing_in_scope_is_said_and_not_taken_for_calm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(OFFICE), "--prefix", "203.0.113.0/24", "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert re.search(r"nothing was observed of 203\.0\.113\.0/24: [\d,]+ flows were read, none of them its own\.", told)
    assert "1970" not in told + (tmp_path / "out" / "report.html").read_text()


def test_a_directory_that_cannot_be_written_is_told_before_reading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    status, err = told(capsys, "analyze", str(tmp_path / "nowhere.pcap"), "--out", str(tmp_path / "file" / "out"))
    assert status == 74
    assert "nowhere" not in err
