"""Files of what was told: private, whole lines, no repeats, nothing lost on a full disk or by a kill."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from notice_stories import HOSTILE, notice

from netwatch.alert.eve import EveSink
from netwatch.alert.files import document_name
from netwatch.alert.misp import MispSink
from netwatch.alert.options import SinkOptions
from netwatch.errors import OutputError, UsageError


def eve(path: Path, **changes: Any) -> EveSink:
    return EveSink(SinkOptions("file", "eve", path=path, **changes))


def keys(path: Path) -> list[str]:
    return [json.loads(line)["netwatch"]["key"] for line in path.read_text().splitlines()]


def test_lines_are_appended_privately_even_under_a_loose_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        eve(tmp_path / "new" / "eve.json").send([notice("a"), notice("b")])
    finally:
        os.umask(old)
    path = tmp_path / "new" / "eve.json"
    assert keys(path) == ["a", "b"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    eve(path).send([notice("c")])
    assert keys(path) == ["a", "b", "c"]


def test_a_repeat_changes_nothing_also_across_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    eve(path).send([notice("a"), HOSTILE])
    before = path.read_bytes()
    eve(path).send([notice("a"), HOSTILE])
    assert path.read_bytes() == before
    path.rename(tmp_path / "eve.json.1")
    eve(path).send([notice("a"), notice("b")])
    assert keys(path) == ["b"]


def test_text_from_the_wire_cannot_pass_for_the_key_of_another(tmp_path: Path) -> None:
    eve(tmp_path / "eve.json").send([HOSTILE])  # says "netwatch":{"key":"k1" in its words
    eve(tmp_path / "eve.json").send([notice("k1")])
    assert len(keys(tmp_path / "eve.json")) == 2


@pytest.mark.parametrize("cut", [1, 20, 300, 1000])
def test_a_line_cut_by_a_kill_is_written_again_whole(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "eve.json"
    eve(path).send([notice("a"), notice("b")])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    eve(path).send([notice("a"), notice("b")])
    assert path.read_bytes() == whole


def test_a_file_that_is_one_unfinished_line_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    path.write_bytes(b'{"timestamp":' + b"x" * 200_000)
    eve(path).send([notice("a")])
    assert keys(path) == ["a"]


def test_rotation_keeps_as_many_as_it_should_and_loses_nothing_in_between(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    for i in range(12):
        eve(path, max_octets=4000, keep=3).send([notice(f"k{i:02}")])
    files = [path, *(tmp_path / f"eve.json.{n}" for n in (1, 2, 3))]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= 4000 for file in files)
    told = [key for file in reversed(files) for key in keys(file)]
    assert told == [f"k{i:02}" for i in range(12)][-len(told) :]


def test_keep_none_starts_over(tmp_path: Path) -> None:
    for i in range(6):
        eve(tmp_path / "eve.json", max_octets=3000, keep=0).send([notice(f"k{i}")])
    assert [p.name for p in tmp_path.iterdir()] == ["eve.json"]
    assert keys(tmp_path / "eve.json")[-1] == "k5"


def test_a_full_disk_leaves_what_was_there_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "eve.json"
    eve(path).send([notice("a")])
    before, write = path.read_bytes(), os.write

    def full(handle: int, octets: bytes) -> int:
        if len(octets) > 100:
            return write(handle, octets[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OutputError, match=r"eve\.json: No space left on device"):
        eve(path).send([notice("b")])
    with pytest.raises(OutputError, match="No space left on device"):
        MispSink(SinkOptions("m", "misp", path=tmp_path / "misp")).send([notice("b")])
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list((tmp_path / "misp").iterdir()) == []


def test_symlinks_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "eve.json").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError):
        eve(tmp_path / "eve.json").send([notice("a")])
    assert (tmp_path / "victim").read_text() == "precious"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="not a regular file"):
        eve(tmp_path / "pipe").send([notice("a")])


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    holder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(OutputError, match="somebody else is writing there"):
        eve(tmp_path / "eve.json").send([notice("a")])
    os.close(holder)
    eve(tmp_path / "eve.json").send([notice("a")])


def test_documents_are_named_by_hash_and_never_half_there(tmp_path: Path) -> None:
    sink = MispSink(SinkOptions("m", "misp", path=tmp_path / "misp"))
    escape = notice("../../etc/passwd\n")
    (tmp_path / "misp").mkdir()
    (tmp_path / "misp" / f".{document_name(escape)}.part").write_text("left by a kill")
    sink.send([escape, HOSTILE])
    names = sorted(p.name for p in (tmp_path / "misp").iterdir())
    assert names == sorted([document_name(escape), document_name(HOSTILE)])
    assert all(name.startswith("20251123T120000Z-") and len(name) == 38 for name in names)
    first = (tmp_path / "misp" / names[0]).stat()
    assert stat.S_IMODE(first.st_mode) == 0o600
    sink.send([escape, HOSTILE])
    assert (tmp_path / "misp" / names[0]).stat().st_mtime_ns == first.st_mtime_ns


def test_a_sink_without_a_place_is_refused() -> None:
    with pytest.raises(UsageError, match="path is missing"):
        EveSink(SinkOptions("file", "eve"))
