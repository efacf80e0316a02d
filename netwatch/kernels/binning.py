"""Counters of flows spread over the bins in which the flows lived."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import kernel, part

WALK = 2048
"""Bins that one flow is walked through exactly; what lives longer is spread by its mean rate (:func:`settle`)."""


class Lives(NamedTuple):
    """What counts of each flow, int64 (n,): ``start``, ``end`` ns; counters as observed; ``interval`` of sampling.

    The observed counters must be below 2**53; the caller holds them to it.
    """

    start: np.ndarray
    end: np.ndarray
    octets: np.ndarray
    packets: np.ndarray
    reverse_octets: np.ndarray
    reverse_packets: np.ndarray
    interval: np.ndarray


class Grid(NamedTuple):
    """Equal bins: ``start`` of the first and ``width`` in ns, and how many."""

    start: int
    width: int
    bins: int


class Sums(NamedTuple):
    """Sums by (row, bin), float64: whole numbers, so exact below 2**53.

    ``octets_slope``, ``packets_slope`` float64 (rows, bins + 1): change of the rate from bin to bin that the long-lived
    flows bring. ``octets_variance``, ``packets_variance``: of the sampling; (0, 0) while nothing was sampled.
    """

    octets: np.ndarray
    packets: np.ndarray
    flows: np.ndarray
    octets_slope: np.ndarray
    packets_slope: np.ndarray
    octets_variance: np.ndarray
    packets_variance: np.ndarray


@part
def _bin(time, grid):  # type: ignore[no-untyped-def]
    """The bin of an instant, clipped to the grid."""
    if time < grid.start:
        return 0
    return min((time - grid.start) // grid.width, grid.bins - 1)


@part
def _walk(target, row, amount, life, grid):  # type: ignore[no-untyped-def]
    """Add a whole ``amount`` to the bins of a life, by overlap, in whole numbers that add up to it."""
    start, end, first, last = life
    length = float(end - start)
    given = 0.0
    for b in range(first, last):
        upto = np.floor(amount * (float(grid.start + (b + 1) * grid.width - start) / length))
        target[row, b] += upto - given
        given = upto
    target[row, last] += amount - given


@part
def _slope(target, row, amount, life):  # type: ignore[no-untyped-def]
    """Add an ``amount`` evenly over the bins ``first`` to ``last`` as two changes of rate."""
    _, _, first, last = life
    rate = amount / (last - first + 1)
    target[row, first] += rate
    target[row, last + 1] -= rate


@part
def _add(sums, row, octets, packets, interval, life, grid):  # type: ignore[no-untyped-def]
    """One direction of one flow to one row.

    Packets drawn one in N: c seen estimate c N with variance c N (N - 1); octets likewise with the mean square
    packet size (Horvitz-Thompson; Duffield, Lund, Thorup 2005).
    """
    if life[3] - life[2] > WALK:
        _slope(sums.octets_slope, row, float(octets) * interval, life)
        _slope(sums.packets_slope, row, float(packets) * interval, life)
    else:
        _walk(sums.octets, row, float(octets) * interval, life, grid)
        _walk(sums.packets, row, float(packets) * interval, life, grid)
    if interval > 1 and packets > 0:
        spread = float(interval) * float(interval - 1)
        share = 1.0 / (life[3] - life[2] + 1)
        size = float(octets) / float(packets)
        for b in range(life[2], min(life[3], life[2] + WALK) + 1):
            sums.packets_variance[row, b] += spread * packets * share
            sums.octets_variance[row, b] += spread * packets * size * size * share


@kernel
def spread(lives, forward, reverse, grid, sums):  # type: ignore[no-untyped-def]
    """Add flows to their rows.

    ``forward``, ``reverse`` int64 (n, kinds): row that each direction belongs to, -1 for none. The flow itself is
    counted in the bin of its start, in both rows where they differ and the reverse has packets.
    """
    for i in range(lives.start.size):
        start, end = lives.start[i], max(lives.start[i], lives.end[i])
        first, last = _bin(start, grid), _bin(end, grid)
        start = max(start, grid.start + first * grid.width)
        life = (start, max(end, start), first, last)
        interval = max(lives.interval[i], 1)
        for k in range(forward.shape[1]):
            to, back = forward[i, k], reverse[i, k]
            if to >= 0:
                _add(sums, to, lives.octets[i], lives.packets[i], interval, life, grid)
                sums.flows[to, first] += 1.0
            if back >= 0 and (lives.reverse_packets[i] > 0 or lives.reverse_octets[i] > 0):
                _add(sums, back, lives.reverse_octets[i], lives.reverse_packets[i], interval, life, grid)
                if back != to:
                    sums.flows[back, first] += 1.0


def settle(whole: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """One row of sums with the long-lived flows' share added: float64 (bins,)."""
    if not slope.any():
        return whole
    rate = np.cumsum(slope[:-1])
    settled: np.ndarray = whole + np.where(rate > 1e-9 * np.abs(slope).max(), rate, 0.0)
    return settled
