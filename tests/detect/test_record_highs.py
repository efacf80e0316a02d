"""Records: what is told, in which words' facts, and how seldom by chance."""

from __future__ import annotations

import numpy as np
import pytest
from naive.volume import START, hourly, one

from netwatch.detect import DetectOptions, detect
from netwatch.detect.clock import DAY
from netwatch.detect.records import LEAST_DAYS, _records
from netwatch.explain.headline import headline, title
from netwatch.explain.words import Names
from netwatch.model.change import ChangeKind

ALONE = DetectOptions(detectors=("records",))


def test_the_highest_hour_in_so_many_months():
    values = hourly(500, 1)
    values[40 * 24 + 15] *= 6
    values[480 * 24 + 15] *= 2.5  # 440 days later the former is over a year old
    found = detect(one(values), ALONE)
    (record,) = [c for c in found if c.ratio > 1]
    assert (record.kind, record.since) == (ChangeKind.RECORD, START + 480 * DAY + 15 * DAY // 24)
    assert record.facts["record"] == "highest"
    assert record.facts["months"] == 14
    assert record.facts["ever_seen"] is False
    assert record.after == pytest.approx(values[480 * 24 + 15] / 3600)
    words = headline(record, Names(), 500 * DAY)
    assert words.startswith("Highest hour in 14 months, of octets of the watched networks, 2018-04-26 15:00 UTC: ")
    assert "the highest hour in 14 months, 2018-04-26" in title(record, Names(), 500 * DAY)


def test_a_spike_tells_its_record_itself():
    values = hourly(300, 2)
    values[200 * 24 + 15] *= 4
    found = [c for c in detect(one(values), DetectOptions()) if c.since == START + 200 * DAY + 15 * DAY // 24]
    assert [c.kind for c in found] == [ChangeKind.SPIKE]
    assert found[0].facts["record"] == "highest"
    assert "It holds the highest hour in 6 months." in headline(found[0], Names(), 300 * DAY)


def test_a_step_is_no_record():
    values = hourly(400, 3)
    values[210 * 24 :] *= 3
    assert ChangeKind.RECORD not in {c.kind for c in detect(one(values), DetectOptions())}


def test_growth_alone_sets_no_records():
    values = hourly(900, 4) * np.exp(np.arange(900 * 24) / (365 * 24))
    found = detect(one(values), DetectOptions(detectors=("records",), false_alarms_per_month=0.1))
    assert [c for c in found if c.ratio > 1] == []


def test_a_lowest_hour_and_a_gap():
    values = hourly(300, 5)
    values[150 * 24 : 151 * 24] = np.nan
    values[250 * 24 + 3] *= 0.2
    (found,) = detect(one(values), ALONE)
    assert (found.facts["record"], found.since) == ("lowest", START + 250 * DAY + 3 * DAY // 24)
    assert found.ratio == pytest.approx(0.2, rel=0.3)


@pytest.mark.parametrize("tail", ["normal", "exponential"])
def test_records_by_chance_keep_to_their_budget(tail):
    rng = np.random.default_rng(6)
    runs, days, budget = 200, 730, 0.2
    told = 0
    for _ in range(runs):
        value = rng.standard_normal(days) if tail == "normal" else rng.exponential(1.0, days)
        told += sum(1 for _ in _records(value * 0.3, budget))
    assert told <= 1.3 * budget * runs
    assert days > LEAST_DAYS
