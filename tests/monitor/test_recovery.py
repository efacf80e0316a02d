"""What a pass finds that another could not end: no room, a lost state, leavings of one that was killed."""

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

from spooled import NOW, bring, rows, run

from netwatch.config import load
from netwatch.errors import NetwatchError, OutputError
from netwatch.monitor.one_pass import last_summary
from netwatch.monitor.verify import differences, opened
from netwatch.store.lake import Lake


@pytest.mark.parametrize(
    ("door", "taken_next"), [("pyarrow.parquet.ParquetWriter", 1), ("deltalake.write_deltalake", 0)]
)
def test_no_room_is_one_line_and_the_next_pass_recovers(home, monkeypatch, door, taken_next):
    """For the rows, and for their sums, when the rows are committed already."""
    bring(home, 0)
    run(home)
    bring(home, 1)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(door, full)
        with pytest.raises(OutputError, match=r"(?i)disk (is )?full"):
            run(home)
    assert last_summary(home / "store").last_success == NOW
    assert run(home).inputs_ingested == taken_next
    with opened(load(home / "netwatch.toml")) as journal:
        assert differences(journal) == []
        sums = journal.series.fine(0, 1 << 62, ("scope",))
        totals = journal.state.totals()
    # A flow counts in every bin in which it lives.
    assert totals["ingested"] == 2 and sums.octets.sum() == pytest.approx(totals["octets"])


def test_state_that_was_lost_is_rebuilt_from_the_commits(home):
    bring(home, 0)
    bring(home, 1)
    flows = run(home).flows
    for path in (home / "store").glob("state.sqlite*"):
        path.unlink()
    summary = run(home)
    assert summary.inputs_ingested == 0
    assert rows(home) == flows


@pytest.mark.parametrize("damage", [b"no database at all, but long enough to be one" * 100, None])
def test_a_pass_that_cannot_begin_is_in_the_health_file(home, damage):
    """Whether the state is damaged, or in the way of the lock there is a symbolic link."""
    config = home / "netwatch.toml"
    config.write_text(config.read_text() + f'[health]\ntextfile = "{home}/netwatch.prom"\n')
    bring(home, 0)
    run(home)
    before = (home / "netwatch.prom").read_text()
    assert "netwatch_pass_success 1" in before
    if damage is None:
        (home / "store" / "lock").unlink()
        (home / "store" / "lock").symlink_to(home / "elsewhere")
    else:
        (home / "store" / "state.sqlite").write_bytes(damage)
    with pytest.raises(NetwatchError):
        run(home)
    after = (home / "netwatch.prom").read_text()
    assert "netwatch_pass_success 0" in after and "netwatch_pass_faults 1" in after
    name = "netwatch_last_success_timestamp_seconds "
    assert [x for x in after.splitlines() if x.startswith(name)] == [
        x for x in before.splitlines() if x.startswith(name)
    ]


def test_a_pass_clears_what_a_killed_one_left_of_temporary_files(home):
    left = home / "store" / "scratch" / "netwatch-killed"
    left.mkdir(parents=True)
    (left / "flows.parquet").write_bytes(b"half")
    bring(home, 0)
    run(home)
    assert not left.parent.exists()


def test_state_that_was_lost_is_rebuilt_from_the_rows_where_the_log_is_gone(home):
    for index in range(3):
        bring(home, index)
        run(home)
    log = home / "store" / "flows" / "_delta_log"
    Lake(home / "store").compact()
    for path in sorted(log.glob("*.json"))[:3]:
        path.unlink()
    for path in (home / "store").glob("state.sqlite*"):
        path.unlink()
    fresh = bring(home, 3)
    os.utime(fresh, (NOW / 1e9 + 60,) * 2)
    summary = run(home, NOW + 3600 * 10**9)
    assert (summary.inputs_ingested, summary.inputs_seen) == (1, 4)
    assert rows(home) == Lake(home / "store").table().count().execute() > summary.flows > 0
    with opened(load(home / "netwatch.toml")) as journal:
        assert sorted(bool(e.name) for _, e in journal.state.ledger()) == [False, False, True, True]
