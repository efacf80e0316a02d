"""Bent inputs to every reader and wire decoder for some seconds; ``long.py`` is the same for longer.

And the known ways to exhaust a reader: bombs, sizes and counts of 2**32, nesting without end.
"""

import gzip
import os
import struct
import time
from collections import Counter

import pytest
from fuzz import bending, seeds
from naive import frames as make
from naive import messages as exports
from read import test_flow_files as flow_files
from read import test_sflow as sflow

from netwatch.read import ReadOptions, open_inputs
from netwatch.read.base import READERS

SECONDS = float(os.environ.get("NETWATCH_FUZZ_SECONDS", "20"))


def test_bent_inputs():
    seen, began = Counter(), time.process_time()
    for count, name in bending.everything(int(os.environ.get("NETWATCH_FUZZ_SEED", "1"))):
        seen[name] += count
        if time.process_time() - began > SECONDS and {*READERS, *bending.DECODERS} <= set(seen):
            break
    assert all(seen.values())


def test_seeds_are_whole():
    path = seeds.scratch()
    names = {bending.read_file(path, octets, ReadOptions()) for octets in seeds.files()}
    assert names == set(READERS)


def read(tmp_path, octets, options=None):
    path = tmp_path / "input"
    path.write_bytes(octets)
    inputs = open_inputs([path], options)
    batches = [len(batch) for batch in inputs]
    assert all(tally.balanced for tally in inputs.tallies)
    return sum(batches), inputs.tallies


def test_decompression_bomb(tmp_path):
    whole = make.pcap([make.ethernet(make.conversation(1)[0])])
    _, (tally, *_) = read(tmp_path, gzip.compress(whole + bytes(200 << 20)), ReadOptions(max_ratio=2))
    assert tally.incomplete


@pytest.mark.parametrize("size", [2**32 - 1, 2**31, 2**31 - 1])
def test_record_of_4_gib(tmp_path, size):
    good = make.pcap([make.ethernet(make.conversation(1)[0])])
    record = struct.pack("<IIII", 1, 0, size, size)
    count, (tally, *_) = read(tmp_path, good + record + bytes(100))
    assert count == 1
    assert "octet" in tally.incomplete
    block = struct.pack("<II", 6, size) + bytes(100)
    count, (tally, *_) = read(tmp_path, make.pcapng([make.ethernet(make.conversation(1)[0])]) + block)
    assert count == 1
    assert "octet" in tally.incomplete


@pytest.mark.parametrize("size", [2**32 - 1, 2**31, 0])
def test_snoop_record_of_4_gib(tmp_path, size):
    record = struct.pack(">IIIIII", 60, 60, size, 0, 1, 0)
    count, (tally, *_) = read(tmp_path, make.snoop([make.ethernet(make.conversation(1)[0])]) + record + bytes(100))
    assert count == 1
    assert "octet" in tally.incomplete


def test_lengths_of_4_gib_within_messages():
    """A sample of sFlow, its header, and the count of records of NetFlow v5 say more than there is."""
    whole = sflow.sample(sflow.header(sflow.FRAME))
    samples = [whole[:4] + b"\xff\xff\xff\xff" + whole[8:], whole[:28] + b"\xff\xff\xff\xff" + whole[32:]]
    messages = [sflow.datagram(sample, sequence=n) for n, sample in enumerate(samples, 1)]
    messages.append(exports.v5([exports.v5_record()], count=0xFFFF))
    flows, decoder = exports.decode(*messages)
    assert decoder.tally.balanced
    assert decoder.tally.seen_octets == sum(map(len, messages))
    assert decoder.tally.dropped
    assert len(flows) < 4


def test_objects_without_end(tmp_path):
    good = flow_files.EVE.splitlines()[1] + "\n"
    for deep in ("[" * 200_000, '{"a":' * 200_000, '{"event_type":"flow","timestamp":' + "[" * 100_000):
        count, (tally, *_) = read(tmp_path, (good + deep + "\n" + good).encode())
        assert (count, tally.kept) == (2, 2)
        assert tally.dropped["line that cannot be parsed"].units == 1


def test_lines_without_end(tmp_path):
    good = flow_files.EVE.splitlines()[1] + "\n"
    count, (tally, *_) = read(tmp_path, (good + "x" * (9 << 20) + "\n" + good).encode())
    assert count == 2
    assert (tally.dropped["line too long"].units, tally.dropped["line too long"].octets) == (1, (9 << 20) + 1)
    assert tally.seen == 3


def test_snaplen_of_0(tmp_path):
    packets = [make.ethernet(packet) for packet in make.conversation(4)]
    whole = make.pcap(packets)
    count, (tally, *_) = read(tmp_path, whole[:16] + bytes(4) + whole[20:])
    assert (count, tally.kept, tally.incomplete) == (len(packets), len(packets), "")
    count, (tally, *_) = read(tmp_path, make.pcap(packets, snaplen=0))
    assert (count, tally.seen) == (0, len(packets))
    assert sum(drop.units for drop in tally.dropped.values()) == len(packets)


def test_nesting_without_end(tmp_path):
    tagged = bytes(12) + b"\x81\x00\x00\x01" * 10_000 + b"\x08\x00"
    tunnels = make.conversation(1)[0]
    for _ in range(500):
        tunnels = make.ipv4(tunnels, 4)
    stacked = make.ethernet(b"\x00\x00\x10\x40" * 10_000, 0x8847)
    frames = [tagged, make.ethernet(tunnels), stacked]
    _, tallies = read(tmp_path, make.pcap(frames))
    assert tallies[0].seen == len(frames)
    assert tallies[0].dropped


def test_a_million_templates():
    """Of 64 domains, in messages of 64 KiB, withdrawn by nobody."""
    decoder, sent = None, 0
    for domain in range(64):
        many = b"".join(exports.template(256 + k, (8, 4), (1, 1 + k % 8), (2, 1 + domain % 8)) for k in range(16_000))
        parts = [many[p : p + 64_000] for p in range(0, len(many), 64_000)]
        parts = [exports.ipfix((2, part), domain=domain) for part in parts]
        sent += sum(map(len, parts))
        _, decoder = exports.decode(*parts, decoder=decoder)
    assert decoder.tally.seen_octets == sent
    assert decoder.tally.notes["template beyond those kept"] > 600_000


@pytest.mark.parametrize("number", [2, 3])
def test_template_of_65_535_fields(number):
    content = (
        struct.pack(">HH", 256, 0xFFFF) + (b"\x00\x01" if number == 3 else b"") + struct.pack(">HH", 1, 0) * 16_000
    )
    _, decoder = exports.decode(exports.ipfix((number, content)))
    assert "template set: template goes beyond its set" in decoder.tally.dropped
    widest = struct.pack(">HH", 256, 16_000) + struct.pack(">HH", 8, 4) + struct.pack(">HH", 1, 8) * 15_999
    began = time.process_time()
    flows, decoder = exports.decode(exports.ipfix((2, widest)), exports.ipfix((256, bytes(60_000)), sequence=1))
    assert time.process_time() - began < 5  # it once took 20 s: a step that looked at all fields for each field
    assert len(flows) == 0
    assert decoder.tally.balanced
