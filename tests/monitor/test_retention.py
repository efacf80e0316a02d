"""What has expired is not nothing, and what comes late for it is not lost."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

import five_minutes
from spooled import CONFIG, NOW, QUIET, run

from netwatch.config import load
from netwatch.monitor.changes import _lasting, _sighted
from netwatch.monitor.kept import fine_bins
from netwatch.monitor.steps import look
from netwatch.monitor.verify import opened
from netwatch.store.series_at_rest import DAY, FINE

DAYS = 16


def bring_day(home, day, name="", flows=20, times=1.0):
    """A day in one file."""
    indices = range(day * 288, (day + 1) * 288)
    path = home / "spool" / (name or f"v5.{day:04d}")
    path.write_bytes(b"".join(five_minutes.octets(i, five_minutes.records(i, flows, 1, times=times)) for i in indices))
    os.utime(path, (NOW / 1e9 - 3600,) * 2)


@pytest.fixture
def kept_three_days(home):
    (home / "netwatch.toml").write_text(CONFIG.format(home) + QUIET + '[retention]\nbins = "3d"\n')
    for day in range(DAYS):
        bring_day(home, day)
    run(home, NOW + DAYS * DAY)
    return home


def test_days_that_expired_are_no_days_without_traffic(kept_three_days):
    home = kept_three_days
    bring_day(home, DAYS)
    assert run(home, NOW + (DAYS + 1) * DAY).findings == {}
    with opened(load(home / "netwatch.toml")) as journal:
        totals = journal.state.totals()
        found = look(journal, (totals["first"], totals["last"]))
        assert found.changes == []
        octets = found.series.get("scope", "all", "octets")
        assert len(octets.values) < 5 * 288 and (octets.values[:-1] > 0).all()
        assert fine_bins(journal, 0, totals["last"]).start == journal.series.since > totals["first"]
        assert fine_bins(journal, 0, 1).count == 1  # a report about what has expired


@pytest.mark.parametrize("kept", ["7d", "90d"])
def test_what_expired_flows_would_tell_is_not_told(home, kept):
    config = home / "netwatch.toml"
    text = CONFIG.format(home) + QUIET + f'[retention]\nflows = "{kept}"\n[pass]\nexplain = '
    config.write_text(text + "0\n")
    for day in range(30):
        bring_day(home, day, flows=5, times=3.0 if day >= 18 else 1.0)
    run(home, NOW + 30 * DAY)
    with opened(load(home / "netwatch.toml")) as journal:
        totals = journal.state.totals()
        series, changes = _lasting(journal, (totals["first"], totals["last"] // DAY * DAY))
        config.write_text(text + "12\n")
        journal.options = load(config)
        told = _sighted(journal, series, changes, [])
    (whole,) = [one for one in told if one["change"] == "level shift|scope|all|octets"]
    assert ("flows to compare it with have expired" in " ".join(whole["words"])) == (kept == "7d")
    assert ("added, of which" in " ".join(whole["words"])) == (kept == "90d")


def test_what_comes_late_for_a_day_that_expired_is_added_to_its_hours(kept_three_days):
    home = kept_three_days
    day = five_minutes.START * 10**9 + DAY

    def octets(journal):
        hours = journal.series.hours(day, day + DAY, ("scope",))
        return np.bincount((hours.start - day) // (12 * FINE), hours.octets, 24)

    with opened(load(home / "netwatch.toml")) as journal:
        before = octets(journal)
    made = five_minutes.records(288 + 100, 20, seed=9)
    path = home / "spool" / "late"
    path.write_bytes(five_minutes.octets(288 + 100, made))
    os.utime(path, (NOW / 1e9 - 3600,) * 2)
    bring_day(home, DAYS)  # another day, so that hours are summed
    run(home, NOW + (DAYS + 1) * DAY)
    with opened(load(home / "netwatch.toml")) as journal:
        after = octets(journal)
        assert after.sum() - before.sum() == pytest.approx(made["octets"].astype(np.int64).sum())
        assert (after >= before).all()
        assert not len(journal.series.fine(day, day + DAY))
        late = replace(journal.series.hours(day, day + DAY), width=FINE)
        assert not journal.series.add(journal.series.number, late)
