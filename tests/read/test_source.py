"""Sources: windows that overlap nothing and lose nothing, whatever a reader leaves over."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import netwatch.read.source as source_module
from netwatch.read.source import open_source

CONTENT = np.random.default_rng(1).integers(0, 256, 100_003, np.uint8).tobytes()


@pytest.fixture(params=["plain", "gzip"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(source_module, "FILE_WINDOW", 1 << 13)
    monkeypatch.setattr(source_module, "STREAM_WINDOW", 1 << 13)
    place = tmp_path / "input"
    place.write_bytes(CONTENT if request.param == "plain" else gzip.compress(CONTENT))
    return place


@pytest.mark.parametrize("left", [0, 1, 100, 5000])
def test_what_is_left_over_comes_again(path: Path, left: int) -> None:
    source = open_source(path, 300)
    window, out = source.first(), b""
    while True:
        used = len(window.octets) if window.last else len(window.octets) - left
        assert window.start == len(out)
        out += window.octets[:used].tobytes()
        assert not window.octets.flags.writeable
        if window.last:
            break
        window = source.after(window, used)
    source.close()
    assert out == CONTENT and not source.fault


def test_windows_grow_while_nothing_is_used(path: Path) -> None:
    source = open_source(path, 300)
    window = source.first()
    while not window.last:
        wider = source.after(window, 0)
        assert len(wider.octets) > len(window.octets) or wider.last
        window = wider
    assert window.octets.tobytes() == CONTENT
    source.close()


def test_windows_outlive_their_source(path: Path) -> None:
    source = open_source(path, 300)
    first = source.first()
    source.after(first, len(first.octets))
    source.close()
    assert first.octets.tobytes() == CONTENT[: len(first.octets)]


def test_as_a_file(path: Path) -> None:
    source = open_source(path, 300)
    assert source.file().read() == CONTENT
    source.close()


def read_while(place: Path, change: Callable[[Path], None]) -> tuple[bytes, str]:
    """What is read of a file that changes before each further window, and the fault that is told."""
    place.write_bytes(CONTENT)
    source = open_source(place, 300)
    window = source.first()
    out = window.octets.tobytes()
    while not window.last:
        change(place)
        window = source.after(window, len(window.octets))
        out += window.octets.tobytes()
    source.close()
    return out, source.fault


def test_a_file_that_shrinks_is_told_not_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "FILE_WINDOW", 1 << 13)
    out, fault = read_while(tmp_path / "input", lambda place: os.truncate(place, 20_000))
    assert out == CONTENT[:20_000]
    assert fault == "file shrank to 20,000 octets while it was read"


def test_of_a_file_that_grows_what_was_there_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "FILE_WINDOW", 1 << 13)

    def grow(place: Path) -> None:
        with place.open("ab") as file:
            file.write(b"more" * 5000)

    assert read_while(tmp_path / "input", grow) == (CONTENT, "")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    source = open_source(tmp_path / "empty", 300)
    window = source.first()
    assert source.head == b"" and window.last and not len(window.octets)
    source.close()
