"""Compressed input: bounded in memory and in growth, cut or bent anywhere."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma

import lz4.frame
import pytest
import zstandard

import netwatch.read.compressed as compressed
from netwatch.read.compressed import Decompressed, compression

CONTENT = bytes(range(256)) * 2000 + b"end"
PACKED = {
    "gzip": gzip.compress(CONTENT, mtime=0),
    "bzip2": bz2.compress(CONTENT),
    "xz": lzma.compress(CONTENT),
    "zstd": zstandard.ZstdCompressor().compress(CONTENT),
    "lz4": lz4.frame.compress(CONTENT),
}


def unpack(kind: str, octets: bytes, ratio: int = 100_000) -> tuple[bytes, str]:
    stream = Decompressed(kind, io.BytesIO(octets), ratio)
    parts = []
    while part := stream.read(10_000):
        assert len(part) <= 10_000
        parts.append(part)
    return b"".join(parts), stream.fault


@pytest.mark.parametrize("kind", PACKED)
def test_whole(kind: str) -> None:
    assert compression(PACKED[kind][:16]) == kind
    assert unpack(kind, PACKED[kind]) == (CONTENT, "")
    assert unpack(kind, PACKED[kind] * 3) == (CONTENT * 3, "")
    assert unpack(kind, PACKED[kind] + bytes(100)) == (CONTENT, "")


@pytest.mark.parametrize("kind", PACKED)
def test_every_cut_gives_a_beginning_and_a_fault(kind: str) -> None:
    for size in range(8, len(PACKED[kind]), 1 + len(PACKED[kind]) // 60):
        out, fault = unpack(kind, PACKED[kind][:size])
        assert CONTENT.startswith(out)
        assert fault == f"{kind} data cut short"


@pytest.mark.parametrize("kind", PACKED)
def test_every_changed_octet_ends_well(kind: str) -> None:
    for place in range(0, len(PACKED[kind]), 1 + len(PACKED[kind]) // 200):
        octets = bytearray(PACKED[kind])
        octets[place] ^= 0xFF
        unpack(kind, bytes(octets))


@pytest.mark.parametrize("kind", PACKED)
def test_octets_behind_that_are_something_else(kind: str) -> None:
    out, fault = unpack(kind, PACKED[kind] + b"something else")
    assert out == CONTENT and "octets after" in fault


@pytest.mark.parametrize("kind", PACKED)
def test_a_bomb_is_stopped(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "FREE", 1 << 20)
    zeros = bytes(1 << 24)
    bomb = {
        "gzip": gzip.compress,
        "bzip2": bz2.compress,
        "xz": lzma.compress,
        "zstd": lambda octets: zstandard.ZstdCompressor().compress(octets),
        "lz4": lz4.frame.compress,
    }[kind](zeros)
    out, fault = unpack(kind, bomb, 50)
    assert len(out) < 1 << 23
    assert fault == f"{kind} data grows more than 50-fold, stopped"
