"""State and store that are not of one another: an older copy of either, two monitors of one store, another place."""

import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

from spooled import NOW, bring, rows, run

from netwatch.config import load
from netwatch.errors import OutputError
from netwatch.monitor.journal import Journal
from netwatch.monitor.one_pass import run_pass
from netwatch.monitor.verify import opened
from netwatch.store.lake import Lake


def totals(home):
    """Rows of the store, octets of the ledger and of the series."""
    with opened(load(home / "netwatch.toml")) as journal:
        sums = journal.series.fine(0, 1 << 62, ("scope",))
        return rows_of(journal), journal.state.totals()["octets"], sums.octets.sum()


def rows_of(journal):
    return journal.lake.table().count().execute()


def test_an_older_copy_of_the_state_learns_what_was_committed_since(home):
    bring(home, 0)
    run(home)
    shutil.copy(home / "store" / "state.sqlite", home / "copy")
    bring(home, 1)
    run(home)
    for path in (home / "store").glob("state.sqlite*"):
        path.unlink()
    (home / "copy").rename(home / "store" / "state.sqlite")
    bring(home, 2)
    assert run(home).inputs_ingested == 1
    assert rows(home) == Lake(home / "store").table().count().execute()
    kept = totals(home)
    assert kept[1] == pytest.approx(kept[2])
    with opened(load(home / "netwatch.toml")) as journal:
        assert len(journal.state.ledger()) == 3


def test_an_older_copy_of_the_store_is_told_and_nothing_is_added(home):
    bring(home, 0)
    run(home)
    shutil.copytree(home / "store" / "flows", home / "older")
    bring(home, 1)
    run(home)
    shutil.rmtree(home / "store" / "flows")
    (home / "older").rename(home / "store" / "flows")
    bring(home, 2)
    for _ in range(2):
        with pytest.raises(OutputError, match=r"commit 1, but .* tells of 2"):
            run(home)
    assert Lake(home / "store").number == 1


def test_a_store_that_was_moved_with_its_state_goes_on(home):
    bring(home, 0)
    run(home)
    (home / "store").rename(home / "elsewhere")
    config = home / "netwatch.toml"
    config.write_text(config.read_text().replace('store = "store"', 'store = "elsewhere"'))
    bring(home, 1)
    summary = run(home)
    assert (summary.inputs_ingested, summary.faults) == (1, ())
    assert rows(home) == Lake(home / "elsewhere").table().count().execute()


def test_two_monitors_of_one_store_take_each_input_once(home):
    (home / "spool2").mkdir()
    text = (home / "netwatch.toml").read_text()
    other = home / "other.toml"
    other.write_text('state = "other"\n' + text.replace('path = "spool"', 'path = "spool2"'))
    for index in range(5):
        path = bring(home, index)
        if index % 2:
            path.rename(home / "spool2" / path.name)
        run(home)
        if index < 4:
            run_pass(load(other), NOW)
    assert rows(home) == Lake(home / "store").table().count().execute()
    with opened(load(home / "netwatch.toml")) as journal:
        assert len(journal.state.ledger()) == 5


def test_a_commit_that_another_monitor_made_meanwhile_is_not_taken_for_the_own(home, monkeypatch):
    bring(home, 0)
    run(home)
    other = home / "other.toml"
    (home / "spool2").mkdir()
    other.write_text('state = "other"\n' + (home / "netwatch.toml").read_text().replace('"spool"', '"spool2"'))
    bring(home, 1)
    prepare = Journal._increment

    def late(self, number, named):
        with monkeypatch.context() as patched:
            patched.setattr(Journal, "_increment", prepare)
            bring(home, 2).rename(home / "spool2" / "theirs")
            run_pass(load(other), NOW)
        return prepare(self, number, named)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "_increment", late)
        with pytest.raises(OutputError, match="another writer"):
            run(home)
    assert run(home).inputs_ingested == 1
    assert rows(home) == Lake(home / "store").table().count().execute()
    with opened(load(home / "netwatch.toml")) as journal:
        assert len(journal.state.ledger()) == 3
