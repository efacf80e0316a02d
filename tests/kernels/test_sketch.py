"""The sketch of distinct addresses against a set."""

from __future__ import annotations

import numpy as np
import pytest

from netwatch.kernels.sketch import Pages, distinct, hashed, note


@pytest.mark.parametrize(("n", "error"), [(0, 0), (1, 0), (31, 0), (32, 0), (40, 0.3), (1000, 0.25), (100_000, 0.25)])
def test_distinct(n, error):
    counted = []
    for trial in range(8):
        low = np.arange(n, dtype=np.uint64) + np.uint64(trial << 20)
        peers = np.tile(hashed(np.stack([np.zeros(n, np.uint64), low], axis=1)), 2)
        pages = Pages(np.full((1, 1), -1, np.int32), np.zeros((4, 33), np.uint64))
        zeros = np.zeros(2 * n, np.int64)
        state = np.zeros(3, np.int64)
        assert note(peers, zeros, zeros, zeros[:, None], pages, state) == 2 * n
        counted.append(distinct(pages, 0)[0])
    assert all(abs(c - n) <= error * n for c in counted)
    assert abs(np.mean(counted) - n) <= error * n / 2


def test_no_page_left_is_unknown():
    pages = Pages(np.full((2, 1), -1, np.int32), np.zeros((1, 33), np.uint64))
    peers = np.array([5, 6], np.uint64)
    zeros = np.zeros(2, np.int64)
    rows = np.array([[0], [1]])
    state = np.zeros(3, np.int64)
    assert note(peers, zeros, zeros, rows, pages, state) == 1
    state[1], state[2] = 1, 1
    assert note(peers, zeros, zeros, rows, pages, state) == 2
    assert distinct(pages, 0)[0] == 1
    assert np.isnan(distinct(pages, 1)[0])
