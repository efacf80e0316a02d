"""Whatever moment a pass is killed at, the next one leaves the store as if nothing had happened."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

from crash import crash


@pytest.mark.parametrize("second", [False, True])
def test_killed_passes_lose_nothing_and_repeat_nothing(tmp_path, second):
    # Passes are forked; a process that has opened a store before has threads that a fork does not take along.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        ended = pool.submit(crash, tmp_path, 10, 20 + second, second=second).result()
    assert ended["killed pass -9"] >= 3, ended
