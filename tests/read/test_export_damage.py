"""Export messages that are damaged, or not such: the tally law holds, and nothing grows without bound."""

import gc
import struct
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.messages import COUNTED, MESSAGES, counted, decode, ipfix, template, v5, v5_record, v9

from netwatch.read.base import ReadOptions
from netwatch.read.exports import ExportDecoder


def test_only_whole_messages_are_recognised():
    good = [v5([v5_record()]), v9((0, template(256, *COUNTED))), ipfix((2, template(256, *COUNTED)), (256, counted()))]
    bad = [good[0][:-1], good[0] + b"\0", good[1][:-2], good[2][:-1], good[2] + b"\0", b"\0\x09" + bytes(200)]
    octets = np.frombuffer(b"".join(good + bad), np.uint8)
    length = np.array([len(m) for m in good + bad], np.int64)
    found = ExportDecoder.recognise(octets, np.cumsum(length) - length, length)
    assert found.tolist() == [True] * 3 + [False] * 6


@pytest.mark.parametrize("message", MESSAGES, ids=["v5", "v9", "IPFIX"])
def test_every_flip_and_every_cut_is_accounted(message):
    broken = [message[:cut] for cut in range(len(message))]
    for place in range(len(message)):
        for bit in (0x01, 0x80, 0xFF):
            broken.append(message[:place] + bytes([message[place] ^ bit]) + message[place + 1 :])
    for damaged in broken:
        decoder = ExportDecoder(ReadOptions(), 0)
        flows, _ = decode(damaged, message, decoder=decoder)
        decoder.finish()
        assert decoder.tally.balanced
        assert decoder.tally.seen_octets == len(damaged) + len(message)
        assert (flows["flow_start_nanoseconds"] <= flows["flow_end_nanoseconds"]).all()


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=8), st.sampled_from([b"\0\5", b"\0\x09", b"\0\x0a", b""]))
@settings(max_examples=300, deadline=None)
def test_arbitrary_octets_are_accounted(parts, head):
    messages = [head + part for part in parts]
    _, decoder = decode(*messages)
    decoder.finish()
    assert decoder.tally.balanced
    assert decoder.tally.seen_octets == sum(map(len, messages))


def test_many_templates_are_bounded():
    """60,000 templates in 60 domains, all different: only so many layouts are kept, all octets are accounted."""
    messages = []
    for domain in range(60):
        many = b"".join(template(256 + k, (8, 4), (1, 1 + k % 8), (1000 + domain, 1 + k % 4000)) for k in range(1000))
        messages += [ipfix((2, many[p : p + 60_000]), domain=domain) for p in range(0, len(many), 60_000)]
    _, decoder = decode(*messages)
    assert decoder.tally.seen_octets == sum(map(len, messages))
    assert decoder.tally.notes["template beyond those kept"] > 0


def test_template_that_claims_65535_fields():
    _, decoder = decode(ipfix((2, struct.pack(">HH", 256, 0xFFFF) + bytes(64))))
    assert "template set: template goes beyond its set" in decoder.tally.dropped


def test_a_template_that_is_malformed_holds_nothing():
    """It is remembered as such; the decoder, with all of its memory, must go when it is done."""
    octets = ipfix((2, struct.pack(">HH", 256, 0xFFFF) + bytes(64)))
    gc.disable()
    try:
        _, decoder = decode(octets)
        assert decoder.tally.dropped
        watched = weakref.ref(decoder)
        del decoder
        assert watched() is None
    finally:
        gc.enable()
