"""Level shifts, ramps and episodes on daily levels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from netwatch.detect.clock import DAY
from netwatch.detect.coarse import turns
from netwatch.detect.expectation import centres, well_known
from netwatch.detect.interval import Located, around, located, turning, without_turns
from netwatch.detect.levels import Levels, levels_of
from netwatch.detect.local_step import mixed, step
from netwatch.detect.matching import distinct
from netwatch.detect.noise import Estimate
from netwatch.detect.pieces import pieces, without_spikes
from netwatch.detect.plain import ALIKE, plain
from netwatch.detect.rates import sides
from netwatch.detect.sampling import sampling_changes
from netwatch.detect.search import Structure, cycles, structure
from netwatch.detect.structure import EPISODE, RAMP, STEP, Atom, Sought, column
from netwatch.detect.study import Study
from netwatch.detect.weekdays import weekdays_add
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Series

WEEKLY_FROM = 180
"""Days of history from which atoms are first sought among weeks."""
_WAVES_FROM = 1.9 * 365.25
"""Days that must be known for yearly waves."""
_BLOCKS = 4.0
"""Levels a day above which there are too few days for a rhythm to have been taken out."""
_TENFOLD = 10.0
"""Ratio of the edges of an interval from which on a size is not known."""
_BESIDE, _MOST_OF_IT = 3, 0.6
"""Levels on each side of a sudden change, and the share of it that they must show."""
_WAVES_OF_DAY = (0.2, 0.7)
"""Days from which the first and the second wave of the day are sought."""
_REACH, _STEP_REACH = 180, 60
_EPISODE_DAYS = 90
_RECENT, _LATEST = 91, 35
"""Days at the end that are looked at day by day before the weeks, three of which a step must stand; and the last of
them in which a level shift is told so: the weeks are then those before it.
"""
_PROVISIONAL_DAYS = 10
_INNER = 7
"""Places of an episode from which its size is taken without its edges, too."""
_LEAST = 24
_MOST = 0.7
"""Share of a ramp from which on a level shift in it is what it tells of."""
_SHORT_RATIO, _DAY_RATIO = 1.5, 2.0
_RAMP_ENDS = (16, 4)
"""Weeks round the likeliest ends of a ramp within which they may be, and the stride."""


def find_levels(study: Study) -> Iterator[Change]:
    """Level shifts, ramps and episodes: when, by how much, with intervals that hold under autocorrelation."""
    for series in study.watched():
        if series.counter == "peers":
            continue
        yield from changes_of(series, study, ChangeKind.LEVEL_SHIFT, "level")


def changes_of(series: Series, study: Study, kind: ChangeKind, detector: str) -> Iterator[Change]:
    """Changes of one series' level; steps are called ``kind``."""
    base = study.baseline(series)
    levels = levels_of(series, base, study.flows(series))
    known = ~np.isnan(levels.values)
    if known.sum() < max(_LEAST, study.options.least_days * levels.per_day):
        return
    recent: list[Change] = []
    if levels.per_day == 1.0 and len(known) >= WEEKLY_FROM:
        tail = Levels(levels.values[-_RECENT:], levels.times[-_RECENT - 1 :], 1.0)
        late = int(levels.times[-_LATEST - 1])
        seen = _Fine(series, tail, study, kind, detector).changes()
        recent = _greatest([change for change in seen if change.kind is kind and change.since >= late])
    if recent:
        end = int(np.searchsorted(levels.times, recent[0].since))
        levels = Levels(levels.values[:end], levels.times[: end + 1], 1.0)
    report = _Coarse if levels.per_day < 1.0 else _Fine
    yield from report(series, levels, study, kind, detector).changes()
    yield from recent


def _greatest(shifts: list[Change]) -> list[Change]:
    """Of level shifts within a week of each other the greatest."""
    kept: list[Change] = []
    for shift in sorted(shifts, key=lambda c: -abs(np.log(c.ratio))):
        if all(abs(shift.since - other.since) >= 7 * DAY for other in kept):
            kept.append(shift)
    return sorted(kept, key=lambda c: c.since)


class _Report(ABC):
    """What is found becomes changes of the series; ``phi``: coefficient of the noise beside it."""

    phi = 0.0

    def __init__(self, series: Series, levels: Levels, study: Study, kind: ChangeKind, detector: str) -> None:
        self.series, self.levels, self.kind, self.detector = series, levels, kind, detector
        self.options = study.options
        self.n = len(levels.values)

    @abstractmethod
    def changes(self) -> Iterator[Change]:
        """All that is worth telling, in order of time."""

    def _unseen(self, first: int, last: int) -> tuple[int, int]:
        """Places with the unknown before the first and from the last on: a change in them shows at their end only."""
        unknown = np.isnan(self.levels.values)
        while 0 < first < self.n and unknown[first - 1]:
            first -= 1
        while 0 < last < self.n - 1 and unknown[last]:
            last += 1
        return first, last

    def _sampling_error(self, low: int, high: int) -> float:
        """Variance of a log ratio that sampling and missing coverage bring."""
        times = self.levels.times
        edge = np.clip(
            (times[[low, high]] - self.series.bins.start) // self.series.bins.width, 0, self.series.bins.count
        )
        values, variance = (a[edge[0] : edge[1]] for a in (self.series.values, self.series.variance))
        total = float(np.nansum(values))
        return 4.0 * float(np.nansum(variance / total / total)) if total > 0 else 0.0

    def _resampled(self, factor: int) -> np.ndarray:
        """Places where the sampling changes, for the counters that it is not corrected in."""
        if self.series.counter not in ("flows", "peers"):
            return np.zeros(0, np.int64)
        at = sampling_changes(self.series)
        places: np.ndarray = np.unique(np.searchsorted(self.levels.times, self.series.bins.times()[at]) // factor)
        return places

    def _change(self, kind: ChangeKind, span: tuple[int, int | None], found: Located) -> Change:
        times, (begin, until), estimate = self.levels.times, span, found.estimate
        stop = self.n if until is None else until
        left, begin = self._unseen(begin, begin)
        rates = sides(self.series, (int(times[left]), int(times[begin]), int(times[stop])), kind)
        first, last = self._unseen(*found.since)
        low, high = (int(times[np.clip(p, 0, self.n)]) for p in (first - 1, last + 1))
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
            facts={"noise_phi": self.phi, "levels": self.n, "levels_per_day": self.levels.per_day},
        )


class _Coarse(_Report):
    """Bins wider than a day."""

    def changes(self) -> Iterator[Change]:
        """Steps between pieces, ramps within them."""
        cut = pieces(self.levels.values)
        self.phi = cut.phi
        resampled = self._resampled(1)
        for found in turns(self.levels.values, cut, self.levels.per_day, self.options, self._sampling_error):
            begin, until = found.atom.at, found.atom.until
            if found.atom.kind == RAMP:
                yield self._change(ChangeKind.RAMP, (begin, None if until >= self.n else until), found)
            elif not len(resampled) or np.abs(resampled - begin).min() > 1:
                yield self._change(self.kind, (begin, None), found)


class _Fine(_Report):
    """Days, and blocks of 6 h."""

    def __init__(self, series: Series, levels: Levels, study: Study, kind: ChangeKind, detector: str) -> None:
        super().__init__(series, levels, study, kind, detector)
        self.factor = 7 if self.n >= WEEKLY_FROM and levels.per_day == 1.0 else 1
        self.fixed = self._fixed(self.n // self.factor, self.factor)
        atoms: tuple[Atom, ...] = ()
        if levels.day is None:
            self.found = self._sought(levels.values)
            if levels.per_day > _BLOCKS:
                self.level = self._calm()
        else:
            # What weekdays add is known best beside what was found, which is found best without what they add.
            for _ in range(2):
                rest = levels.values - sum((a.size * column(self.n, a) for a in atoms), np.zeros(self.n))
                self.found = self._sought(levels.values - weekdays_add(rest, levels.day, int(7 * levels.per_day)))
                atoms = self.found.atoms
        # Of less than two days what climbs may be a morning, and what falls a night.
        self.of_day = levels.per_day > _BLOCKS and _WAVES_OF_DAY[0] <= self.n / levels.per_day < 2
        self.phi = self.found.noise.phi
        self.min_ratio = self.options.min_ratio if self.n >= 56 * levels.per_day else _SHORT_RATIO
        if self.of_day:
            self.min_ratio = _DAY_RATIO

    def _sought(self, values: np.ndarray) -> Structure:
        """Atoms of a level; ``level`` and ``coarse`` are what they were sought in."""
        # Passing moments are told as spikes and drops; weeks are robust against them by themselves.
        self.level = values.copy() if self.factor > 1 else without_turns(without_spikes(values))
        self.coarse = without_turns(_centres(self.level, self.factor)) if self.factor > 1 else self.level
        per_day = self.levels.per_day
        longest, shortest = int(_EPISODE_DAYS * per_day / self.factor), 2 if self.factor > 1 else 3
        sought = Sought(self.options.penalty, longest, shortest, self.n >= 90 * per_day or per_day > _BLOCKS)
        found = structure(self.coarse, self.fixed, sought)
        return found._replace(atoms=plain(found.atoms))

    def _fixed(self, n: int, factor: int) -> np.ndarray:
        """Waves of the year, of under a week those of the day, and steps where the sampling changes, for the counters
        that it is not corrected in; (n, k).
        """
        years = (self.levels.times[: n * factor : factor] - self.levels.times[0]) / (365.25 * DAY)
        known = float(np.count_nonzero(~np.isnan(self.levels.values))) / self.levels.per_day
        waves = cycles(years, known >= _WAVES_FROM)
        if self.levels.per_day > _BLOCKS:
            waves = self._day(years * 365.25)
        inside = [Atom(STEP, int(p), n) for p in self._resampled(factor) if 1 <= p < n - 1]
        return np.column_stack([waves, *(column(n, atom) for atom in inside)])

    def _sudden(self, place: int, effect: float) -> bool:
        """Whether most of a change comes between three levels and the next three, as no morning or night does."""
        before, after = self.level[max(0, place - _BESIDE) : place], self.level[place : place + _BESIDE]
        if not self.of_day or np.isnan(before).all() or np.isnan(after).all():
            return True
        jump = float(np.nanmedian(after) - np.nanmedian(before))
        return bool(jump * np.sign(effect) >= _MOST_OF_IT * abs(effect))

    def _day(self, days: np.ndarray) -> np.ndarray:
        """An intercept and the waves of the day that so short a time can tell from a step; (n, 1 to 5)."""
        kept = np.searchsorted(_WAVES_OF_DAY, days[-1], side="right")
        return cycles(days, enough=True)[:, : 1 + 2 * int(kept)]

    def _calm(self) -> np.ndarray:
        """The level without the waves of the day, as they are beside what was found; float64 (n,)."""
        columns = np.column_stack([self.fixed, *(column(self.n, a) for a in self.found.atoms)])
        known = ~np.isnan(self.level)
        effects = np.linalg.lstsq(columns[known], self.level[known], rcond=None)[0]
        waves = slice(1, self.fixed.shape[1])
        calm: np.ndarray = self.level - self.fixed[:, waves] @ effects[waves]
        return calm

    def changes(self) -> Iterator[Change]:
        """All that is worth telling, in order of time."""
        made: list[Change | None] = []
        steps = [a for a in self.found.atoms if a.kind == STEP]
        while steps:
            now = steps.pop(0)
            if steps and self._returns(now, steps[0]):
                made.append(self._episode(Atom(EPISODE, now.at, steps.pop(0).at, now.size)))
            else:
                made.append(self._shift(now))
        made += [self._episode(a) for a in self.found.atoms if a.kind == EPISODE]
        if not self.of_day:
            made += [self._ramp(a) for a in self.found.atoms if a.kind == RAMP]
        # Atoms that were moved to one place are one change.
        told = {(change.kind, change.since): change for change in made if change is not None}
        shifts = distinct([change for change in told.values() if change.kind is self.kind])
        rest = [change for change in told.values() if change.kind is not self.kind]
        kept = [c for c in rest if c.kind is not ChangeKind.RAMP or not any(_most(s, c) for s in shifts)]
        yield from sorted((c for c in [*shifts, *kept] if self._holds(c)), key=lambda c: c.since)

    def _holds(self, change: Change) -> bool:
        """Whether a change within hours is sure, of a known size and of the mean, too: bursts have any median."""
        if self.levels.per_day <= _BLOCKS:
            return True
        sure = (change.ratio_low > 1 or change.ratio_high < 1) and change.ratio_high < _TENFOLD * change.ratio_low
        moved = change.after / change.before if change.before > 0 and change.after > 0 else change.ratio
        return sure and bool(np.log(moved) * np.sign(np.log(change.ratio)) >= np.log(self.min_ratio))

    def _returns(self, now: Atom, after: Atom) -> bool:
        days = (after.at - now.at) * self.factor / self.levels.per_day
        return days <= _EPISODE_DAYS and abs(now.size + after.size) < ALIKE * min(abs(now.size), abs(after.size))

    def _others(self, atom: Atom) -> tuple[np.ndarray, np.ndarray]:
        """The level at full resolution without episodes other than this; a constant.

        Waves and ramps stay in it: what of a rise is theirs and what the step's is left to the walk.
        """
        level = self.level
        for other in self.found.atoms:
            if other.kind == EPISODE and (other.at, other.until) != (atom.at, atom.until):
                wide = Atom(EPISODE, other.at * self.factor, min(other.until * self.factor, self.n))
                level = level - other.size * column(self.n, wide)
        return level, np.ones((self.n, 1))

    def _window(self, atom: Atom, until: int) -> tuple[int, int]:
        """Places round an atom, up to the steps beside it."""
        places = [a.at * self.factor for a in self.found.atoms if a.kind == STEP]
        here, end, gap = atom.at * self.factor, until * self.factor, self.factor
        low = max([0, here - _REACH, *(p + gap for p in places if p < here - gap)])
        high = min([self.n, end + _REACH, *(p - gap for p in places if p > end + gap)])
        known = ~np.isnan(self.level)
        if min(np.count_nonzero(known[low:here]), np.count_nonzero(known[end:high])) >= 7:
            return low, high
        return max(0, here - _REACH), min(self.n, end + _REACH)

    def _located(self, atom: Atom, until: int, reach: int) -> Located:
        low, high = self._window(atom, until)
        scaled = Atom(atom.kind, atom.at * self.factor, min(atom.until * self.factor, self.n))
        choices = [c for c in around(scaled, self.n, reach, 1) if low + 2 <= c.at <= high - 2] or [scaled]
        found = located(*self._others(atom), choices, (low, high), self._sampling_error(low, high))
        between = turning(self.level, found.atom)
        if not between:
            return found
        self.level[between] = np.nan
        again = located(*self._others(atom), choices, (low, high), self._sampling_error(low, high))
        since = min(found.since[0], again.since[0]), max(found.since[1], again.since[1])
        return again._replace(atom=found.atom, since=since)

    def _shift(self, atom: Atom) -> Change | None:
        found = self._located(atom, atom.at, max(10, self.factor + 3) if self.factor > 1 else 2)
        place = found.atom.at
        low, high = self._window(atom, atom.at)
        low, high = max(low, place - _STEP_REACH), min(high, place + _STEP_REACH)
        near = step(self.level, place, (low, high), self._sampling_error(low, high))
        estimate = mixed(near, found.estimate)
        if abs(estimate.effect) < np.log(self.min_ratio) or not self._sudden(place, estimate.effect):
            return None
        return self._change(self.kind, (place, None), found._replace(estimate=estimate))

    def _episode(self, atom: Atom) -> Change | None:
        found = self._located(atom, atom.until, 5 if self.factor > 1 else 1)
        if found.atom.until - found.atom.at >= _INNER:
            found = found._replace(estimate=mixed(found.estimate, self._within(atom, found.atom)))
        if abs(found.estimate.effect) < np.log(self.min_ratio) or not _sure(found.estimate):
            return None
        ends = (found.atom.at, found.estimate.effect), (found.atom.until, -found.estimate.effect)
        if not all(self._sudden(*end) for end in ends):
            return None
        return self._change(ChangeKind.EPISODE, (found.atom.at, found.atom.until), found)

    def _within(self, atom: Atom, placed: Atom) -> Estimate:
        """Size of an episode by the places that are wholly in or out of it: it seldom begins at midnight."""
        level, fixed = self._others(atom)
        level = level.copy()
        level[[place for place in (placed.at, placed.until) if place < self.n]] = np.nan
        window = self._window(atom, atom.until)
        return located(level, fixed, [placed], window, self._sampling_error(*window)).estimate

    def _ramp(self, atom: Atom) -> Change | None:
        n = len(self.coarse)
        rest = [a for a in self.found.atoms if a.kind != RAMP or a.until <= atom.at or a.at >= atom.until]
        fixed = np.column_stack([self.fixed, *(column(n, a) for a in rest)])
        found = located(self.coarse, fixed, around(atom, n, *_RAMP_ENDS), (0, n))
        size = abs(found.estimate.effect)
        years = (atom.until - atom.at) * self.factor / self.levels.per_day / 365.25
        if (
            not _sure(found.estimate)
            or size < np.log(self.options.min_ramp)
            or size < np.log(self.options.min_ramp_year) * years
        ):
            return None
        begin, end = found.atom.at * self.factor, found.atom.until * self.factor
        since = (found.since[0] * self.factor, found.since[1] * self.factor)
        return self._change(
            ChangeKind.RAMP, (begin, None if found.atom.until >= n - 2 else end), found._replace(since=since)
        )


def _most(shift: Change, ramp: Change) -> bool:
    """Whether a level shift within a ramp is most of it."""
    within = ramp.since <= shift.since and (ramp.until is None or shift.since <= ramp.until)
    share = np.log(max(shift.ratio, 1e-9)) / np.log(max(ramp.ratio, 1e-9))
    return within and bool(share > _MOST)


def _sure(estimate: Estimate) -> bool:
    """Whether no change at all is outside the interval."""
    return estimate.low > 0 or estimate.high < 0


def _centres(values: np.ndarray, factor: int) -> np.ndarray:
    """Robust means of ``factor`` places each; NaN where under half are known."""
    count = len(values) // factor
    blocks = values[: count * factor].reshape(count, factor)
    known = well_known(blocks, 0.5)
    out = np.full(count, np.nan)
    out[known] = centres(blocks[known])
    return out
