"""Passes and time: clocks that step or are set wrong, what comes late, and what does not come."""

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

import five_minutes
from spooled import CONFIG, NOW, QUIET, bring, rows, run

from netwatch.config import load
from netwatch.monitor.one_pass import last_summary
from netwatch.monitor.verify import differences, opened
from netwatch.store.lake import Lake


def test_a_clock_that_steps_back_is_told_and_does_no_harm(home):
    bring(home, 0)
    run(home)
    bring(home, 1)
    summary = run(home, NOW - 1800 * 10**9)
    assert "clock stepped back by 1800 s" in summary.faults[0]
    assert summary.inputs_ingested == 1
    assert summary.started == NOW


def test_silence_of_the_sources_is_a_finding_told_once(home):
    path = bring(home, 0)
    os.utime(path, (five_minutes.START,) * 2)
    assert run(home, (five_minutes.START + 400) * 10**9).notices_sent == 0
    assert run(home).notices_sent == 1
    assert run(home, NOW + 300 * 10**9).notices_sent == 0
    assert last_summary(home / "store").findings == {"quality": 1}


def test_an_exporter_whose_clock_is_years_ahead_ages_nothing(home):
    """With retention by the data's time, all that was stored before would be deleted."""
    (home / "netwatch.toml").write_text(CONFIG.format(home) + QUIET)
    bring(home, 0)
    before = run(home).flows
    ahead = 15 * 365 * 288
    both = [five_minutes.octets(i, five_minutes.records(i, 50, 1)) for i in (1, ahead)]
    path = home / "spool" / "two exporters"
    path.write_bytes(b"".join(both))
    os.utime(path, (NOW / 1e9 - 60,) * 2)
    summary = run(home)
    assert summary.flows > 0 and summary.newest < NOW
    assert summary.findings == {"quality": 1}
    assert rows(home) == before + summary.flows
    bring(home, 2)
    run(home)
    assert Lake(home / "store").days() == ["2019-01-31", "2019-02-01"]


def test_a_clock_that_was_far_ahead_is_not_waited_for(home):
    bring(home, 0)
    run(home, NOW + 10 * 365 * 86_400 * 10**9)
    bring(home, 1)
    summary = run(home)
    assert "stepped back by 315360000 s" in summary.faults[0] and summary.started == NOW
    assert run(home).faults == ()


def test_late_flows_of_a_day_that_expired_are_no_difference(home):
    (home / "netwatch.toml").write_text(CONFIG.format(home) + QUIET + '[retention]\nflows = "2d"\n')
    for day in range(4):
        bring(home, day * 288)
        run(home, NOW + day * 86_400 * 10**9)
    kept = Lake(home / "store").days()
    bring(home, 10, "late")
    assert run(home, NOW + 4 * 86_400 * 10**9).inputs_ingested == 1
    assert Lake(home / "store").days() == ["2019-02-01", *kept]
    with opened(load(home / "netwatch.toml")) as journal:
        assert differences(journal) == []


def test_a_gap_is_told_once_no_late_file_is_waited_for(home):
    (home / "netwatch.toml").write_text(CONFIG.format(home) + QUIET)
    for index in [*range(97), *range(100, 105), *range(108, 111)]:
        bring(home, index)
    assert run(home).findings == {}
    for index in [*range(105, 108), *range(111, 114)]:
        bring(home, index)
    summary = run(home)
    assert (summary.findings, summary.notices_sent) == ({"quality": 1}, 1)
    with opened(load(home / "netwatch.toml")) as journal:
        (finding,) = journal.state.findings()
    assert finding["since"] == (five_minutes.START + 300 * 97) * 10**9
