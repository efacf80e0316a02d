"""The fewest cells, over several dimensions at once, that make a change: what moved alike everywhere, and what did not.

The flows are counted by all dimensions together; :func:`netwatch.explain.rootcause.find_causes` seeks the cells among
these leaves, each weighed by what it amounts to. Where three quarters of all moved alike, that is the first cause, "all
alike", and the others are what deviates from it. Each leaf belongs to the first cause that holds it, so amounts add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from netwatch.explain.cells import Cells, Prepared, count_cells, count_slots, slot_for
from netwatch.explain.decomposition import SHORT_BLOCK, part, unit_of
from netwatch.explain.interval import Intervals, intervals
from netwatch.explain.options import ExplainOptions
from netwatch.explain.rootcause import SearchOptions, find_causes
from netwatch.explain.windows import DAY
from netwatch.model.finding import Composition, Estimate, Share

DIMENSIONS = ("class", "role", "asn", "port", "prefix", "upstream")
NAME = "causes"
"""What the dimension of such a split is called."""
ALIKE, REST_ALIKE = "all alike", "all else alike"
LEAVES = 5_000
"""Leaves that are searched, those that moved most; the others are part of the residual."""
LEAST = 0.01
"""Part of all movement under which a cell is not told."""
ALIKE_PART = 0.75
"""Part of all that must be nearer to the common ratio than to none for it to be a cause."""


def split_by_causes(flows: Prepared, counter: str, options: ExplainOptions) -> Composition:
    """The change of a counter over its causes; a ``Share.cell`` names only what a cause is bound to."""
    leaves = count_cells(flows, DIMENSIONS, counter, LEAVES)
    groups = _groups(leaves, options.cells)
    known = _known(flows, counter, leaves, groups, options)
    shares = tuple(_share(leaves, group, known, at, unit_of(counter)) for at, group in enumerate(groups))
    total = leaves.total * unit_of(counter)
    return Composition(counter, NAME, total, shares, part(total - sum(s.amount for s in shares), total))


class Group(NamedTuple):
    """A cause: what it is bound to, and which leaves are its own, bool (leaves,)."""

    cell: dict[str, str]
    own: np.ndarray


def _groups(leaves: Cells, most: int) -> list[Group]:
    """The causes that moved something worth telling, largest first."""
    if not leaves.keys:
        return []
    ratio, weights = common_ratio(leaves), leaves.before + leaves.after
    varied = [d for d in range(len(DIMENSIONS)) if len({key[d] for key in leaves.keys}) > 1]
    codes = np.stack([_coded([key[d] for key in leaves.keys]) for d in varied], axis=1) if varied else np.zeros((0, 0))
    causes = find_causes(codes, leaves.before * ratio, leaves.after, SearchOptions(most), weights) if varied else []
    left, groups = np.ones(len(leaves.keys), bool), []
    for cause in causes:
        inside = left & np.logical_and.reduce([codes[:, d] == code for d, code in cause.values])
        first = int(np.flatnonzero(inside)[0])
        cell = {DIMENSIONS[varied[d]]: leaves.names[first][varied[d]] for d, _ in cause.values}
        groups.append(Group(cell, inside))
        left &= ~inside
    if ratio != 1.0:
        groups.append(Group({NAME: ALIKE if not groups else REST_ALIKE}, left))
    moved = [abs(float(leaves.added[group.own].sum())) for group in groups]
    order = sorted(range(len(groups)), key=lambda g: -moved[g])
    return [groups[g] for g in order if moved[g] >= LEAST * leaves.moved]


def _coded(values: list[Any]) -> np.ndarray:
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers[value] for value in values], np.int64)


def _known(flows: Prepared, counter: str, leaves: Cells, groups: Sequence[Group], options: ExplainOptions) -> Intervals:
    """The intervals of the groups, by their slots."""
    if not groups or counter == "peers":  # distinct addresses of drawn days do not add up
        return Intervals.unknown(len(groups))
    sides = []
    for matrix in count_slots(flows, DIMENSIONS, counter, leaves.keys):
        rows = [matrix[:-1][group.own].sum(axis=0) for group in groups]
        sides.append(np.stack([*rows, matrix.sum(axis=0) - np.sum(rows, axis=0)]))
    block = options.block if slot_for(flows.windows) == DAY else SHORT_BLOCK
    return intervals(sides[0], sides[1], flows.windows.seconds, (options.resamples, block, options.seed))


def _share(leaves: Cells, group: Group, known: Intervals, at: int, unit: float) -> Share:
    before, after = float(leaves.before[group.own].sum()), float(leaves.after[group.own].sum())
    rest = [max(whole - mine, 0.0) for whole, mine in zip(leaves.whole, (before, after), strict=True)]
    low, high, without_low, without_high = (float(edge[at]) for edge in known)
    without = Estimate(part(rest[1], rest[0]), without_low, without_high)
    share = part(after - before, leaves.total)
    return Share(group.cell, (after - before) * unit, share, low, high, before * unit, after * unit, without)


def common_ratio(leaves: Cells) -> float:
    """The ratio that most of the leaves' weight moved by, where there is one; else 1."""
    weights = leaves.before + leaves.after
    both = (leaves.before > 0) & (leaves.after > 0)
    if not weights[both].sum() > 0:
        return 1.0
    logs, mass = np.log(leaves.after[both] / leaves.before[both]), weights[both]
    order = np.argsort(logs)
    middle = float(logs[order][np.searchsorted(np.cumsum(mass[order]), mass.sum() / 2)])
    alike = mass[np.abs(logs - middle) < np.abs(logs)].sum()
    return float(np.exp(middle)) if alike >= ALIKE_PART * weights.sum() else 1.0
