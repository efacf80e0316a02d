"""Whatever moment a pass is killed at, the next one leaves the store as if nothing had happened."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

from crash import crash


@pytest.mark.parametrize("second", [False, True])
def test_killed_passes_lose_nothing_and_repeat_nothing(tmp_path, second):
    ended = crash(tmp_path, kills=10, seed=20 + second, second=second)
    assert sum(n for name, n in ended.items() if name == "killed pass -9") >= 5
