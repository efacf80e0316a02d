"""Messages rebuilt from Flow Records against sessions whose messages are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.fingerprint.rebuilt import Rebuilt, Rows, paired, rebuild, spread

SECOND = 10**9


def session(chance, share, answer, job, header=52, shares=4.0, pushes=1.0, slices=20, lasts=60):
    """Records of ``lasts`` seconds of a session in which every message is acknowledged on its own."""
    found, pushed = chance.poisson(shares, slices), chance.poisson(pushes, slices)
    found[0], pushed[0] = 2, 2
    packets = 2 * found + pushed, found + pushed + found // 2
    octets = packets[0] * header + found * share, packets[1] * header + found * answer + pushed * job
    octets[0][0] += 412  # the login, and what answers it
    octets[1][0] += 501
    since = np.arange(slices, dtype=np.int64) * lasts * SECOND
    seen = (packets[0] + packets[1]) > 0
    return Rows(since, *(np.asarray(part, float) for part in (octets[0], packets[0], octets[1], packets[1]))).chosen(
        seen
    )


sizes = st.tuples(st.integers(90, 400), st.integers(25, 80), st.integers(150, 1400))


@given(sizes, st.sampled_from([40, 52, 60, 72]), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_sizes_of_a_session_come_out(told, header, seed):
    share, answer, job = told
    found = rebuild(session(np.random.default_rng(seed), share, answer, job, header, slices=40))
    assert found is not None
    assert found.share in (share, share - 1, share - 2)
    assert found.client_held >= 0.9
    assert 0.5 <= found.client_cv <= 2.0


def test_a_xmrig_session_of_the_facts_comes_out_whole():
    found = rebuild(session(np.random.default_rng(1), 183, 63, 253, shares=1.2, pushes=0.5, slices=30))
    assert found is not None
    assert (found.share, found.answer, found.pushed) == (183, pytest.approx(63, abs=1), pytest.approx(253, abs=1))
    assert found.unasked > 0
    assert found.server_held >= 0.9


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_messages_of_all_sizes_give_no_size(seed):
    chance = np.random.default_rng(seed)
    packets = chance.integers(2, 20, (2, 30)).astype(float)
    octets = packets * 52 + chance.lognormal(6.0, 0.7, (2, 30)).round()
    found = rebuild(Rows(np.arange(30, dtype=np.int64) * 60 * SECOND, octets[0], packets[0], octets[1], packets[1]))
    assert found is None or np.isnan(found.share)


def test_what_keeps_a_period_has_no_spread_and_records_that_are_alike_tell_no_size():
    chance = np.random.default_rng(2)
    clock = session(chance, 150, 300, 900)
    steady = Rows(clock.since, *(np.full(len(clock.since), n) for n in (6 * 52 + 750.0, 6.0, 5 * 52 + 1500.0, 5.0)))
    found = rebuild(steady)
    assert found is None or np.isnan(found.share)
    assert spread(steady.since, np.full(len(steady.since), 5.0)) == pytest.approx(0, abs=1e-9)


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_records_of_one_direction_give_what_biflows_give(seed):
    both = session(np.random.default_rng(seed), 199, 64, 362)
    none = np.zeros(len(both.since))
    up = Rows(both.since, both.client_octets, both.client_packets, none, none)
    down = Rows(both.since + SECOND // 5, none, none, both.server_octets, both.server_packets)
    mixed = Rows(*(np.concatenate(columns) for columns in zip(up, down, strict=True)))
    order = np.argsort(mixed.since, kind="stable")
    joined = paired(mixed.chosen(order))
    asked = joined.client_packets > 0
    assert joined.server_octets[asked].sum() == both.server_octets[both.client_packets > 0].sum()
    one, other = rebuild(both), rebuild(mixed)
    assert isinstance(one, Rebuilt) and isinstance(other, Rebuilt)
    assert (one.share, one.answer) == (other.share, other.answer)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_or_empty_records_say_nothing(n):
    rows = Rows(np.arange(n, dtype=np.int64), *(np.zeros(n) for _ in range(4)))
    assert rebuild(rows) is None
