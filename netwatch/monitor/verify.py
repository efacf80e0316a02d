"""The rows counted again and held against the ledger."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from netwatch.config import MonitorOptions
from netwatch.monitor.journal import Journal
from netwatch.monitor.lock import lock
from netwatch.monitor.upkeep import date_of
from netwatch.store.state import State


class Difference(NamedTuple):
    """An input whose rows are not what the ledger says."""

    name: str
    rows_ledger: int
    rows: int
    octets_ledger: int
    octets: int


@contextmanager
def opened(options: MonitorOptions) -> Iterator[Journal]:
    """The store and state of a monitor while no pass runs, with what was cut off finished.

    Raises:
        Busy: a pass is running.
    """
    with lock(options.state):
        state = State(options.state)
        try:
            journal = Journal(options, state, time.time_ns())
            journal.recover()
            try:
                yield journal
            finally:
                journal.close()
        finally:
            state.close()


def differences(journal: Journal) -> list[Difference]:
    """Inputs whose rows or octets differ, and rows of no input. Those with days that expired are left out."""
    there = {entry.code: (entry.rows, entry.octets) for entry in journal.lake.counted()}
    kept_from = journal.state.get("expired")
    names: dict[int, list[str]] = defaultdict(list)
    wanted: dict[int, tuple[int, int]] = {}
    skipped = set()
    for _, entry in journal.state.ledger():
        if entry.rows and date_of(entry.first) < kept_from:
            skipped.add(entry.code)
        rows, octets = wanted.get(entry.code, (0, 0))
        wanted[entry.code] = rows + entry.rows, octets + entry.octets
        names[entry.code].append(entry.name)
    found = []
    for code in sorted(wanted.keys() | there.keys()):
        by_ledger, counted = wanted.get(code, (0, 0)), there.get(code, (0, 0))
        if by_ledger != counted and code not in skipped:
            name = ", ".join(names.get(code, [f"rows of no input, code {code}"]))
            found.append(Difference(name, by_ledger[0], counted[0], by_ledger[1], counted[1]))
    return found
