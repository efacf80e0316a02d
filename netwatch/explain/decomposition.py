"""The exact split of a change over cells: shares and residual sum to 1, what grew and what shrank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from netwatch.explain.cells import Prepared, count_cells, count_slots, once, slot_for
from netwatch.explain.interval import share_intervals
from netwatch.explain.options import ExplainOptions
from netwatch.explain.windows import DAY, Span, Windows
from netwatch.model.finding import Composition, Share

TOLD = 0.95
"""Part of all movement, up and down, that the told cells make up, where the number of cells allows."""
FEW = (("family",), ("direction",))
"""Dimensions of so few values that all are told, however little they moved."""
_ROUNDING = 1e-12
SHORT_BLOCK = 4
"""Slots drawn together where slots are shorter than a day."""


def decompose(flows: Any, before: Span, after: Span, by: Sequence[str], counter: str = "octets") -> Composition:
    """The change of a counter between two windows (ns UTC), split over the values of one or several dimensions.

    ``flows`` is an Ibis table of stored flows. Raises:
        UsageError: no such counter or dimension.
    """
    return split(once(flows, Windows.plain(before, after)), by, counter, ExplainOptions())


def split(flows: Prepared, by: Sequence[str], counter: str, options: ExplainOptions) -> Composition:
    """As :func:`decompose`, for prepared flows.

    ``Share.amount`` is per second of observed time (peers: per day).
    """
    cells = count_cells(flows, by, counter, options.cells)
    told = int(np.count_nonzero(cells.added)) if tuple(by) in FEW else fewest(cells.added, cells.moved)
    low = high = np.full(told, np.nan)
    if counter != "peers":  # distinct addresses of drawn days do not add up
        before, after = count_slots(flows, by, counter, cells.keys[:told])
        block = options.block if slot_for(flows.windows) == DAY else SHORT_BLOCK
        draws = (options.resamples, block, options.seed)
        low, high = share_intervals(before, after, flows.windows.seconds, draws)
    unit = 86_400.0 if counter == "peers" else 1.0
    shares = tuple(
        Share(
            dict(zip(by, cells.names[i], strict=True)),
            float(cells.added[i]) * unit,
            part(float(cells.added[i]), cells.total),
            float(low[i]),
            float(high[i]),
        )
        for i in range(told)
    )
    residual = part(cells.total - float(cells.added[:told].sum()), cells.total)
    if abs(residual) < _ROUNDING:
        residual = 0.0
    return Composition(counter, "+".join(by), cells.total * unit, shares, residual)


def part(amount: float, total: float) -> float:
    """Share of a total; NaN of none."""
    return amount / total if total else float("nan")


def fewest(added: np.ndarray, moved: float) -> int:
    """How many of the cells, given largest movement first, make up :data:`TOLD` of all movement."""
    if moved == 0:
        return 0
    enough = int(np.searchsorted(np.cumsum(np.abs(added)), TOLD * moved)) + 1
    return min(enough, int(np.count_nonzero(added)))
