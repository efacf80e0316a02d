"""The exact split of a change over cells: shares and residual sum to 1, what grew and what shrank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netwatch.explain.cells import Cells, Prepared, count_cells, count_slots, slot_for
from netwatch.explain.interval import Intervals, intervals
from netwatch.explain.options import ExplainOptions
from netwatch.explain.windows import DAY
from netwatch.model.finding import Composition, Estimate, Share

TOLD = 0.95
"""Part of all movement, up and down, that the told cells make up, where the number of cells allows."""
FEW = (("family",), ("direction",), ("episode",))
"""Dimensions of so few values that all are told, however little they moved."""
_ROUNDING = 1e-12
SHORT_BLOCK = 4
"""Slots drawn together where slots are shorter than a day."""


def split(flows: Prepared, by: Sequence[str], counter: str, options: ExplainOptions) -> Composition:
    """The change of a counter between the windows of flows, split over the values of one or several dimensions.

    ``Share.amount`` is per second of observed time (peers: per day).
    """
    cells = count_cells(flows, by, counter, options.cells)
    told = int(np.count_nonzero(cells.added)) if tuple(by) in FEW else fewest(cells.added, cells.moved)
    known = Intervals.unknown(told)
    if counter != "peers":  # distinct addresses of drawn days do not add up
        before, after = count_slots(flows, by, counter, cells.keys[:told])
        block = options.block if slot_for(flows.windows) == DAY else SHORT_BLOCK
        draws = (options.resamples, block, options.seed)
        known = intervals(before, after, flows.windows.seconds, draws)
    shares = tuple(_share(cells, at, by, counter, known) for at in range(told))
    residual = part(cells.total - float(cells.added[:told].sum()), cells.total)
    if abs(residual) < _ROUNDING:
        residual = 0.0
    return Composition(counter, "+".join(by), cells.total * unit_of(counter), shares, residual)


def _share(cells: Cells, at: int, by: Sequence[str], counter: str, known: Intervals) -> Share:
    """One told cell."""
    before, after, unit = float(cells.before[at]), float(cells.after[at]), unit_of(counter)
    rest = [max(whole - mine, 0.0) for whole, mine in zip(cells.whole, (before, after), strict=True)]
    low, high, without_low, without_high = (float(edge[at]) for edge in known)
    return Share(
        dict(zip(by, cells.names[at], strict=True)), (after - before) * unit, part(after - before, cells.total),
        low, high, before * unit, after * unit, Estimate(part(rest[1], rest[0]), without_low, without_high),
    )  # fmt: skip


def unit_of(counter: str) -> float:
    """Seconds of what amounts are told by: peers are counted per day."""
    return 86_400.0 if counter == "peers" else 1.0


def part(amount: float, total: float) -> float:
    """Share of a total; NaN of none."""
    return amount / total if total else float("nan")


def fewest(added: np.ndarray, moved: float) -> int:
    """How many of the cells, given largest movement first, make up :data:`TOLD` of all movement."""
    if moved == 0:
        return 0
    enough = int(np.searchsorted(np.cumsum(np.abs(added)), TOLD * moved)) + 1
    return min(enough, int(np.count_nonzero(added)))
