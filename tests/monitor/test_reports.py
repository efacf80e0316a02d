"""Reports by the calendar: each period once, with what changed, from what the store kept."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("deltalake")
sys.path.insert(0, str(Path(__file__).parent))

import five_minutes

from netwatch.config import load
from netwatch.errors import OutputError, UsageError
from netwatch.monitor.one_pass import run_pass

CONFIG = """store = "store"
[watch.home]
prefix = ["175.45.176.0/22"]
[source.spool]
path = "spool"
[report.daily]
every = "day"
directory = "reports"
formats = ["json", "html"]
"""
NOW = (five_minutes.START + 30 * 86_400) * 10**9


@pytest.fixture
def home(tmp_path):
    (tmp_path / "spool").mkdir()
    (tmp_path / "netwatch.toml").write_text(CONFIG)
    return tmp_path


def bring(home, *indexes, flood=()):
    for index in indexes:
        path = five_minutes.write(home / "spool", index, flood=index in flood)
        os.utime(path, (five_minutes.START + 300 * index,) * 2)


def five_minutes_octets(indexes, flood):
    made = [five_minutes.records(index, 50, 1, flood=index in flood) for index in indexes]
    return sum(int(records["octets"].astype(int).sum()) for records in made)


def reports(home):
    return sorted(p.name for p in (home / "reports").glob("*")) if (home / "reports").exists() else []


def run(home):
    return run_pass(load(home / "netwatch.toml"), NOW).summary


def test_a_day_is_reported_once_when_it_is_over(home):
    bring(home, 280, 281, 282, flood=(281,))
    run(home)
    assert reports(home) == []
    bring(home, 289)
    run(home)
    assert reports(home) == ["daily-2019-02-01"]
    told = json.loads((home / "reports/daily-2019-02-01/report.json").read_text())
    assert told["window"] == {"since": "2019-02-01T00:00:00Z", "until": "2019-02-02T00:00:00Z"}
    kept = five_minutes_octets(range(280, 283), flood=(281,))
    assert told["totals"]["octets"] == pytest.approx(kept, rel=1e-9)
    assert told["tallies"][0]["kept_octets"] == kept
    first = told["answer"][0]
    assert first["question"] == "What changed since the last report?" and "SYN flood" in first["words"]
    attack = next(f for f in told["findings"] if f["kind"] == "attack")
    assert "flood" in attack["title"]
    assert any(v["class"] == "dos.flood.syn" and v["evidence"] for v in told["verdicts"])
    assert "SYN flood" in (home / "reports/daily-2019-02-01/report.html").read_text()
    before = (home / "reports/daily-2019-02-01/report.json").stat().st_mtime_ns
    bring(home, 290)
    run(home)
    assert (home / "reports/daily-2019-02-01/report.json").stat().st_mtime_ns == before
    bring(home, 2 * 288 + 1)
    run(home)
    assert reports(home) == ["daily-2019-02-01", "daily-2019-02-02"]
    told = json.loads((home / "reports/daily-2019-02-02/report.json").read_text())
    assert "times as much" in told["answer"][0]["words"]


def test_a_report_that_cannot_be_written_is_written_by_the_next_pass(home):
    (home / "reports").write_text("in the way")
    bring(home, 280, 289)
    with pytest.raises(OutputError, match="reports"):
        run(home)
    (home / "reports").unlink()
    assert run(home).faults == ()
    assert reports(home) == ["daily-2019-02-01"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('every = "day"', 'every = "days"', "day"),
        ('"html"]', '"htm"]', "html"),
        ("[report.daily]", '[report."../up"]', "letters, digits"),
        ("[report.daily]", '[detect]\ntimezone = "Mars/Olympus"\n[report.daily]', "time zone"),
    ],
)
def test_what_means_nothing_is_told_before_anything_is_done(home, old, new, fault):
    (home / "netwatch.toml").write_text(CONFIG.replace(old, new))
    with pytest.raises(UsageError, match=fault):
        load(home / "netwatch.toml")


def test_a_report_has_the_sections_that_its_readers_want(home):
    (home / "netwatch.toml").write_text(CONFIG + 'sections = ["attacks", "findings"]\n')
    bring(home, 280, 281, flood=(281,))
    bring(home, 289)
    run(home)
    page = (home / "reports/daily-2019-02-01/report.html").read_text()
    shown = re.findall(r'<section id="([a-z]+)"', page)
    assert shown == ["summary", "attacks", "findings", "account"]
    assert "SYN flood" in page


def test_a_section_that_does_not_exist_is_named(home):
    (home / "netwatch.toml").write_text(CONFIG + 'sections = ["atacks"]\n')
    with pytest.raises(UsageError, match=r"\[report.daily\] sections: .*attacks"):
        load(home / "netwatch.toml")
