"""Episodes against a plain loop; common prefixes against ipaddress."""

import ipaddress

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netwatch.fingerprint.behaviour.episodes import common_prefix, episodes, folded


def block(address, length):
    return ipaddress.IPv6Network((ipaddress.IPv6Address(address), length), strict=False)


def naive(rows, apart):
    made, last = [], None
    for key, window, packets in sorted(rows):
        if last is not None and last[0] == key and window - last[1] <= apart:
            made[-1][1] += packets
        else:
            made.append([key, packets])
        last = (key, window)
    return [tuple(m) for m in made]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30), st.integers(1, 9)), max_size=40), st.integers(1, 4))
def test_episodes_are_those_of_a_plain_loop(rows, apart):
    key, window, packets = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    order, starts = episodes([key], window, apart)
    if not rows:
        assert not len(starts)
        return
    made = folded({"key": key, "packets": packets}, order, starts, {"key": "first", "packets": np.add})
    assert list(zip(made["key"].tolist(), made["packets"].tolist(), strict=True)) == naive(rows, apart)


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_common_prefix_holds_both_and_no_longer_one_does(one, other):
    low, high = (np.frombuffer(n.to_bytes(16, "big"), np.uint8)[None] for n in (one, other))
    length = int(common_prefix(low, high)[0])
    network = block(one, length)
    assert ipaddress.IPv6Address(other) in network
    assert length == 128 or ipaddress.IPv6Address(other) not in block(one, length + 1)
