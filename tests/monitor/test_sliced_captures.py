"""Captures that run for 15 minutes a day: the changes from one to the next are found, and that they do is told once."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

import five_minutes

from netwatch.config import load
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Entity
from netwatch.model.sums import CAPTURES, EXPORTER, BinSums
from netwatch.monitor.changes import _lasting, _sighted
from netwatch.monitor.journal import Journal
from netwatch.monitor.kept import heard_within, wide
from netwatch.monitor.sighting import change_name
from netwatch.series import run_apart
from netwatch.series.coverage import exporter_key
from netwatch.store.state import State

SECOND = 10**9
FINE, HOUR, DAY = 300 * SECOND, 3600 * SECOND, 86_400 * SECOND
FIRST = five_minutes.START * SECOND
HERE = f"{int(exporter_key(np.zeros((1, 2), np.uint64), np.zeros(1, np.uint32))[0]):016x}"
DAYS, JUMP = 70, 45


def sums(bins, seconds=300.0, width=FINE):
    """Sums of captures that ran in some bins, by number from the first on; three times as much from a day on."""
    start = FIRST + np.asarray(bins, np.int64) * width
    many = (
        1e6 * np.where(start >= FIRST + JUMP * DAY, 3.0, 1.0) * np.random.default_rng(1).lognormal(0, 0.1, len(start))
    )
    none, ones = np.zeros(len(start)), np.ones(len(start))
    return BinSums.joined(
        width,
        [
            BinSums(width, start, *(np.full(len(start), name, object) for name in entity), *columns)
            for entity, columns in (
                (("scope", "all"), (many, none, many / 500, none, 40 * ones, 5 * ones)),
                ((EXPORTER, HERE), (many, none, 40 * ones, none, 40 * ones, none)),
                ((EXPORTER, CAPTURES), (none, seconds * ones, none, none, none, none)),
            )
        ],
    )


@pytest.fixture
def journal(tmp_path):
    (tmp_path / "netwatch.toml").write_text('store = "store"\n' + five_minutes.WATCH)
    options = load(tmp_path / "netwatch.toml")
    state = State(options.state)
    made = Journal(options, state, FIRST)
    yield made
    made.close()
    state.close()


def test_a_jump_from_one_capture_to_the_next_is_found(journal):
    made = sums([day * 288 + 120 + part for day in range(DAYS) for part in range(3)])
    journal.series.add(1, made)
    journal.series.roll_up(sorted({str(day) for day in made.start.astype("M8[ns]").astype("M8[D]")}))
    span = FIRST, FIRST + DAYS * DAY
    found, bins = wide(journal, *span, ("scope",))
    assert (found.width, bins.width) == (FINE, 3 * FINE)
    series, changes = _lasting(journal, span)
    octets = [c for c in changes if c.counter == "octets"]
    assert [c.kind for c in octets] == [ChangeKind.LEVEL_SHIFT]
    assert octets[0].since == pytest.approx(FIRST + JUMP * DAY, abs=DAY)
    assert octets[0].ratio_low < 3.0 < octets[0].ratio_high
    known = series.get("scope", "all", "octets").values
    assert np.isfinite(known).sum() == DAYS


def test_what_runs_always_or_is_exported_is_looked_at_by_the_hour(journal):
    daily = [day * 288 + 120 + part for day in range(DAYS) for part in range(3)]
    assert run_apart(sums(daily)) == 300 * SECOND
    assert run_apart(sums([day * 24 + 10 for day in range(DAYS)], 900.0, HOUR)) == 900 * SECOND
    assert run_apart(sums(range(1000))) == 0
    assert run_apart(sums(daily).without(EXPORTER)) == 0
    others = sums(range(20_000)).without("scope")
    assert (
        run_apart(BinSums.joined(FINE, [sums(daily), replace(others, value=np.full(len(others), "07", object))])) == 0
    )


def test_what_comes_before_and_after_all_signs_is_not_silence():
    daily = sums([120, 121])
    assert heard_within(daily, FIRST, FIRST + DAY) == (FIRST + 120 * FINE, FIRST + 122 * FINE)
    assert heard_within(daily, FIRST + 36_001 * SECOND, FIRST + 121 * FINE) == (
        FIRST + 36_001 * SECOND,
        FIRST + 121 * FINE,
    )
    assert heard_within(daily.without(EXPORTER), FIRST, FIRST + DAY) == (FIRST, FIRST + DAY)


def test_that_captures_run_now_and_then_is_one_finding_wherever_the_look_begins(journal):
    """The look goes back two weeks, and so begins a day later each day."""
    nothing = (0.01, 0.01, 0.01, 1.0, 1.0, 1.0, "gap")
    change = Change(Entity("scope", "all"), "octets", ChangeKind.INTERMITTENT, FIRST, FIRST + 14 * DAY, 0, 0, *nothing)
    told = {"id": "abc", "since": FIRST, "life": "ongoing", "slack": DAY, "change": change_name(change)}
    with journal.state.change():
        journal.state.keep(told)
    later = replace(change, since=FIRST + 9 * DAY, until=FIRST + 23 * DAY)
    assert _sighted(journal, None, [later], []) == [told | {"until": FIRST + 23 * DAY}]
