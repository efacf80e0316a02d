"""Pieces against plain search and generalised least squares, and what is told of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from naive.volume import one

from netwatch.detect import DetectOptions, detect
from netwatch.detect.pieces import LEAST, _Noisy, pieces, without_spikes
from netwatch.model.change import ChangeKind

MONTH = int(30.44 * 86_400)


def remembering(rng: np.random.Generator, n: int, phi: float) -> np.ndarray:
    x = rng.normal(size=n)
    for i in range(1, n):
        x[i] += phi * x[i - 1]
    return x


def test_no_cut_is_better_than_the_one_found():
    rng = np.random.default_rng(1)
    at = np.sort(rng.choice(40, 28, replace=False))
    y = remembering(rng, 28, 0.4) + 3 * (at > 20)
    noisy = _Noisy(y, at, 0.3)
    for cuts in (1, 2):
        cost = []
        for places in combinations(range(28), cuts):
            starts = np.array([0, *places, 28])
            if np.diff(starts).min() >= LEAST:
                cost.append(noisy._left(starts[:-1], starts[1:]).sum())
        assert noisy.best[cuts, 28] == pytest.approx(min(cost))
        starts = np.array(noisy.starts(cuts))
        assert noisy._left(starts[:-1], starts[1:]).sum() == pytest.approx(min(cost))


@pytest.mark.parametrize("phi", [0.0, 0.6])
def test_the_deviance_of_one_piece_is_that_of_generalised_least_squares(phi):
    rng = np.random.default_rng(2)
    at = np.sort(rng.choice(90, 60, replace=False))
    y = remembering(rng, 60, phi)
    apart = np.abs(at[:, None] - at[None, :]).astype(float)
    whole = sm.GLS(y, np.stack([np.ones(60), at], axis=1), sigma=phi**apart).fit()
    noisy = _Noisy(y, at, phi)
    assert noisy.best[0, 60] == pytest.approx(whole.ssr, rel=1e-8)
    inner = 60 * np.log(noisy.best[0, 60] * (1 - phi**2) / 60) + noisy.log
    assert -0.5 * (inner + 60 * (1 + np.log(2 * np.pi))) == pytest.approx(whole.llf, abs=1e-6)


def test_a_step_and_a_turn_are_found_where_they_are():
    rng = np.random.default_rng(3)
    t = np.arange(240)
    found = pieces(remembering(rng, 240, 0.5) + 6.0 * (t >= 80) + 0.2 * np.maximum(t - 160, 0))
    assert len(found.places) == 2
    assert abs(found.places[0] - 80) <= 2
    assert found.ranges[0][0] <= 80 <= found.ranges[0][1]
    assert abs(found.places[1] - 160) <= 12


def test_nothing_is_found_in_noise_that_remembers():
    rng = np.random.default_rng(4)
    found = [len(pieces(remembering(rng, 200, phi)).places) for phi in (0.0, 0.3, 0.6) for _ in range(10)]
    assert sum(found) <= 2


def test_spikes_are_no_pieces():
    rng = np.random.default_rng(5)
    level = rng.normal(size=100)
    level[[30, 31, 60]] += 40.0
    assert np.abs(without_spikes(level)).max() < 5
    assert pieces(level).places == ()


@pytest.mark.parametrize("values", [np.full(50, np.nan), np.ones(50), np.arange(3.0)])
def test_what_says_nothing_has_one_piece(values):
    assert pieces(values).places == ()


def test_years_of_months_tell_of_a_step_and_of_a_ramp():
    rng = np.random.default_rng(6)
    logs = 0.05 * remembering(rng, 120, 0.4)
    logs[60:] += np.log(2.0)
    logs[20] = np.nan
    (step,) = [c for c in detect(one(1e9 * np.exp(logs), MONTH), DetectOptions()) if c.detector == "level"]
    assert step.kind == ChangeKind.LEVEL_SHIFT
    assert step.since_low <= step.since == 1_483_228_800 * 10**9 + 60 * MONTH * 10**9 <= step.since_high
    assert step.ratio_low < 2.0 < step.ratio_high
    logs = 0.05 * remembering(rng, 120, 0.4) + np.log(8.0) * np.clip((np.arange(120) - 40) / 60, 0, 1)
    told = [c for c in detect(one(1e9 * np.exp(logs), MONTH), DetectOptions()) if c.detector == "level"]
    assert [c.kind for c in told] == [ChangeKind.RAMP]
    assert told[0].ratio == pytest.approx(8.0, rel=0.25)
