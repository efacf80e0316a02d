"""Root causes of injected changes, on tables made here."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from netwatch.explain.rootcause import SearchOptions, find_causes

SIZES = (6, 8, 5, 4)


def table(seed: int, causes: list[dict[int, int]], noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leaves of heavy-tailed size; each cause multiplies its leaves by a factor of its own."""
    random = np.random.default_rng(seed)
    codes = np.array(list(itertools.product(*(range(size) for size in SIZES))))
    expected = random.weibull(0.5, len(codes)) * 1000
    expected[random.random(len(codes)) < 0.1] = 0
    actual = expected * np.clip(1 + noise * random.standard_normal(len(codes)), 0, 2)
    for number, cause in enumerate(causes):
        inside = np.all([codes[:, d] == code for d, code in cause.items()], axis=0)
        actual[inside] = expected[inside] * (3.0 + number if number % 2 == 0 else 0.3)
    return codes, expected, actual


CASES = [
    [{0: 2}],
    [{0: 1, 2: 3}],
    [{0: 1, 1: 4}, {1: 6, 3: 0}],
    [{1: 2}, {0: 3, 2: 1}, {0: 5, 1: 7, 3: 2}],
    [],
]


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("causes", CASES, ids=len)
@pytest.mark.parametrize("seed", range(5))
def test_injected_causes_are_found_and_nothing_else(seed: int, causes: list[dict[int, int]], noise: float) -> None:
    found = find_causes(*table(seed, causes, noise))
    assert {frozenset(cause.values) for cause in found} == {frozenset(cause.items()) for cause in causes}


def test_no_leaves_and_all_zero() -> None:
    nothing = np.zeros((0, 3), np.int64)
    assert find_causes(nothing, np.zeros(0), np.zeros(0)) == []
    assert find_causes(np.zeros((4, 2), np.int64), np.zeros(4), np.zeros(4)) == []


def test_noise_alone_seldom_makes_a_cause() -> None:
    made = sum(bool(find_causes(*table(seed, [], 0.25))) for seed in range(40))
    assert made <= 4


def test_no_more_cells_than_asked_for() -> None:
    causes = [{0: code} for code in range(4)]
    assert len(find_causes(*table(1, causes, 0.0), SearchOptions(cells=2))) <= 2
