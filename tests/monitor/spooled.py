"""A monitor's home with a spool: files brought to it, and passes over it."""

import os

import five_minutes

from netwatch.config import load
from netwatch.monitor.one_pass import run_pass
from netwatch.monitor.verify import differences, opened

CONFIG = """store = "store"
[watch.home]
prefix = ["175.45.176.0/22"]
[source.spool]
path = "spool"
[alerts.sinks.eve]
kind = "eve"
path = "{0}/eve.json"
"""
NOW = (five_minutes.START + 86_400) * 10**9
QUIET = '\n[health]\nstalled = "52w"\n'


def bring(home, index, name="", age=3600, **kinds):
    """A file of five minutes in the spool, so many seconds old."""
    path = five_minutes.write(home / "spool", index, **kinds)
    if name:
        path = path.rename(path.parent / name)
    os.utime(path, (NOW / 1e9 - age,) * 2)
    return path


def run(home, now=NOW):
    """The summary of one pass."""
    return run_pass(load(home / "netwatch.toml"), now).summary


def rows(home):
    """Rows that the ledger tells of, which are those that are there."""
    with opened(load(home / "netwatch.toml")) as journal:
        assert differences(journal) == []
        return journal.state.totals()["rows"]
