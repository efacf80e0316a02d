"""The decoding kernel against its slow twin, on frames as they are and as an attacker would bend them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import frames as make
from naive.decode import decode as obvious

from netwatch.kernels.decode import COUNTS, REASONS, decode
from netwatch.kernels.frames import FRAME
from netwatch.kernels.jit import kernel
from netwatch.kernels.load import be16, be64, le32
from netwatch.model.packets import PACKET


def run(frames: list[bytes], link: int, wire: list[int] | None = None, *, inner: bool = False):
    """(rows, frames with their status) of the kernel."""
    octets = np.frombuffer(b"".join(frames), np.uint8)
    table = np.zeros(len(frames), FRAME)
    lengths = [len(f) for f in frames]
    table["captured"] = lengths
    table["wire"] = wire or lengths
    table["start"] = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    table["link"] = link
    rows = np.zeros(len(frames), PACKET)
    candidates = np.zeros(len(frames), np.int64)
    kept, found = decode(octets, table, 1, rows, candidates, np.zeros(COUNTS, np.int64), inner)
    assert kept == int((table["status"] == 0).sum())
    assert set(table["status"].tolist()) <= {0, *REASONS}
    assert found <= kept
    return rows[:kept], table


ADDRESSES4 = st.sampled_from(["10.0.0.1", "192.0.2.200", "255.255.255.255"])
BODIES = st.binary(max_size=40)
SEGMENTS = st.one_of(
    st.tuples(
        st.builds(make.tcp, BODIES, st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 255)), st.just(6)
    ),
    st.tuples(st.builds(make.udp, BODIES, st.integers(0, 65535), st.integers(0, 65535)), st.just(17)),
    st.tuples(st.binary(max_size=60), st.sampled_from([1, 58, 132, 47, 50, 0, 43, 44, 51, 60, 59])),
)
PACKETS = st.one_of(
    st.builds(
        lambda segment, source, place, ident, options: make.ipv4(
            *segment, source, place=place, ident=ident, options=options
        ),
        SEGMENTS,
        ADDRESSES4,
        st.sampled_from([0, 0x4000, 0x2000, 0x2001, 77]),
        st.integers(0, 65535),
        st.sampled_from([b"", bytes(4), bytes(40)]),
    ),
    st.builds(lambda segment: make.ipv6(*segment), SEGMENTS),
)
FRAMES = st.one_of(
    st.tuples(st.just(101), PACKETS),
    st.tuples(st.just(1), st.builds(lambda p: make.ethernet(p, make.kind_of(p)), PACKETS)),
    st.tuples(st.just(1), st.builds(lambda p: make.vlan(p, (0x88A8, 7), (0x8100, 9)), PACKETS)),
    st.tuples(st.sampled_from([1, 101]), st.binary(max_size=80)),
)


@st.composite
def bent(draw: st.DrawFn) -> tuple[int, bytes, int]:
    """(link type, captured octets, length on the wire): a frame cut and with some octets changed."""
    link, frame = draw(FRAMES)
    changed = bytearray(frame)
    for _ in range(draw(st.integers(0, 3))):
        if changed:
            changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    captured = bytes(changed[: draw(st.integers(0, len(changed)))]) if draw(st.booleans()) else bytes(changed)
    return link, captured, len(frame) + draw(st.sampled_from([0, 0, 4, 70_000]))


@settings(max_examples=600, deadline=None)
@given(bent())
def test_the_kernel_agrees_with_its_twin(case: tuple[int, bytes, int]) -> None:
    link, frame, wire = case
    want = obvious(frame, wire, link)
    rows, table = run([frame], link, [wire])
    if want is None:
        # The kernel follows more than its twin does (MPLS, PPPoE, LLC and others).
        assert len(rows) == 0 or link == 1
    else:
        assert len(rows) == 1, REASONS[int(table["status"][0])]
        assert {name: int(rows[0][name]) for name in want} == want


@settings(max_examples=600, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=8), st.integers(0, 300), st.booleans())
def test_arbitrary_octets_of_any_link_are_counted_never_raised(frames: list[bytes], link: int, inner: bool) -> None:
    run(frames, link, inner=inner)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(make.TUNNELS)), st.integers(0, 200), st.integers(0, 255), st.integers(0, 200))
def test_a_bent_tunnel_falls_back_to_its_carrier(name: str, place: int, octet: int, cut: int) -> None:
    packet = bytearray(make.TUNNELS[name](make.conversation(3, make.ipv6 if name == "Teredo" else make.ipv4)[2]))
    packet[min(place, len(packet) - 1)] = octet
    frame = bytes(packet[: len(packet) - min(cut, len(packet))])
    outer, _ = run([frame], 101, [len(packet)])
    inner, _ = run([frame], 101, [len(packet)], inner=True)
    assert len(inner) == len(outer)


def test_every_cut_of_every_wrapping_is_harmless() -> None:
    for wrap in (*make.TUNNELS.values(), *(w for _, w in make.LINKS.values())):
        whole = wrap(make.conversation(2)[1])
        cuts = [whole[:n] for n in range(len(whole))]
        for link in {1, 101, *(link for link, _ in make.LINKS.values())}:
            run(cuts, link, [len(whole)] * len(cuts), inner=True)


@pytest.mark.parametrize("load", [be16, le32, be64])
def test_each_load_is_bounded_by_itself(load) -> None:
    @kernel
    def alone(octets, place):
        return load(octets, place)

    octets = np.zeros(16, np.uint8)
    size = {be16: 2, le32: 4, be64: 8}[load]
    assert alone(octets, 16 - size) == 0
    for place in (17 - size, -1, 1 << 40, 2**63 - 1):
        with pytest.raises(IndexError):
            alone(octets, place)


def test_a_read_out_of_bounds_raises() -> None:
    octets = np.zeros(16, np.uint8)
    octets.flags.writeable = False
    table = np.zeros(1, FRAME)
    table["start"], table["captured"], table["link"] = 1000, 100, 1  # a frame that is not there
    with pytest.raises(IndexError):
        decode(octets, table, 1, np.zeros(1, PACKET), np.zeros(1, np.int64), np.zeros(COUNTS, np.int64), True)
    with pytest.raises(IndexError):  # no room for the row
        table["start"], table["captured"], table["link"] = 0, 16, 101
        decode(octets, table, 1, np.zeros(0, PACKET), np.zeros(1, np.int64), np.zeros(COUNTS, np.int64), True)
