"""The best cuts of a series into pieces that a line is fitted to each."""

from __future__ import annotations

from netwatch.kernels.jit import kernel

NEVER = 1e300
"""Cost of what cannot be."""


@kernel
def cut(sums, least, best, back):  # type: ignore[no-untyped-def]
    """Dynamic programme over places (Bellman 1961; Bai & Perron 2003), O(k n^2) in time, O(k n) in memory.

    ``sums`` float64 (6, n + 1): sums of aa, ab, bb, ay, by, yy up to each place, of two columns a, b and the values y.
    Into ``best`` float64 (k, n + 1): least squared error of the values before a place in one piece, two, up to k of
    ``least`` values and more each; into ``back`` int64 (k, n + 1): where the last of them begins.
    """
    most, n = best.shape[0], best.shape[1] - 1
    for k in range(most):
        for end in range(n + 1):
            best[k, end] = NEVER
            back[k, end] = 0
    for begin in range(n - least + 1):
        for end in range(begin + least, n + 1):
            aa = sums[0, end] - sums[0, begin]
            ab = sums[1, end] - sums[1, begin]
            bb = sums[2, end] - sums[2, begin]
            ay = sums[3, end] - sums[3, begin]
            by = sums[4, end] - sums[4, begin]
            error = sums[5, end] - sums[5, begin] - ay * ay / aa
            left = bb - ab * ab / aa
            if left > 1e-12 * bb:
                error -= (by - ab * ay / aa) ** 2 / left
            error = max(error, 0.0)
            if begin == 0:
                best[0, end] = error
            for k in range(1, most):
                cost = best[k - 1, begin] + error
                if cost < best[k, end]:
                    best[k, end] = cost
                    back[k, end] = begin
