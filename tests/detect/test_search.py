"""The search for atoms, against one that fits each candidate by itself."""

import numpy as np
import pytest

from netwatch.detect.noise import Noise, deviance
from netwatch.detect.search import _Search
from netwatch.detect.structure import EPISODE, RAMP, STEP, Atom, Candidates, Sought, column

SOUGHT = Sought(12.0, longest=20, shortest=3, ramps=True)


def level(seed: int, n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = 20 + rng.normal(0, 0.1, n) + np.cumsum(rng.normal(0, 0.01, n))
    made[n // 2 :] += 0.7
    made[10:15] -= 0.5
    made[rng.choice(n, 5, replace=False)] = np.nan
    return made


def test_columns_of_each_kind():
    assert column(6, Atom(STEP, 2, 6)).tolist() == [0, 0, 1, 1, 1, 1]
    assert column(6, Atom(EPISODE, 2, 4)).tolist() == [0, 0, 1, 1, 0, 0]
    assert column(6, Atom(RAMP, 1, 5)).tolist() == [0, 0, 0.25, 0.5, 0.75, 1]


def test_what_is_unknown_has_no_place_in_a_column():
    at = np.array([0, 1, 4, 5, 9, 20, 21, 22, 23])
    made = Candidates(24, at, SOUGHT)
    white = made.white(Noise(0.0, 0.0)).columns
    for number in range(0, len(made.shapes), 17):
        np.testing.assert_allclose(white[:, number], column(24, made.atom(number))[at], atol=1e-12)


@pytest.mark.parametrize("noise", [Noise(0.0, 0.1), Noise(0.6, 0.1)])
@pytest.mark.parametrize("seed", range(3))
def test_the_best_candidate_is_the_one_whose_own_fit_is_best(seed, noise):
    y = level(seed)
    fixed = np.stack([np.ones(60), np.arange(60) >= 40], axis=1).astype(float)  # such as where sampling changes
    search = _Search(y, fixed, SOUGHT)
    at, chosen = np.flatnonzero(~np.isnan(y)), []
    for _ in range(4):
        beside = [column(60, search.all.atom(i)) for i in chosen]
        costs = np.array(
            [
                deviance(y[at], np.stack([*fixed.T, *beside, column(60, search.all.atom(i))], axis=1)[at], at, noise)
                + search.all.price[i]
                for i in range(len(search.all.shapes))
            ]
        )
        for one in chosen:
            costs[search.all.near(one)] = np.inf
        found = search._best(chosen, noise)
        assert found is not None
        assert costs[found] == pytest.approx(costs.min(), abs=1e-6)
        chosen.append(found)


def test_of_candidates_that_are_as_good_the_first_is_taken():
    """Where places are unknown, atoms that begin in them are the same: no rounding decides between them."""
    y = np.r_[np.full(30, 10.0), np.full(30, 11.0)] + np.random.default_rng(1).normal(0, 0.01, 60)
    y[26:33] = np.nan
    search = _Search(y, np.ones((60, 1)), SOUGHT)
    found = search._best([], Noise(0.0, 0.1))
    assert found is not None
    assert search.all.atom(found)[:2] == (STEP, 26)
