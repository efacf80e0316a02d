"""What held when: values that change between the rows of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np


class Event(NamedTuple):
    """From ``row`` on, ``key`` has ``value``."""

    row: int
    key: int
    value: int


def distinct(values: np.ndarray) -> list[int]:
    """The different ones among integers, ascending. Mostly there is but one, and that is seen at once."""
    first = values[:1]
    different: list[int] = (first if (values == first).all() else np.unique(values)).tolist()
    return different


def in_force(keys: np.ndarray, rows: np.ndarray, base: Callable[[int], int], events: Sequence[Event]) -> np.ndarray:
    """The value that each key has at its row, int64 (n,).

    ``keys`` int64 (n,), ``rows`` int64 (n,); ``base``: a key's value before the batch; ``events`` in order of rows.
    """
    # Few keys come again and again: to look them up is far cheaper than to sort all.
    unique = distinct(keys)
    if len(unique) == 1 and not events:
        return np.full(len(keys), base(unique[0]), np.int64)
    which = np.searchsorted(np.array(unique, np.int64), keys)
    values = np.array([base(key) for key in unique], np.int64)[which]
    places = {key: index for index, key in enumerate(unique)}
    known = [(places[e.key], e.row, e.value) for e in events if e.key in places]
    if not known:
        return values
    span = 1 + max(int(rows.max(initial=0)), *(row for _, row, _ in known))
    # Sorting is stable: of several events of one key and row the last one counts.
    known.sort(key=lambda e: e[0] * span + e[1])
    moments = np.array([key * span + row for key, row, _ in known], np.int64)
    last = np.searchsorted(moments, which * span + rows, "right") - 1
    told = np.array([value for _, _, value in known], np.int64)
    owner = np.array([key for key, _, _ in known], np.int64)
    valid = (last >= 0) & (owner[last] == which)
    values[valid] = told[last[valid]]
    return values
