"""Outages and surges of days to weeks, at any hour of histories of any length, and captures years apart: told once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from netwatch.detect import DetectOptions, detect
from netwatch.detect.clock import DAY
from netwatch.detect.passing import passing
from netwatch.detect.pieces import without_spikes
from netwatch.detect.plain import plain
from netwatch.detect.structure import EPISODE, RAMP, STEP, Atom, column
from netwatch.model.change import Change, ChangeKind
from tests.naive.volume import START, one, smooth

LEVELS = (ChangeKind.LEVEL_SHIFT, ChangeKind.EPISODE, ChangeKind.RAMP, ChangeKind.SPIKE, ChangeKind.DROP)


def told(values: np.ndarray) -> list[Change]:
    found = detect(one(values), DetectOptions(timezone="UTC"))
    return [change for change in found if change.kind in LEVELS]


@pytest.mark.parametrize("ratio", [0.01, 0.4, 3.0])
@pytest.mark.parametrize(
    ("days", "since", "lasts"),
    [(30, 12.4, 4), (45, 18.1, 1), (45, 18.4, 9), (70, 28.4, 2), (170, 68.4, 2), (400, 250.4, 6), (400, 254.1, 10)],
)
def test_days_away_from_the_level_are_told_once(days: int, since: float, lasts: int, ratio: float) -> None:
    values = smooth(days, 3)
    first, last = round(since * 24), round((since + lasts) * 24)
    values[first:last] *= ratio
    (change,) = told(values)
    hours = 7 if days < 56 else 1  # a short history is seen in blocks of six hours
    assert change.until is not None
    assert abs(change.since - START - first * 3600 * 10**9) <= hours * 3600 * 10**9
    assert abs(change.until - START - last * 3600 * 10**9) <= hours * 3600 * 10**9
    assert np.log(change.ratio) == pytest.approx(np.log(ratio), abs=0.15 if ratio > 0.05 else 0.5)
    assert change.kind is ChangeKind.EPISODE or change.until - change.since < 3 * DAY


def test_passing_are_runs_that_come_back_with_time_to_both_sides() -> None:
    level = np.random.default_rng(1).normal(0, 0.05, 300)
    for first, last, size in ((40, 41, 2.0), (60, 65, -1.0), (100, 121, 0.8), (200, 224, 1.0), (290, 300, 1.0)):
        level[first:last] += size
    inside = np.zeros(300, bool)
    inside[60:65] = inside[100:121] = True
    np.testing.assert_array_equal(passing(level), inside)


def test_only_one_or_two_values_are_spikes() -> None:
    level = np.random.default_rng(2).normal(0, 0.02, 60)
    level[10], level[20:22], level[30:34] = 1.0, -1.0, 1.0
    out = without_spikes(level)
    assert np.abs(out[[10, 20, 21]]).max() < 0.1
    np.testing.assert_array_equal(out[30:34], level[30:34])


@pytest.mark.parametrize(
    ("atoms", "expected"),
    [
        ((Atom(EPISODE, 10, 30, 1.0), Atom(EPISODE, 20, 30, -0.95)), 2),
        ((Atom(EPISODE, 10, 30, 1.0), Atom(EPISODE, 10, 15, -0.9)), 2),
        ((Atom(STEP, 10, 60, 1.0), Atom(EPISODE, 10, 25, -0.9)), 2),
        ((Atom(EPISODE, 10, 20, 1.0), Atom(EPISODE, 20, 40, 1.0)), 1),
        ((Atom(RAMP, 5, 25, 1.0), Atom(STEP, 40, 60, -1.0)), 2),
    ],
)
def test_a_structure_is_written_plainly(atoms: tuple[Atom, ...], expected: int) -> None:
    written = plain(atoms)
    assert len(written) == expected
    level, same = (sum(a.size * column(60, a) for a in some) for some in (atoms, written))
    np.testing.assert_allclose(level, same)
    flat = [a for a in written if a.kind == EPISODE]
    assert all(a.until <= b.at for a, b in pairwise(flat))


@pytest.mark.parametrize("ratio", [1.0, 2.0, 3.0])
@pytest.mark.parametrize(("before", "gap", "after"), [(14, 700, 14), (30, 30, 30), (100, 400, 100), (200, 60, 30)])
def test_a_rise_between_two_captures_is_told_however_long_nothing_was_seen(
    before: int, gap: int, after: int, ratio: float
) -> None:
    values = smooth(before + gap + after, 8)
    values[before * 24 : (before + gap) * 24] = np.nan
    values[(before + gap) * 24 :] *= ratio
    found = told(values)
    if ratio == 1.0:
        assert not found
        return
    (change,) = found
    assert change.kind is ChangeKind.LEVEL_SHIFT
    assert change.since == START + (before + gap) * DAY, "the new level is first seen after the gap"
    assert change.since_low <= START + before * DAY
    assert change.ratio == pytest.approx(ratio, rel=0.1)
    assert change.ratio_low < ratio < change.ratio_high
    assert change.after / change.before == pytest.approx(ratio, rel=0.15)
