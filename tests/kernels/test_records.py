"""The kernel of flow records against its naive twin: templates of any fields and lengths, over any octets."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import records as naive

from netwatch.kernels import records as r
from netwatch.kernels.jit import kernel
from netwatch.kernels.messages import MESSAGE, SET
from netwatch.kernels.stride import spread_four
from netwatch.read import open_inputs
from netwatch.read.base import ReadOptions
from netwatch.read.exports import ExportDecoder
from netwatch.read.layout import LayoutTable
from netwatch.wire.template import Field, Template

NOW = 1_600_000_000
QUIRKS = Path(__file__).parents[1] / "read" / "quirks"
LENGTHS = st.sampled_from([1, 2, 3, 4, 5, 8, naive.VARIABLE])
NUMBERS = st.tuples(st.sampled_from([*naive.COUNTERS, naive.START, naive.END]), LENGTHS)
SKIPPED = st.tuples(st.just(999), st.sampled_from([0, 1, 7, 16, 300, naive.VARIABLE]))
FIELDS = st.lists(NUMBERS | SKIPPED, max_size=12, unique_by=lambda field: field[0]).flatmap(
    lambda some: st.permutations([*some, (8, 4), (12, 4)])
)
CONTENT = st.binary(max_size=700) | st.lists(st.integers(0, 5), max_size=700).map(bytes)


def message(number, content, sequence):
    body = struct.pack(">HH", number, len(content) + 4) + content
    return struct.pack(">HHIII", 10, len(body) + 16, NOW, sequence, 0) + body


@given(FIELDS, CONTENT)
@settings(max_examples=400, deadline=None)
def test_columns_are_those_of_the_naive_twin(fields, content):
    template = struct.pack(">HH", 256, len(fields)) + b"".join(struct.pack(">HH", *field) for field in fields)
    sent = [message(2, template, 0), message(256, content, 0)]
    length = np.array([len(each) for each in sent], np.int64)
    decoder = ExportDecoder(ReadOptions(), 0)
    flows = decoder.add(
        np.frombuffer(b"".join(sent), np.uint8), np.cumsum(length) - length, length,
        np.zeros((2, 2), np.uint64), np.zeros(2, np.int64), np.arange(2),
    )  # fmt: skip
    expected = [naive.flow(record, NOW * 10**9) for record in naive.pieces(content, fields)]
    assert len(flows) == len(expected)
    for name in expected[0] if expected else ():
        column = flows[name][:, 1] if name.endswith("_address") else flows[name]
        assert column.tolist() == [row[name] for row in expected], name


def sets_of(octets, start, end):
    table = LayoutTable()
    table.add(Template(256, (Field(8, 0, 4), Field(1, 0, 8))))
    sets, messages = np.zeros(1, SET), np.zeros(1, MESSAGE)
    sets["start"], sets["end"] = start, end
    octets = np.frombuffer(octets, np.uint8)
    return octets, sets, messages, table.given


def test_a_set_beyond_its_octets_raises_instead_of_reading_on():
    """Kernels are compiled with bounds checks: a wrong size is an error, never another process' memory."""
    octets, sets, messages, layouts = sets_of(bytes(20), 0, 48)
    total, _ = r.measure(octets, sets, layouts)
    assert total == 4
    with pytest.raises(IndexError):
        r.decode(octets, sets, messages, layouts, r.Columns.of(4), np.zeros(5, np.int64))


def test_columns_without_room_raise():
    octets, sets, messages, layouts = sets_of(bytes(48), 0, 48)
    r.measure(octets, sets, layouts)
    with pytest.raises(IndexError):
        r.decode(octets, sets, messages, layouts, r.Columns.of(2), np.zeros(5, np.int64))


@pytest.mark.parametrize(
    "place", [(0, -1, 8, 3), (0, 0, 8, 4), (2, 0, 8, 3), (-1, 0, 8, 3), (0, 0, 2, 3), (0, 0, 8, 0)]
)
def test_a_range_is_checked_before_its_loop(place):
    """Loops over a range have no check of their own (jit.checked_before), so the range must have."""

    @kernel
    def spread(target, at, octets, p, step, count):
        spread_four(target, at, octets, p, step, count)

    target, octets = np.zeros(4, np.uint32), np.frombuffer(bytes(range(24)), np.uint8)
    spread(target, 0, octets, 0, 8, 3)
    assert target.tolist() == [0x00010203, 0x08090A0B, 0x10111213, 0]
    at, p, step, count = place
    with pytest.raises(IndexError):
        spread(target, at, octets, p, step, count)


def test_rows_that_are_not_zeroed_never_show(monkeypatch):
    """Memory that held something else: only what every layout of a batch fills may be left as it was."""
    clean = r.Columns.partly

    def used(n, zeroed, room):
        columns = clean(n, (), room)
        for kind in columns:
            kind.fill(77)
        for kind, row in zeroed:
            getattr(columns, kind)[row] = 0
        return columns

    seen = []
    for way in (clean, used):
        monkeypatch.setattr(r.Columns, "partly", way)
        for path in sorted(QUIRKS.glob("*.export")):
            batches = list(open_inputs([path]))
            seen.append([column.tolist() for flows in batches for column in flows.columns.values()])
    half = len(seen) // 2
    assert seen[:half] == seen[half:]
    assert half > 10
