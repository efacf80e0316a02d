"""Level shifts, ramps and episodes on daily levels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from netwatch.detect.clock import DAY
from netwatch.detect.expectation import Baseline
from netwatch.detect.interval import Estimate, generalised, step
from netwatch.detect.structure import SLOPE, STEP, Atom, Structure, design, long_run_variance, structure, yearly
from netwatch.detect.study import Study
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

WEEKLY_FROM = 180
"""Days of history from which atoms are first sought among weeks."""
_REACH = 60
_EPISODE_DAYS = 90
_PROVISIONAL_DAYS = 10
_LEAST = 24
_SHORT_RATIO = 1.5
_KNOT_REACH = 12
_LIKELY = 5.99  # two ends: chi-square with two degrees of freedom


class Levels(NamedTuple):
    """Log levels at equal steps: ``values`` float64 (n,); ``times`` int64 (n + 1,) ns UTC, the borders."""

    values: np.ndarray
    times: np.ndarray
    per_day: float


def find_levels(study: Study) -> Iterator[Change]:
    """Level shifts, ramps and episodes: when, by how much, with intervals that hold under autocorrelation."""
    for series in study.watched():
        if series.counter == "peers":
            continue
        yield from changes_of(series, study, ChangeKind.LEVEL_SHIFT, "level")


def changes_of(series: Series, study: Study, kind: ChangeKind, detector: str) -> Iterator[Change]:
    """Changes of one series' level; steps are called ``kind``."""
    base = study.baseline(series)
    levels = levels_of(series, base)
    known = ~np.isnan(levels.values)
    if known.sum() < _LEAST or known.sum() / levels.per_day < 7:
        return
    report = _Report(series, levels, study, kind, detector)
    yield from report.changes()


def levels_of(series: Series, base: Baseline) -> Levels:
    """The levels that structure is sought in: days, 6 h blocks of a short history, or bins of a day and more."""
    clock = base.clock
    if clock.slots == 1:
        times = np.append(series.bins.times(), series.bins.end)
        return Levels(base.log, times, DAY / series.bins.width)
    if base.mode == "long":
        end = max(series.bins.end, int(clock.midnight[-1]) + 1)
        return Levels(base.level, np.append(clock.midnight, end), 1.0)
    per = max(1, DAY // 4 // series.bins.width)
    count = series.bins.count // per
    profile = np.log(base.expected) - _slow(base)
    blocks = (base.log - profile)[: count * per].reshape(count, per)
    known = (~np.isnan(blocks)).mean(axis=1) >= 0.5
    values = np.full(count, np.nan)
    values[known] = np.nanmedian(blocks[known], axis=1)
    return Levels(values, series.bins.start + series.bins.width * per * np.arange(count + 1), 4.0)


def _slow(base: Baseline) -> np.ndarray:
    """Mean of the expected log by day: what is left is the time of day's."""
    logs = np.log(base.expected)
    sums = np.bincount(base.clock.day, logs, base.clock.days)
    counts = np.bincount(base.clock.day, minlength=base.clock.days)
    mean: np.ndarray = (sums / np.maximum(counts, 1))[base.clock.day]
    return mean


class _Report:
    def __init__(self, series: Series, levels: Levels, study: Study, kind: ChangeKind, detector: str) -> None:
        self.series, self.levels, self.kind, self.detector = series, levels, kind, detector
        self.options = study.options
        self.n = len(levels.values)
        self.factor = 7 if self.n >= WEEKLY_FROM and levels.per_day == 1.0 else 1
        self.coarse = _medians(levels.values, self.factor)
        per_year = 365.25 * levels.per_day / self.factor
        self.fixed = np.concatenate([yearly(len(self.coarse), per_year), self._epochs()], axis=1)
        slopes = self.n >= 90 * levels.per_day
        self.found = structure(self.coarse, self.fixed, self.options.penalty, slopes=slopes)
        self.min_ratio = self.options.min_ratio if self.n >= 56 * levels.per_day else _SHORT_RATIO

    def _epochs(self) -> np.ndarray:
        """Steps allowed where the sampling changes, for the counters that it is not corrected in; (n, k)."""
        none = np.zeros((len(self.coarse), 0))
        if self.series.counter not in ("flows", "peers"):
            return none
        at = sampling_changes(self.series)
        place = np.searchsorted(self.levels.times, self.series.bins.times()[at]) // self.factor
        inside = [(STEP, int(p)) for p in np.unique(place) if 1 <= p < len(self.coarse) - 1]
        return design(len(self.coarse), inside)

    def changes(self) -> Iterator[Change]:
        """All that is worth telling, in order of time."""
        steps = [a for a in self.found.atoms if a.kind == STEP]
        made: list[Change | None] = [*self._ramps()]
        at = 0
        while at < len(steps):
            now = steps[at]
            after = steps[at + 1] if at + 1 < len(steps) else None
            if after is not None and self._returns(now, after):
                made.append(self._episode(now, after))
                at += 2
            else:
                made.append(self._shift(now))
                at += 1
        yield from sorted((m for m in made if m is not None), key=lambda c: c.since)

    def _returns(self, now: Atom, after: Atom) -> bool:
        days = (after.at - now.at) * self.factor / self.levels.per_day
        return days <= _EPISODE_DAYS and abs(now.size + after.size) < 0.4 * min(abs(now.size), abs(after.size))

    def _place(self, atom: Atom) -> tuple[int, int, int]:
        """Best place of a step at full resolution, and the range that the likelihood leaves to it."""
        y, rough = self.levels.values, atom.at * self.factor
        reach = max(10, self.factor + 3) if self.factor > 1 else 0
        low, high = self._window(atom, 45)
        at = np.arange(low, high)
        at = at[~np.isnan(y[at])]
        places = np.arange(max(low + 3, rough - reach), min(high - 3, rough + reach) + 1)
        if not len(places) or len(at) < 12:
            return rough, rough - 1, rough + 1
        errors, residuals = [], []
        for place in places:
            x = np.stack([np.ones(len(at)), (at - rough) / 30.0, (at >= place).astype(float)], axis=1)
            residual = y[at] - x @ np.linalg.lstsq(x, y[at], rcond=None)[0]
            errors.append(float(residual @ residual))
            residuals.append(residual)
        best = int(np.argmin(errors))
        noise, _ = long_run_variance(residuals[best], at, 3)
        likely = places[np.array(errors) - errors[best] <= 3.84 * noise]
        return int(places[best]), int(likely[0]) - 1, int(likely[-1]) + 1

    def _window(self, atom: Atom, reach: int) -> tuple[int, int]:
        """Places round an atom, up to its neighbours."""
        places = [a.at * self.factor for a in self.found.atoms if a is not atom and a.at != atom.at]
        here = atom.at * self.factor
        gap = self.factor // 2
        low = max([0, here - reach, *(p + gap for p in places if p < here)])
        return low, min([self.n, here + reach, *(p - gap for p in places if p > here)])

    def _estimate(self, atom: Atom, place: int) -> Estimate:
        low, high = self._window(atom, _REACH)
        known = ~np.isnan(self.levels.values[low:high])
        split = place - low
        if known[:split].sum() < 4 or known[split:].sum() < 4:
            low, high = max(0, place - _REACH), min(self.n, place + _REACH)
        return step(self.levels.values, place, (low, high), self._sampling_error(low, high))

    def _sampling_error(self, low: int, high: int) -> float:
        """Variance of a log ratio that sampling and missing coverage bring."""
        times = self.levels.times
        edge = np.clip(
            (times[[low, high]] - self.series.bins.start) // self.series.bins.width, 0, self.series.bins.count
        )
        values, variance = (a[edge[0] : edge[1]] for a in (self.series.values, self.series.variance))
        total = float(np.nansum(values))
        return 4.0 * float(np.nansum(variance / total / total)) if total > 0 else 0.0

    def _shift(self, atom: Atom) -> Change | None:
        place, first, last = self._place(atom)
        estimate = self._estimate(atom, place)
        if abs(estimate.effect) < np.log(self.min_ratio):
            return None
        return self._change(self.kind, (place, None), (first, last), estimate)

    def _episode(self, begin: Atom, end: Atom) -> Change | None:
        place, first, last = self._place(begin)
        until, _, _ = self._place(end)
        inside = self.levels.values[place:until]
        if until <= place or np.isnan(inside).all():
            return None
        low, high = max(0, place - _REACH), min(self.n, until + _REACH)
        at = np.arange(low, high)
        at = at[~np.isnan(self.levels.values[at])]
        x = np.stack([np.ones(len(at)), (at - place) / 60.0, ((at >= place) & (at < until)).astype(float)], axis=1)
        estimate = generalised(
            self.levels.values[at], x, at, np.array([0.0, 0.0, 1.0]), self._sampling_error(low, high)
        )
        if abs(estimate.effect) < np.log(self.min_ratio):
            return None
        return self._change(ChangeKind.EPISODE, (place, until), (first, last), estimate)

    def _ramps(self) -> Iterator[Change]:
        for begin, end in _slopes(self.found, len(self.coarse)):
            estimate = ramp(self.coarse, self.fixed, self.found, (begin, end))
            years = (end - begin) * self.factor / self.levels.per_day / 365.25
            size = abs(estimate.effect)
            if size < np.log(self.options.min_ramp) or size < np.log(self.options.min_ramp_year) * years:
                continue
            low, high = begin * self.factor, min(end * self.factor, self.n)
            spread = max(self.factor, round((high - low) * 0.1))
            until = None if end >= len(self.coarse) - 1 else high
            yield self._change(ChangeKind.RAMP, (low, until), (low - spread, low + spread), estimate)

    def _change(
        self, kind: ChangeKind, span: tuple[int, int | None], since: tuple[int, int], estimate: Estimate
    ) -> Change:
        times, (begin, until) = self.levels.times, span
        stop = self.n if until is None else until
        rates = _rates(self.series, (int(times[begin]), int(times[stop])), kind)
        low, high = (int(times[np.clip(p, 0, self.n)]) for p in since)
        recent = (self.n - (begin if until is None else stop)) / self.levels.per_day < _PROVISIONAL_DAYS
        return Change(
            self.series.entity,
            self.series.counter,
            kind,
            int(times[begin]),
            None if until is None else int(times[until]),
            low,
            high,
            float(np.exp(estimate.effect)),
            float(np.exp(estimate.low)),
            float(np.exp(estimate.high)),
            rates[0],
            rates[1],
            estimate.p_value,
            self.detector,
            provisional=bool(recent) or self.n < 56 * self.levels.per_day,
            facts={"noise_phi": round(self.found.phi, 3), "levels": self.n, "levels_per_day": self.levels.per_day},
        )


def ramp(level: np.ndarray, fixed: np.ndarray, found: Structure, span: tuple[int, int]) -> Estimate:
    """Ratio of a ramp's end to its start: what the slopes add up to between two places, by GLS over the whole level.

    Where the ramp begins and ends is not known exactly: the interval is widened to hold the estimates at all pairs of
    ends that the likelihood does not rule out (profile likelihood).
    """
    at = np.flatnonzero(~np.isnan(level))
    names = [(a.kind, a.at) for a in found.atoms]
    x, contrast = _ramp_design(len(level), fixed, names, span)
    best = generalised(level[at], x[at], at, contrast)
    low = high = 0.0
    base, error = _ramp_effect(level[at], x[at], contrast)
    for begin in range(-_KNOT_REACH, _KNOT_REACH + 1, 2):
        for end in range(-_KNOT_REACH, _KNOT_REACH + 1, 2):
            moved = {span[0]: span[0] + begin, span[1]: span[1] + end}
            if moved[span[0]] < 0 or moved[span[1]] >= len(level) or moved[span[1]] - moved[span[0]] < 8:
                continue
            shifted = [(k, moved.get(p, p) if k == SLOPE else p) for k, p in names]
            x, contrast = _ramp_design(len(level), fixed, shifted, (moved[span[0]], moved[span[1]]))
            effect, squares = _ramp_effect(level[at], x[at], contrast)
            if squares - error <= _LIKELY * found.noise:
                low, high = min(low, effect - base), max(high, effect - base)
    return best._replace(low=best.low + low, high=best.high + high)


def _ramp_design(
    n: int, fixed: np.ndarray, names: list[tuple[int, int]], span: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    x = np.concatenate([fixed, design(n, names)], axis=1)
    contrast = np.zeros(x.shape[1])
    for i, (kind, place) in enumerate(names):
        if kind == SLOPE:
            contrast[fixed.shape[1] + i] = max(span[1] - place, 0) - max(span[0] - place, 0)
    return x, contrast


def _ramp_effect(y: np.ndarray, x: np.ndarray, contrast: np.ndarray) -> tuple[float, float]:
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = y - x @ beta
    return float(contrast @ beta), float(residual @ residual)


def _slopes(found: Structure, n: int) -> Iterator[tuple[int, int]]:
    """Spans of one direction between changes of slope."""
    bends = [a for a in found.atoms if a.kind == SLOPE]
    slope, begin, sign = 0.0, 0, 0
    for i, here in enumerate(bends):
        after = bends[i + 1] if i + 1 < len(bends) else None
        slope += here.size
        end = after.at if after is not None else n - 1
        now = 0 if abs(slope) * (end - here.at) < 0.1 else (1 if slope > 0 else -1)
        if now != sign:
            if sign:
                yield begin, here.at
            begin, sign = here.at, now
    if sign:
        yield begin, n - 1


def _medians(values: np.ndarray, factor: int) -> np.ndarray:
    """Medians of ``factor`` places each; NaN where under half are known."""
    if factor == 1:
        return values
    count = len(values) // factor
    blocks = values[: count * factor].reshape(count, factor)
    known = (~np.isnan(blocks)).mean(axis=1) >= 0.5
    out = np.full(count, np.nan)
    out[known] = np.nanmedian(blocks[known], axis=1)
    return out


def _rates(series: Series, span: tuple[int, int], kind: ChangeKind) -> tuple[float, float]:
    """Mean per second before and after: up to eight weeks on each side; of a ramp at its two ends."""
    bins, weeks = series.bins, 56 * DAY
    begin, end = span
    after = (max(begin, end - weeks), end) if kind == ChangeKind.RAMP else (begin, min(end, begin + weeks))
    before = (begin - weeks, begin)
    if kind == ChangeKind.RAMP and begin - bins.start < weeks // 4:
        before = (begin, begin + weeks // 2)
    return mean_rate(series, *before), mean_rate(series, *after)


def mean_rate(series: Series, since: int, until: int) -> float:
    """Mean per second of the known bins between two instants, NaN where none is known."""
    bins = series.bins
    first, last = (int(np.clip((t - bins.start) // bins.width, 0, bins.count)) for t in (since, until))
    known = series.values[first:last]
    known = known[~np.isnan(known)]
    return float(known.mean()) / (bins.width / 1e9) if len(known) else float("nan")


def sampling_changes(series: Series) -> np.ndarray:
    """Bins in which another mean packet interval comes into force and stays; int64 (k,)."""
    known = np.flatnonzero(~np.isnan(series.sampling))
    if len(known) < 2:
        return np.zeros(0, np.int64)
    logs = np.log2(series.sampling[known])
    reach = min(12, len(known) // 2)
    padded = np.concatenate([np.full(reach, logs[0]), logs, np.full(reach, logs[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach)
    before, after = np.median(windows[: len(logs)], axis=1), np.median(windows[reach : reach + len(logs)], axis=1)
    jump = np.abs(after - before)
    picked: list[int] = []
    for i in np.argsort(-jump, kind="stable"):
        if jump[i] < 0.5:
            break
        if all(abs(int(i) - p) > reach for p in picked):
            picked.append(int(i))
    return known[np.array(sorted(picked), np.int64)]
