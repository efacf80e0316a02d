"""A pool of numbered slots: taken and given back in constant time, the lowest first so that memory follows use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import inlined


class Pool(NamedTuple):
    """``returned`` int32 (capacity,): stack of slots given back. ``level`` int64 (2,): its height; slots ever used."""

    returned: np.ndarray
    level: np.ndarray

    @classmethod
    def of(cls, capacity: int) -> Pool:
        """All ``capacity`` slots free."""
        return cls(np.zeros(capacity, np.int32), np.zeros(2, np.int64))


@inlined
def take(pool):  # type: ignore[no-untyped-def]
    """A free slot, or -1 where there is none."""
    level = pool.level
    if level[0] > 0:
        level[0] -= 1
        return np.int64(pool.returned[level[0]])
    if level[1] < pool.returned.size:
        level[1] += 1
        return level[1] - 1
    return np.int64(-1)


@inlined
def give(pool, slot):  # type: ignore[no-untyped-def]
    """Give a slot back."""
    pool.returned[pool.level[0]] = slot
    pool.level[0] += 1
