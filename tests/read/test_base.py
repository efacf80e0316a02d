"""Inputs: found, put in order of time, recognised by content; what cannot be read is told, not hidden."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from naive import frames as make

from netwatch.errors import UnreadableInput, UsageError
from netwatch.read import READERS, ReadOptions, open_inputs

FRAMES = [make.ethernet(p) for p in make.conversation(4)]
CAPTURE = make.pcap(FRAMES)


def at(seconds: int) -> bytes:
    octets = bytearray(CAPTURE)
    place = 24
    for frame in FRAMES:
        octets[place : place + 4] = (make.BEGIN + seconds).to_bytes(4, "little")
        place += 16 + len(frame)
    return bytes(octets)


def test_a_directory_is_read_in_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a").write_bytes(at(300))
    (tmp_path / "b").write_bytes(at(100))
    (tmp_path / "below" / "c").write_bytes(make.pcapng(FRAMES))
    (tmp_path / ".hidden").write_bytes(CAPTURE)
    (tmp_path / "nfcapd.current.123").write_bytes(CAPTURE)
    inputs = open_inputs([tmp_path], ReadOptions(exports="ignore"))
    assert [Path(f.path).name for f in inputs.files] == ["c", "b", "a"]
    assert sum(len(batch) for batch in inputs) == 12
    assert [f.format for f in inputs.files] == ["pcapng", "pcap", "pcap"]
    assert [batch.input for batch in open_inputs([tmp_path])] == [0, 1, 2]
    assert [f.sha256 for f in inputs.files] == [
        hashlib.sha256(Path(f.path).read_bytes()).hexdigest() for f in inputs.files
    ]


def test_what_cannot_be_read_among_others_is_told(tmp_path: Path) -> None:
    (tmp_path / "capture").write_bytes(CAPTURE)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "picture").write_bytes(b"\x89PNG\r\n" + bytes(500))
    inputs = open_inputs([tmp_path])
    assert sum(len(batch) for batch in inputs) == 4
    told = {Path(t.input).name: list(t.dropped) for t in inputs.tallies}
    assert told == {"capture": [], "empty": ["empty"], "picture": ["not a known format"]}
    assert all(t.balanced for t in inputs.tallies)


def test_nothing_readable_at_all(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"\x89PNG\r\n" + bytes(500))
    with pytest.raises(UnreadableInput, match="not a known format"):
        list(open_inputs([tmp_path / "picture"]))


def test_a_missing_path_is_named_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "february.pcap").write_bytes(CAPTURE)
    with pytest.raises(UsageError, match=r"no such file or directory: .*febuary\.pcap; did you mean .*february\.pcap"):
        open_inputs([tmp_path / "febuary.pcap"])


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(CAPTURE)
    (tmp_path / "b.pcap").symlink_to(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"a link to what is not there: .*b\.pcap"):
        open_inputs([tmp_path / "b.pcap"])
    inputs = open_inputs([tmp_path / "*.pcap"])
    assert sum(len(batch) for batch in inputs) == 4
    assert {Path(t.input).name: t.incomplete for t in inputs.tallies} == {
        "a.pcap": "", "b.pcap": "cannot be opened: No such file or directory",
    }  # fmt: skip


def test_compressed_twice_is_told(tmp_path: Path) -> None:
    (tmp_path / "twice").write_bytes(gzip.compress(gzip.compress(CAPTURE)))
    with pytest.raises(UnreadableInput, match="gzip data within compressed data: decompress it once"):
        list(open_inputs([tmp_path / "twice"]))


def test_a_directory_without_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no files in"):
        open_inputs([tmp_path])


def test_stdin_is_a_stream(tmp_path: Path) -> None:
    program = (
        "from netwatch.read import open_inputs\n"
        "inputs = open_inputs(['-'])\n"
        "print(sum(len(b) for b in inputs), inputs.files[0].sha256)\n"
    )
    out = subprocess.run([sys.executable, "-c", program], input=CAPTURE, capture_output=True, check=True)
    assert out.stdout.decode().split() == ["4", hashlib.sha256(CAPTURE).hexdigest()]


def test_a_pipe_that_trickles(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    class Stdin:
        buffer = Slow(CAPTURE)

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert sum(len(batch) for batch in open_inputs(["-"])) == 4


def test_recognisers_import_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from netwatch.read.base import recognise\n"
        "recognise(bytes(4096))\n"
        "heavy = {'numba', 'pyarrow', 'pandas', 'scapy', 'duckdb'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_reader_survives_every_head() -> None:
    heads = [b"", b"\0", bytes(4096), b"\xff" * 4096, b"{", b"#separator", CAPTURE[:30], b"\n\r\r\n" + bytes(20)]
    for _, reader in READERS.items():
        for head in heads:
            if not reader.recognises(head):
                continue
            reader.begins(head)
