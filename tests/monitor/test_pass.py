"""One pass: every input once, what is still written waits, what is bad is set aside, and faults are one line."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

import five_minutes
from spooled import CONFIG, NOW, QUIET, bring, rows, run

from netwatch.config import load
from netwatch.errors import OutputError, UsageError
from netwatch.monitor.lock import Busy, lock
from netwatch.monitor.one_pass import last_summary
from netwatch.monitor.verify import opened
from netwatch.store.lake import Lake


def test_every_input_once_whatever_it_is_called(home):
    bring(home, 0)
    bring(home, 1)
    first = run(home)
    assert (first.inputs_ingested, first.inputs_seen) == (2, 2) and first.flows > 0
    bring(home, 0, "copy of the first")
    bring(home, 0)
    second = run(home)
    assert (second.inputs_ingested, second.inputs_seen, second.flows) == (0, 3, 0)
    assert rows(home) == first.flows == Lake(home / "store").table().count().execute()


def test_what_may_still_be_written_waits(home):
    bring(home, 0, "nfcapd.current.123")
    bring(home, 1, ".hidden")
    bring(home, 2, "x.part")
    young = bring(home, 3, age=5)
    ahead = bring(home, 4, age=-3600)
    summary = run(home)
    assert (summary.inputs_ingested, summary.inputs_waiting) == (0, 2)
    assert run(home).inputs_ingested == 1  # unchanged since the last pass, so the time ahead is a clock's
    os.utime(young, (NOW / 1e9 - 60,) * 2)
    assert run(home).inputs_ingested == 1
    assert ahead.exists() and young.exists()


def test_a_file_that_grew_after_it_was_taken_is_told_not_counted_twice(home):
    path = bring(home, 0)
    flows = run(home).flows
    with path.open("ab") as file:
        file.write(five_minutes.octets(5, five_minutes.records(5, 10, 1)))
    os.utime(path, (NOW / 1e9 - 60,) * 2)
    summary = run(home)
    assert "grew after it was ingested" in summary.faults[0]
    assert rows(home) == flows


def test_bad_input_is_set_aside_with_its_reason_and_the_rest_goes_on(home):
    (home / "spool" / "noise").write_bytes(b"\x00\x05" + bytes(range(256)) * 3)
    (home / "spool" / "empty").write_bytes(b"")
    for name in ("noise", "empty"):
        os.utime(home / "spool" / name, (NOW / 1e9 - 60,) * 2)
    bring(home, 0)
    summary = run(home)
    assert summary.inputs_ingested >= 1 and summary.flows > 0
    assert summary.inputs_quarantined >= 1
    assert run(home).inputs_ingested == 0
    with opened(load(home / "netwatch.toml")) as journal:
        faults = {Path(e.name).name: e.fault for _, e in journal.state.ledger() if e.fault}
    assert faults.get("empty")


def test_what_cannot_be_read_is_one_line_and_the_rest_goes_on(home):
    config = home / "netwatch.toml"
    config.write_text(config.read_text() + '[source.odd]\npath = "/proc/self/me[m]"\nsettle = 0\n')
    bring(home, 0)
    later = 4_000_000_000 * 10**9
    summary = run(home, later)
    assert summary.inputs_ingested == 1
    assert summary.faults == ("cannot read /proc/self/mem: Input/output error",)
    assert run(home, later).faults == summary.faults  # it is tried again


def test_a_spool_is_only_read(home):
    def there():
        states = ((path.name, path.lstat()) for path in sorted((home / "spool").rglob("*")))
        return [(name, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_mode) for name, s in states]

    for index in range(2):
        bring(home, index).chmod(0o400)
    (home / "spool").chmod(0o500)
    before = there()
    assert run(home).inputs_ingested == 2
    assert there() == before
    (home / "spool").chmod(0o700)


def test_names_do_nothing(home):
    for index, name in enumerate(["a\nb", "'; drop table ledger; --", "$(touch x)`y`", "\x1b[2J"]):
        bring(home, index, name)
    raw = os.fsencode(home / "spool") + b"/\xff\xfe"
    raw_path = Path(os.fsdecode(raw))
    bring(home, 9).rename(raw_path)
    assert run(home).inputs_ingested == 5
    assert run(home).inputs_ingested == 0
    assert rows(home) > 0
    assert not (home / "x").exists()


def test_an_attack_is_told_once(home):
    (home / "netwatch.toml").write_text(CONFIG.format(home) + QUIET)
    bring(home, 0, flood=True)
    assert run(home).notices_sent == 1
    bring(home, 1)
    assert run(home).notices_sent == 0
    lines = (home / "eve.json").read_text().splitlines()
    assert len(lines) == 1 and "SYN flood" in json.loads(lines[0])["alert"]["signature"]
    assert last_summary(home / "store").findings == {"dos.flood.syn": 1}


def test_one_pass_at_a_time(home):
    bring(home, 0)
    with lock(home / "store"), pytest.raises(Busy, match="another pass is running"):
        run(home)
    assert run(home).inputs_ingested == 1


def test_links_are_not_followed_by_lock_and_state(home):
    (home / "store").mkdir(mode=0o700)
    (home / "victim").write_text("precious")
    (home / "store" / "lock").symlink_to(home / "victim")
    with pytest.raises(OutputError, match="symbolic link"):
        run(home)
    (home / "store" / "lock").unlink()
    (home / "store" / "state.sqlite").symlink_to(home / "victim")
    with pytest.raises(OutputError, match="symbolic link"):
        run(home)
    assert (home / "victim").read_text() == "precious"
    (home / "store" / "state.sqlite").unlink()
    (home / "elsewhere").mkdir()
    (home / "elsewhere" / "precious").write_text("precious")
    (home / "store" / "scratch").symlink_to(home / "elsewhere")
    with pytest.raises(OutputError, match="scratch is a symbolic link"):
        run(home)
    assert [path.name for path in (home / "elsewhere").iterdir()] == ["precious"]


def test_a_spool_that_is_not_there_is_one_line(home):
    (home / "spool").rmdir()
    with pytest.raises(UsageError, match="no such directory"):
        run(home)
    (home / "spool").mkdir()
    bring(home, 0)
    assert run(home).inputs_ingested == 1


def test_what_is_made_is_for_the_owner_alone(home):
    bring(home, 0)
    run(home)
    assert (home / "store").stat().st_mode & 0o077 == 0
    assert (home / "store" / "state.sqlite").stat().st_mode & 0o077 == 0
    assert (home / "store" / "flows").stat().st_mode & 0o077 == 0


def test_what_an_exporter_says_was_lost_is_in_the_summary_and_a_finding(home):
    (home / "netwatch.toml").write_text(CONFIG.format(home) + QUIET)
    path = home / "spool" / "gap"
    halves = [
        five_minutes.octets(0, five_minutes.records(0, 60, seed), sequence) for seed, sequence in ((1, 0), (2, 5000))
    ]
    path.write_bytes(b"".join(halves))
    os.utime(path, (NOW / 1e9 - 3600,) * 2)
    summary = run(home)
    assert summary.kept == summary.flows > 0
    assert summary.lost == 5000 - summary.flows // 2 and summary.loss > 0.9
    assert summary.findings == {"quality": 1}


def test_what_is_compressed_after_it_was_taken_in_is_not_taken_in_again(home):
    """As ``tcpdump -z gzip`` and log rotation do; nor is what was compressed before, and no longer is."""
    first, second = bring(home, 0), bring(home, 1)
    packed = home / "spool" / "second.gz"
    packed.write_bytes(gzip.compress(second.read_bytes(), 1))
    cut = home / "spool" / "cut.gz"
    cut.write_bytes(gzip.compress(five_minutes.octets(2, five_minutes.records(2, 50, 1)), 1)[:900])
    plain = second.rename(home / "second")
    for path in (packed, cut):
        os.utime(path, (NOW / 1e9 - 60,) * 2)
    before = run(home)
    assert before.inputs_ingested == 3
    (home / "spool" / "first.gz").write_bytes(gzip.compress(first.read_bytes()))
    packed.write_bytes(gzip.compress(plain.read_bytes(), 9))
    first.unlink()
    plain.rename(second)
    for path in (home / "spool").iterdir():
        os.utime(path, (NOW / 1e9 - 50,) * 2)
    assert run(home).inputs_ingested == 0
    assert rows(home) == before.flows


def test_pass_without_anything_new_loads_no_rules_and_no_query_engine(home):
    bring(home, 0)
    run(home)
    code = (
        "import sys; from pathlib import Path; from netwatch.config import load\n"
        "from netwatch.monitor.one_pass import run_pass\n"
        f"summary = run_pass(load(Path({str(home / 'netwatch.toml')!r})), {NOW}).summary\n"
        "print(summary.inputs_seen, [m for m in ('netwatch.fingerprint.rule', 'duckdb', 're2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=home)
    assert done.stdout == "1 []\n"
