"""``Windows``: the spans of time that are compared, before and after a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

Span = tuple[int, int]
"""Half-open, ns UTC."""
DAY = 86_400 * 10**9
WEEK = 7 * DAY
_PASSING = (ChangeKind.EPISODE, ChangeKind.SPIKE, ChangeKind.DROP, ChangeKind.RECORD)
_MOST_SPANS = 32


class Windows(NamedTuple):
    """``before`` and ``after``: disjoint spans; ``seconds``: how long each side was observed."""

    before: tuple[Span, ...]
    after: tuple[Span, ...]
    seconds: tuple[float, float]

    @classmethod
    def plain(cls, before: Span, after: Span, series: Series | None = None) -> Windows:
        """Two spans, observed as a series was; without one observed throughout."""
        seconds = [(b - a) / 1e9 if series is None else observed(series, ((a, b),)) for a, b in (before, after)]
        return cls((before,), (after,), (seconds[0], seconds[1]))


def windows_for(change: Change, series: Series, others: Sequence[Change], longest: int) -> Windows | None:
    """The windows that show a change best, or None where one side was not observed.

    Before ends where the change may begin at the earliest, after begins where it has begun for certain (a ramp: where
    it ends, else its last part). Both last as long as there is data, at most ``longest`` ns, whole weeks where there is
    a week. Neither reaches over another shift of the level in ``others``; episodes, spikes and drops of ``others`` are
    left out. What passes in less than a week is compared with the same hours of the weeks before it.
    """
    first, last = _between_shifts(change, others, series.bins.start, series.bins.end)
    end = change.until if change.until is not None else last
    if change.kind in _PASSING:
        before = (max(first, change.since - longest), change.since)
        after = (change.since, end)
    elif change.kind is ChangeKind.RAMP:
        before = (max(first, change.since - longest), change.since)
        if before[1] - before[0] < (end - change.since) // 20:
            before = (first, change.since + (end - change.since) // 10)
        after = (end, min(last, end + longest))
        if after[1] - after[0] < (end - change.since) // 20:
            after = (end - (end - change.since) // 10, end)
    else:
        until = min(change.since, change.since_low)
        before = (max(first, until - longest), until)
        begun = max(change.since, change.since_high)
        after = (begun if begun < end else change.since, min(end, change.since + longest))
    earlier = _weeks_before((change.since, end), before) if change.kind in _PASSING else ()
    before = _whole_weeks(before, at_end=True)
    if change.kind not in _PASSING:
        after = _whole_weeks(after, at_end=False)
    passing = [c for c in others if c.kind in _PASSING and c is not change]
    holes = [(c.since, c.until if c.until is not None else last) for c in passing][:_MOST_SPANS]
    sides = [cut(span, holes) or ((span,) if span[0] < span[1] else ()) for span in (before, after)]
    if earlier:
        sides[0] = tuple(piece for span in earlier for piece in cut(span, holes)) or sides[0]
    seconds = tuple(observed(series, side) for side in sides)
    if min(seconds) <= 0:
        return None
    return Windows(sides[0], sides[1], (seconds[0], seconds[1]))


def _weeks_before(span: Span, within: Span) -> tuple[Span, ...]:
    """The same hours of the week in the weeks before a span shorter than a week, oldest first; perhaps none."""
    if not 0 < span[1] - span[0] < WEEK:
        return ()
    shifts = range((span[0] - within[0]) // WEEK, 0, -1)
    return tuple((span[0] - k * WEEK, span[1] - k * WEEK) for k in shifts)


def _between_shifts(change: Change, others: Sequence[Change], first: int, last: int) -> Span:
    """The data around a change in which no other shift of the level lies."""
    end = change.until if change.until is not None else change.since
    for other in others:
        if other.kind is ChangeKind.LEVEL_SHIFT and other is not change:
            if other.since < change.since:
                first = max(first, min(other.since_high, change.since))
            elif other.since >= end:
                last = min(last, max(other.since_low, end))
    return first, last


def _whole_weeks(span: Span, *, at_end: bool) -> Span:
    """The span cut to whole weeks, so that weekdays weigh the same on both sides; as it is when under a week."""
    weeks = (span[1] - span[0]) // WEEK
    if weeks < 1:
        return span
    return (span[1] - weeks * WEEK, span[1]) if at_end else (span[0], span[0] + weeks * WEEK)


def cut(span: Span, holes: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of a span without the holes."""
    left = [span]
    for begin, end in holes:
        left = [
            piece
            for a, b in left
            for piece in ((a, min(b, begin)), (max(a, end), b))
            if piece[0] < piece[1]
        ] if begin < end else left  # fmt: skip
    return tuple(sorted(set(left)))


def observed(series: Series, spans: Sequence[Span]) -> float:
    """Seconds of the spans that were observed, by the series' coverage."""
    starts = series.bins.times()
    total = 0.0
    for begin, end in spans:
        overlap = np.minimum(starts + series.bins.width, end) - np.maximum(starts, begin)
        total += float((np.clip(overlap, 0, None) * np.nan_to_num(series.coverage)).sum()) / 1e9
    return total
