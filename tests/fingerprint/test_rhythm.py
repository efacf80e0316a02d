"""Atoms, spreads and synchrony of message trains against plain arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive.exchanges import flows

from netwatch.fingerprint.keys import conversation_keys
from netwatch.fingerprint.rhythm import RECORD, Rhythms, features, synchrony


def measured(*rows):
    batch = flows(*rows)
    rhythms = Rhythms(1000)
    rhythms.add(batch, conversation_keys(batch), np.zeros(len(batch), np.uint16), np.zeros(len(batch), np.uint8))
    records = rhythms.records()
    return features(records, np.zeros(len(records), np.int64), 1)


intervals = st.lists(st.floats(0.01, 100), min_size=8, max_size=40)


@given(intervals, st.integers(1, 39))
def test_spread_is_that_of_all_intervals_however_records_cut_them(seconds, at):
    row = {"sizes": (((100, 10),), ((64, 10),))}
    whole = measured({**row, "intervals": (seconds, seconds)})["timing.client_cv"][0]
    cut = measured({**row, "intervals": (seconds[:at], seconds)}, {**row, "intervals": (seconds[at:], seconds)})
    assert whole == pytest.approx(np.std(seconds) / np.mean(seconds), abs=1e-6)
    assert cut["timing.client_cv"][0] == pytest.approx(whole, abs=1e-6)


def test_sizes_that_differ_by_digits_are_one_atom():
    found = measured({"sizes": (((183, 40), (184, 30), (186, 20), (99, 10)), ((63, 90), (363, 5), (418, 3), (700, 2)))})
    assert found["sizes.client_mode"][0] == 183
    assert found["sizes.client_top2"][0] == 1.0
    assert found["sizes.server_top3"][0] == pytest.approx(0.98)


@pytest.mark.parametrize("grown", [0, 21, 22, 29])
@pytest.mark.parametrize(("share", "told"), [(184, 1), (199, 1), (234, 1), (120, 0), (300, 0)])
def test_shares_are_told_by_size_under_encryption(grown, share, told):
    sizes = (((share + grown, 50),), ((63 + grown, 50), (363 + grown, 20)))
    assert measured({"sizes": sizes})["sizes.cryptonote"][0] == told


def test_growth_must_be_the_same_both_ways():
    assert measured({"sizes": (((221, 50),), ((63, 50),))})["sizes.cryptonote"][0] == 0


def test_too_few_messages_say_nothing():
    found = measured({"sizes": (((184, 3),), ((63, 4),))})
    assert np.isnan(found["sizes.score"][0])
    assert np.isnan(found["sizes.cryptonote"][0])


def trains(*times):
    records = np.zeros(len(times), RECORD)
    for record, train in zip(records, times, strict=True):
        record["push_time"][: len(train)] = np.array(train) * 10**9
    return synchrony(records, np.arange(len(times)), len(times), np.ones(len(times), bool))


def test_one_block_clock_is_told_from_two():
    chance = np.random.default_rng(4)
    blocks = np.cumsum(chance.exponential(60, 30)) + 10
    other = np.cumsum(chance.exponential(60, 30)) + 10
    found = trains(blocks, blocks + 0.7, other)
    assert min(found[0], found[1]) >= 0.9
    assert found[2] < 0.4


def test_the_best_of_many_pairs_is_not_synchronous_by_chance():
    """Fifty services push every 20 s on average; two miners hear of the same jobs."""
    chance = np.random.default_rng(41)
    alone = [np.sort(chance.uniform(1, 900, int(chance.integers(15, 31)))) for _ in range(50)]
    jobs = np.sort(chance.uniform(1, 900, 30))
    miners = [jobs[chance.random(30) < 0.9] + late for late in (0.2, 0.9)]
    found = trains(*alone, *miners)
    assert np.nan_to_num(found[:50]).max() < 0.4
    assert found[50:].min() > 0.7


def test_two_clocks_of_one_period_are_not_synchronous():
    """Heartbeats of 30 s that happen to be in step, and a few notices."""
    chance = np.random.default_rng(6)
    beats = 30.0 * np.arange(1, 25)
    one, other = (np.sort(np.r_[beats + late, chance.uniform(30, 700, 6)]) for late in (0.1, 0.6))
    assert np.nan_to_num(trains(one, other)).max() == 0


def test_synchrony_is_unknown_where_chance_would_do():
    assert np.isnan(trains(np.arange(1, 30), np.arange(1, 30) + 0.5)).all()


def test_longest_lived_records_stay_past_the_limit():
    rows = [{"start": 0, "end": 100 + i, "sizes": (((100, 5),), ((60, 5),))} for i in range(50)]
    batch = flows(*rows)
    rhythms = Rhythms(10)
    rhythms.add(batch, conversation_keys(batch), np.zeros(50, np.uint16), np.zeros(50, np.uint8))
    assert sorted(rhythms.records()["until"] // 10**9) == list(range(140, 150))
    assert rhythms.left_out == 40


def test_a_flow_that_begins_as_stratum_2_does_is_told_by_lengths():
    sizes = (((67, 40),), ((58, 40), (87, 12)))
    for first, told in (((64, 234), 1), ((64, 170), 1), ((64, 233), 0), ((234, 64), 0)):
        assert measured({"sizes": sizes, "first": first})["sizes.noise"][0] == told
    assert measured({"sizes": sizes})["sizes.stratum2"][0] == 1.0


@pytest.mark.parametrize(
    ("work", "accepted", "told"), [(243, 38, 1), (243 + 22, 38 + 22, 1), (243, 60, 0), (300, 38, 0)]
)
def test_work_packages_of_an_ethash_pool_are_told_with_their_acceptance(work, accepted, told):
    sizes = (((60, 40), (148, 20)), ((work, 40), (accepted, 20)))
    assert measured({"sizes": sizes})["sizes.ethproxy"][0] == told


def test_acknowledgements_inside_a_tunnel_are_no_messages():
    inner = {"sizes": (((78, 60), (302, 40)), ((78, 30), (143, 40), (331, 12))), "protocol": 17}
    found = measured(inner)
    assert found["sizes.client_messages"][0] == 40
    assert (found["sizes.client_mode"][0], found["sizes.server_mode"][0]) == (302, 143)
    assert found["sizes.server_top3"][0] == 1.0
    assert measured({**inner, "protocol": 6})["sizes.client_messages"][0] == 100


@pytest.mark.parametrize("grown", [25, 65, 77, 130])
@pytest.mark.parametrize(("share", "told"), [(184, 1), (234, 1), (210, 0), (300, 0)])
def test_shares_are_told_in_a_tunnel_of_any_growth(grown, share, told):
    sizes = (((10, 50), (share + grown, 50)), ((10, 40), (64 + grown, 50), (400 + grown, 9)))
    assert measured({"sizes": sizes, "protocol": 17})["sizes.shifted"][0] == told


@pytest.mark.parametrize(
    ("share", "answer", "stratum1", "equihash"),
    [(104, 36, 1, 0), (126, 59, 1, 0), (150, 36, 0, 0), (270, 38, 1, 0), (180, 36, 0, 0), (2860, 30, 0, 1)],
)
def test_shares_of_other_dialects_are_told_by_size(share, answer, stratum1, equihash):
    found = measured({"sizes": (((share, 50), (75, 1)), ((answer, 50), (1200, 20)))})
    assert found["sizes.stratum1"][0] == stratum1
    assert found["sizes.equihash"][0] == equihash
