"""The kernel of flow records against its naive twin: templates of any fields and lengths, over any octets."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import records as naive

from netwatch.kernels import records as r
from netwatch.kernels.messages import MESSAGE, SET
from netwatch.read.base import ReadOptions
from netwatch.read.exports import ExportDecoder
from netwatch.read.layout import LayoutTable
from netwatch.wire.template import Field, Template

NOW = 1_600_000_000
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
    return octets, sets, messages, table.arrays


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
