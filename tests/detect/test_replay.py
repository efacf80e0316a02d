"""A history replayed: what is told when, and how it stands to the whole."""

from __future__ import annotations

import numpy as np
from naive.volume import START, hourly, one

from netwatch.detect import DetectOptions, backtest
from netwatch.detect.clock import DAY
from netwatch.model.change import ChangeKind

OPTIONS = DetectOptions()


def test_a_step_is_told_as_a_spike_at_once_and_as_a_level_in_days():
    values = hourly(150, 2)
    values[120 * 24 :] *= 2.5
    found = backtest(one(values), DetectOptions(detectors=("points", "level")))
    step = next(t for t in found.told if t.change.kind == ChangeKind.LEVEL_SHIFT)
    assert step.outcome == "confirmed"
    assert 0 < step.delay <= 4 * DAY
    spike = next(t for t in found.told if abs(t.change.since - START - 120 * DAY) <= DAY // 24)
    assert (spike.change.kind, spike.outcome) == (ChangeKind.SPIKE, "part of")
    assert spike.by == step.by
    assert spike.delay <= DAY // 8
    assert not [c for c in found.missed if c.kind == ChangeKind.LEVEL_SHIFT]


def test_what_was_told_knows_nothing_of_what_came_after():
    values = hourly(160, 4)
    values[100 * 24 + 5] *= 4
    options = DetectOptions(detectors=("points",))
    short = backtest(one(values[: 140 * 24]), options)
    values[141 * 24 :] *= 20
    whole = backtest(one(values), options)
    before = [repr(t[:2]) for t in whole.told if t.told < START + 134 * DAY]
    assert before == [repr(t[:2]) for t in short.told if t.told < START + 134 * DAY]
    assert before


def test_a_short_history_or_none_tells_nothing():
    for days in (1, 10):
        found = backtest(one(hourly(days, 5)), OPTIONS)
        assert found.told == []
        assert found.since == found.until or days == 1
    assert backtest(one(np.zeros(0)), OPTIONS).told == []


def test_false_alarms_keep_to_their_budget():
    withdrawn = months = 0.0
    for seed in range(3):
        found = backtest(one(hourly(365, 60 + seed)), DetectOptions(detectors=("points",), min_point=1.0))
        withdrawn += sum(t.outcome == "withdrawn" for t in found.told)
        months += (found.until - found.since) / (30.44 * DAY)
    assert withdrawn <= 1.3 * months
