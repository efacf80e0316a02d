"""Sudden changes over passes: a full look a day, steps in between, and what is carried over restarts."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from netwatch.config import Options
from netwatch.config.monitor import PassOptions
from netwatch.detect import DetectOptions, detect
from netwatch.model.change import ChangeKind
from netwatch.model.series import Bins
from netwatch.model.sums import BinSums
from netwatch.monitor import steps
from netwatch.series import SeriesOptions
from netwatch.store.series_at_rest import DAY, FINE
from netwatch.store.state import State

START = 1_483_228_800 * 10**9
DAYS = 40
OPTIONS = Options(detect=DetectOptions(), series=SeriesOptions(by=("scope",)))


class Kept:
    """A store of sums that are held in memory."""

    since = 0

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.asked: list[int] = []

    def fine(self, since: int, until: int, _kinds: tuple[str, ...]) -> BinSums:
        self.asked.append((until - since) // DAY)
        first, end = ((t - START) // FINE for t in (since, until))
        values = self.values[first:end]
        start = since + FINE * np.arange(len(values))
        rows = []
        for kind, value in (("scope", "all"), ("exporter", "1")):
            named = [np.full(len(values), text, object) for text in (kind, value)]
            flows = np.full(len(values), 500.0)
            none = np.zeros(len(values))
            rows.append(BinSums(FINE, start, *named, values, none, flows, none, flows, np.full(len(values), np.nan)))
        return BinSums.joined(FINE, rows)


def traffic() -> np.ndarray:
    rng = np.random.default_rng(5)
    t = np.arange(DAYS * 288)
    noise = np.zeros(len(t))
    for i in range(1, len(t)):
        noise[i] = 0.5 * noise[i - 1] + rng.normal(0, 0.03)
    return 1e8 * np.exp(0.8 * np.cos(2 * np.pi * t / 288) + noise)


@pytest.fixture
def home(tmp_path):
    """(store, a pass at a bin of the last day): its state is opened anew each time, as after a restart."""
    values = traffic()
    kept = Kept(values)

    def run(bin_: int) -> list:
        state = State(tmp_path)
        journal = SimpleNamespace(state=state, series=kept, options=SimpleNamespace(run=OPTIONS, passes=PassOptions()))
        looked = steps.look(journal, (START, START + FINE * bin_))
        with state.change():
            looked.keep(state)
        state.close()
        return looked.changes

    return kept, run


def test_a_day_is_taught_once_and_stepped_over_restarts(home):
    kept, run = home
    day = (DAYS - 1) * 288
    kept.values[day + 100 : day + 106] *= 6
    assert run(day + 90) == []
    assert kept.asked == [39]  # all there is, to learn from
    assert run(day + 100) == []
    assert kept.asked[-1] in (14, 15)
    # Octets alone left what was expected; packets and flows did not.
    (first,) = run(day + 101)
    assert (first.kind, first.counter, first.since) == (ChangeKind.SPIKE, "octets", START + FINE * (day + 100))
    (later,) = run(day + 120)
    assert (later.since, later.until) == (first.since, START + FINE * (day + 106))
    assert later.ratio == pytest.approx(6, rel=0.2)


def test_the_next_day_is_taught_anew_and_what_goes_on_goes_on(home):
    kept, run = home
    day = (DAYS - 1) * 288
    kept.values[day - 30 : day + 30] *= 6
    run(day - 60)
    (before,) = run(day - 1)
    (after,) = run(day + 20)  # once, though both the full look and the steps see it
    assert after.since == before.since == START + FINE * (day - 30)
    (later,) = run(day + 25)
    assert (later.since, later.until) == (before.since, START + FINE * (day + 25))


def test_a_young_store_is_looked_at_in_full(home):
    kept, run = home
    kept.values[9 * 288 : 9 * 288 + 12] *= 8
    (found,) = run(10 * 288)
    assert found.since == START + 9 * DAY
    assert [c.since for c in run(10 * 288 + 12)] == [found.since]


def test_late_sums_are_stepped_again(home):
    kept, run = home
    day = (DAYS - 1) * 288
    assert run(day + 50) == []
    assert run(day + 60) == []
    kept.values[day + 55] *= 7
    (found,) = run(day + 61)
    assert found.since == START + FINE * (day + 55)


def test_the_full_look_is_what_detect_says(home):
    kept, run = home
    day = (DAYS - 1) * 288
    kept.values[day - 500 : day - 488] *= 5
    bins = Bins.covering(START + FINE * day - 14 * DAY, START + FINE * day, FINE)
    expected = detect(
        steps.series_from(kept.fine(bins.start, bins.end, ()), bins, (START, START + FINE * day), OPTIONS.series),
        DetectOptions(detectors=("points", "gap", "sampling")),
    )
    found = [c for c in run(day) if c.facts.get("mode") != "online"]
    assert [repr(c) for c in found] == [repr(c) for c in expected]
    assert [c.since for c in found] == [START + FINE * (day - 500)]
