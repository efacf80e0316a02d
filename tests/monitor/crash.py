"""Kill passes at random moments, and hold what they leave against a store that nobody killed.

Each round brings new files; a pass over them is killed (SIGKILL) after a random time, perhaps with a second pass
started beside it; then a clean pass runs. At the end flows, ledger, findings, series and alerts must be those of the
other store. Passes run in forked processes, so that the imports are paid for once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import five_minutes

import netwatch.monitor.changes
import netwatch.monitor.upkeep  # noqa: F401 - imported once, before forking
from netwatch.config import Options, load
from netwatch.monitor.lock import Busy
from netwatch.monitor.one_pass import run_pass
from netwatch.pipeline.increment import Context, Named, increment
from netwatch.series import SeriesOptions, sums_of
from netwatch.store.lake import Ingest

FILES = 4
CONFIG = (
    'store = "store"\n'
    + five_minutes.WATCH
    + """\
[pass]
inputs = 2
[alerts.sinks.eve]
kind = "eve"
path = "{0}/eve.json"
"""
)


def prepare(directory: Path) -> Path:
    (directory / "spool").mkdir(parents=True)
    config = directory / "netwatch.toml"
    config.write_text(CONFIG.format(directory))
    return config


def warm(directory: Path) -> None:
    """Load in this process what every pass would load by itself: kernels and rules."""
    path = five_minutes.write(directory, 0, 40, flood=True)
    entry = Ingest("0" * 64, path.name, path.stat().st_size)
    with increment([Named(str(path), entry)], Options(), Context()) as made:
        assert made.store.rows
        first, last = made.store.first or 0, made.store.last or 0
        assert len(sums_of(made.store.batches(), (first, last), SeriesOptions(bin=300)))


def bring(directory: Path, round_: int) -> None:
    for index in range(round_ * FILES, (round_ + 1) * FILES):
        path = five_minutes.write(directory / "spool", index, 40, flood=index % 40 == 17)
        os.utime(path, (five_minutes.START + 300 * index,) * 2)


def start(config: Path, now: int) -> int:
    """A pass in a process of its own; its id."""
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        run_pass(load(config), now)
        status = 0
    except Busy:
        status = 75
    finally:
        os._exit(status)


def finish(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def crash(directory: Path, kills: int, seed: int, *, second: bool = False) -> dict[str, int]:
    """Kill ``kills`` passes and compare; how the passes ended, by exit status."""
    rng = random.Random(seed)
    killed, whole = prepare(directory / "killed"), prepare(directory / "whole")
    warm(directory)
    longest, ended = 1.5, Counter()
    for round_ in range(kills):
        now = (five_minutes.START + 300 * FILES * (round_ + 1)) * 10**9
        for config in (killed, whole):
            bring(config.parent, round_)
        began = time.monotonic()
        assert finish(start(whole, now)) == 0, f"pass {round_} failed where nobody kills"
        longest = 0.5 * longest + 0.5 * (time.monotonic() - began)
        victim = start(killed, now)
        other = start(killed, now) if second else None
        time.sleep(rng.uniform(0, 0.8 * longest))
        os.kill(victim, signal.SIGKILL)
        ended[f"killed pass {finish(victim)}"] += 1
        if other is not None:
            ended[f"second pass {finish(other)}"] += 1
        assert finish(start(killed, now)) == 0, f"the pass after kill {round_} failed"
    compare(killed.parent, whole.parent)
    return dict(ended)


def compare(killed: Path, whole: Path) -> None:
    """Fail where two monitors hold something else, row for row."""
    one, other = contents(killed), contents(whole)
    for part in other:
        assert one[part] == other[part], part


def contents(directory: Path) -> dict[str, object]:
    """All that a monitor holds, comparable; floats of sums to nine digits."""
    from netwatch.monitor.verify import differences, opened

    with opened(load(directory / "netwatch.toml")) as journal:
        assert differences(journal) == []
        flows = Counter(tuple(row.values()) for row in journal.lake.table().to_pyarrow().to_pylist())
        ledger = [(e.digest, e.rows, e.octets, e.fault) for _, e in journal.state.ledger()]
        assert journal.series.number == journal.lake.number == journal.state.number
        sums = journal.series.fine(0, 1 << 62)
        columns = zip(sums.start, sums.kind, sums.value, sums.octets, sums.packets, sums.flows, strict=True)
        series = sorted((int(s), k, v, f"{o:.9g}", f"{p:.9g}", f"{f:.9g}") for s, k, v, o, p, f in columns)
        findings = [(f["id"], f["since"], f["life"], f["told"], f["weight"]) for f in journal.state.findings()]
        assert journal.state.outbox() == [], "notices that were not sent"
    alerts = directory / "eve.json"
    lines = alerts.read_text().splitlines() if alerts.exists() else []
    told = Counter(json.dumps(json.loads(line), sort_keys=True) for line in lines)
    return {"ledger": sorted(ledger), "flows": flows, "series": series, "findings": findings, "alerts": told}
