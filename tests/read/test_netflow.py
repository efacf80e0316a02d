"""Files of flow export messages back to back."""

import struct

import numpy as np
import pytest

from netwatch.model.flows import Flows
from netwatch.read.base import ReadOptions, recognise
from netwatch.read.netflow import NetflowReader
from netwatch.read.source import open_source

NOW = 1_600_000_000
FIELDS = ((8, 4), (12, 4), (1, 8), (152, 8), (153, 8))
TEMPLATE = struct.pack(">HH", 256, len(FIELDS)) + b"".join(struct.pack(">HH", *field) for field in FIELDS)
RECORD = struct.pack(">IIQQQ", 1, 2, 1000, NOW * 1000, NOW * 1000)


def part(number, content):
    return struct.pack(">HH", number, len(content) + 4) + content


def ipfix(*parts, sequence=0):
    body = b"".join(parts)
    return struct.pack(">HHIII", 10, len(body) + 16, NOW, sequence, 0) + body


def v9(*parts, sequence=0):
    return struct.pack(">HHIIII", 9, len(parts), 1000, NOW, sequence, 0) + b"".join(parts)


def v5(count, sequence=0):
    return struct.pack(">HHIIIIBBH", 5, count, 10_000, NOW, 0, sequence, 0, 0, 0) + bytes(48) * count


FILES = {
    "IPFIX": ipfix(part(2, TEMPLATE)) + b"".join(ipfix(part(256, RECORD * 3), sequence=3 * k) for k in range(4)),
    "v9": v9(part(0, TEMPLATE)) + b"".join(v9(part(256, RECORD * 3), sequence=1 + k) for k in range(4)),
    "v5": b"".join(v5(4, sequence=4 * k) for k in range(3)),
}


def read(tmp_path, content):
    path = tmp_path / "messages"
    path.write_bytes(content)
    source = open_source(path, 300)
    reader = NetflowReader(source, ReadOptions(), 1)
    flows = Flows.concatenate(list(reader))
    source.close()
    assert reader.tally.balanced
    assert reader.tally.seen_octets == len(content)
    return flows, reader


@pytest.mark.parametrize("kind", FILES)
def test_whole_files(tmp_path, kind):
    assert recognise(FILES[kind])[0] == "netflow"
    assert NetflowReader.begins(FILES[kind]) == NOW * 10**9
    flows, reader = read(tmp_path, FILES[kind])
    assert len(flows) == 12
    assert (reader.tally.kept, reader.tally.lost) == (12, 0)
    assert not reader.tally.dropped
    assert flows["first_frame"].min() == (1 if kind == "v5" else 2)


def test_version_9_as_long_as_windows(tmp_path, monkeypatch):
    """Messages of v9 tell no length: they must be found also where a window ends within one."""
    import netwatch.read.source as source

    monkeypatch.setattr(source, "FILE_WINDOW", 64)
    flows, reader = read(tmp_path, FILES["v9"])
    assert len(flows) == 12
    assert reader.details["messages"] == 5


def test_mixed_versions(tmp_path):
    flows, _ = read(tmp_path, FILES["v9"] + FILES["IPFIX"] + FILES["v5"])
    assert len(flows) == 36


@pytest.mark.parametrize("kind", FILES)
def test_every_cut_and_every_flip_is_accounted(tmp_path, kind):
    content = FILES[kind]
    whole, _ = read(tmp_path, content)
    for cut in range(1, len(content)):
        flows, _ = read(tmp_path, content[:cut])
        n = len(flows)
        assert np.array_equal(flows["octet_delta_count"], whole["octet_delta_count"][:n])
    for place in range(len(content)):
        read(tmp_path, content[:place] + bytes([content[place] ^ 0x81]) + content[place + 1 :])


@pytest.mark.parametrize("head", [b"\0\5hello, this is text" * 20, b"\0\x0a\0\x40" + bytes(100), b"\0\x09" * 300])
def test_others_are_not_recognised(head):
    assert not NetflowReader.recognises(head)
