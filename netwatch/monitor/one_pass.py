"""One pass: lock, finish what was cut off, ingest what is new, look for changes, tell, tidy up, unlock."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from netwatch.config import MonitorOptions
from netwatch.errors import NetwatchError
from netwatch.model.tally import Tally
from netwatch.monitor.groups import remember
from netwatch.monitor.itself import READING, sightings
from netwatch.monitor.journal import Journal
from netwatch.monitor.life import OPEN
from netwatch.monitor.lock import Busy, lock
from netwatch.monitor.outbox import Sent, send
from netwatch.monitor.scratch import scratch
from netwatch.monitor.spool import Found, look, unknown
from netwatch.monitor.summary import PassSummary
from netwatch.store.state import State

STEP = 60 * 10**9
"""A clock that goes back by more (ns) has stepped."""
BELIEVED = 3600 * 10**9
"""A clock that went back by more (ns) was ahead before: its time is taken, or nothing would be due for as long."""


@dataclass(slots=True)
class Passed:
    """The summary of a pass, and the tallies of what it read."""

    summary: PassSummary
    tallies: list[Tally] = field(default_factory=list)


def run_pass(options: MonitorOptions, now: int | None = None) -> Passed:
    """Do one pass; ``now``: ns UTC of the clock, read here where it is not given.

    Raises:
        Busy: another pass is running.
        UsageError: a source that is not there, or an option that means nothing.
        OutputError: the store or the state cannot be written; what was committed stays, the next pass goes on.
    """
    started = time.time_ns() if now is None else now
    with ExitStack() as held:
        try:
            held.enter_context(lock(options.state))
            state = State(options.state)
            held.enter_context(scratch(options.state))
        except Busy:
            raise
        except NetwatchError as fault:
            _tell_of(fault, options, started)
            raise
        held.callback(state.close)
        return _pass(options, state, started, now)


def _tell_of(fault: NetwatchError, options: MonitorOptions, started: int) -> None:
    """Put into the health file that a pass could not even begin."""
    if options.health.textfile is None:
        return
    from netwatch.monitor.health import last_success, write_textfile

    before = last_success(options.health.textfile)
    write_textfile(
        PassSummary(started, max(started, before + 1), before, faults=(str(fault),)), options.health.textfile
    )


def last_summary(directory: Path) -> PassSummary | None:
    """The summary of the last pass, None before the first."""
    if not (directory / "state.sqlite").exists():
        return None
    state = State(directory)
    try:
        kept = state.get("summary")
    finally:
        state.close()
    return PassSummary.from_json(json.loads(kept)) if kept else None


def _pass(options: MonitorOptions, state: State, started: int, now: int | None) -> Passed:
    faults = []
    latest = int(state.get("clock", "0"))
    if started < latest - STEP:
        then = "go on from where they were" if latest - started <= BELIEVED else "are the clock's"
        faults.append(f"the clock stepped back by {(latest - started) / 1e9:.0f} s; times of passes {then}")
    said = max(started, latest) if latest - started <= BELIEVED else started
    journal = Journal(options, state, said)
    before = state.get("summary")
    success = PassSummary.from_json(json.loads(before)).last_success if before else 0
    found, ingested, sent = Found(), 0, Sent()
    try:
        journal.recover()
        remember(state, options.run.scope, options.run.series.by)
        found = look(options.sources, options.storage, state, started)
        ingested = _ingest(journal, found)
        if ingested or state.get("sought") != str(state.totals()["last"]):
            _follow(journal)
        about = [s.as_json() for s in sightings(options.health, state.totals()["last"], said, journal.tallies)]
        if about:
            with state.change():
                journal.tell(about)
        sent = send(state, options.alerts, said)
        if options.reports:
            from netwatch.monitor.reports import write_due

            write_due(journal)
        success = -1
    except NetwatchError as fault:
        faults.append(str(fault))
        raise
    finally:
        journal.close()
        ended = max(said, time.time_ns()) if now is None else said
        summary = PassSummary(
            started=said,
            ended=ended,
            last_success=ended if success < 0 else success,
            newest=state.totals()["last"],
            inputs_seen=len(found.present),
            inputs_ingested=ingested,
            inputs_waiting=len(found.waiting),
            inputs_quarantined=state.totals()["quarantined"] + len(found.faults),
            flows=journal.rows,
            findings=_open(state),
            notices_sent=sent.sent,
            notices_held=sent.held,
            notices_failed=sent.failed,
            faults=(*faults, *found.faults, *sent.faults),
        )
        summary = _counted(summary, journal.tallies)
        try:
            _keep(state, summary, said)
        finally:
            if options.health.textfile is not None:
                from netwatch.monitor.health import write_textfile

                write_textfile(summary, options.health.textfile)
    return Passed(summary, journal.tallies)


def _ingest(journal: Journal, found: Found) -> int:
    """Commit all new inputs, some at a time; how many were taken in."""
    state, size = journal.state, max(1, journal.options.passes.inputs)
    taken = 0
    if found.new:
        journal.agree()
    for at in range(0, len(found.new), size):
        with tempfile.TemporaryDirectory() as room:
            some = found.new[at : at + size]
            inputs = unknown(some, journal.options, state, found, Path(room))
            entries = journal.ingest(inputs) if inputs else []
        taken += sum(not entry.fault for entry in entries)
    with state.change():
        for place, digest in found.copies:
            state.see(place.key, *place[1:], digest)
        for place in found.waiting:
            state.see(place.key, *place[1:])
        state.forget(found.gone)
    return taken


def _follow(journal: Journal) -> None:
    """What new flows bring about."""
    from netwatch.monitor.changes import seek
    from netwatch.monitor.upkeep import keep_up

    seek(journal)
    keep_up(journal)


def _open(state: State) -> dict[str, int]:
    found = state.findings([str(life) for life in OPEN])
    return dict(sorted(Counter(c for f in found for c in (f["classes"] or [f["kind"]])).items()))


def _counted(summary: PassSummary, tallies: list[Tally]) -> PassSummary:
    read = [tally for tally in tallies if tally.stage in READING]
    dropped = sum(t.seen - t.kept for t in read)
    return replace(summary, kept=sum(t.kept for t in read), dropped=dropped, lost=sum(t.lost for t in read))


def _keep(state: State, summary: PassSummary, said: int) -> None:
    with state.change():
        state.put("summary", json.dumps(summary.as_json()))
        state.put("clock", str(said))
