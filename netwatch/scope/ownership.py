"""``Ownership``: which watch group claims an address at a time, on columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from netwatch.kernels.lookup import Index, Ranges, find, flatten, index
from netwatch.model.prefix import Prefix
from netwatch.scope.watch import ALWAYS, NEVER, Group, Member

NONE = 65535
"""The group of an address that no group claims."""


class Sides(NamedTuple):
    """One side of each flow: (n, 2) addresses, AS numbers and country codes (n,)."""

    address: np.ndarray
    as_number: np.ndarray
    country: np.ndarray


class _Epoch(NamedTuple):
    """The rows valid between two dates: claimed prefixes (value is group + 1), and sorted keys with their groups."""

    prefixes: Index
    asn: tuple[np.ndarray, np.ndarray]
    country: tuple[np.ndarray, np.ndarray]


class Ownership:
    """Claims of all groups. A prefix counts before an AS, an AS before a country; of two prefixes the longer one,
    of two groups that claim the same thing the first.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        dates = {m.since for g in groups for m in g.members} | {m.until for g in groups for m in g.members}
        self._bounds = np.array(sorted(dates - {ALWAYS, NEVER}), np.int64)
        starts = [ALWAYS, *(int(bound) for bound in self._bounds)]
        self._epochs = [_epoch(groups, at) for at in starts]

    def claim(self, sides: Sides, times: np.ndarray) -> np.ndarray:
        """uint16 (n,): index of the group that claims each address at each time (ns UTC), :data:`NONE` for none."""
        if len(self._epochs) == 1:
            return _claim(self._epochs[0], sides)
        which = np.searchsorted(self._bounds, times, side="right")
        out = np.full(len(times), NONE, np.uint16)
        for number in np.unique(which):
            rows = which == number
            out[rows] = _claim(self._epochs[int(number)], Sides(*(column[rows] for column in sides)))
        return out


def _epoch(groups: Sequence[Group], at: int) -> _Epoch:
    valid = [(m, g) for g, group in enumerate(groups) for m in group.members if m.since <= at < m.until]
    blocks = [(m.value, g) for m, g in valid if isinstance(m.value, Prefix)]
    return _Epoch(prefix_index(blocks), _keys(valid, "asn"), _keys(valid, "country"))


def prefix_index(blocks: Sequence[tuple[Prefix, int]]) -> Index:
    """An index whose value is 1 + the number given with each prefix."""
    mask = (1 << 64) - 1
    halves = [(p.first >> 64, p.first & mask, p.last >> 64, p.last & mask) for p, _ in blocks]
    c = np.array(halves, np.uint64).reshape(-1, 4).T.copy()
    return index(flatten(Ranges(c[0], c[1], c[2], c[3], np.array([number + 1 for _, number in blocks], np.uint32))))


def _keys(valid: Sequence[tuple[Member, int]], kind: str) -> tuple[np.ndarray, np.ndarray]:
    claims: dict[int, int] = {}
    for member, group in valid:
        if member.kind == kind and isinstance(member.value, int):
            claims.setdefault(member.value, group)
    keys = sorted(claims)
    return np.array(keys, np.uint32), np.array([claims[key] for key in keys], np.uint16)


def _claim(epoch: _Epoch, sides: Sides) -> np.ndarray:
    by_prefix = find(np.ascontiguousarray(sides.address), epoch.prefixes)
    out = np.where(by_prefix > 0, by_prefix - np.uint32(1), NONE).astype(np.uint16)
    for (keys, groups), values in ((epoch.asn, sides.as_number), (epoch.country, sides.country)):
        if len(keys):
            at = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
            claimed = (out == NONE) & (keys[at] == values)
            out[claimed] = groups[at[claimed]]
    return out
