"""``netwatch store``: the flows and series that the monitor keeps."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, stdout, table
from netwatch.cli.monitor import Config
from netwatch.errors import UsageError
from netwatch.model.text import count, day, volume

Json = Annotated[bool, Parameter(help="JSON on stdout.", group=OUTPUT)]


def info(*, config: Config = Path("netwatch.toml"), json: Json = False) -> None:
    """How much is there, from when to when.

    For example:
        netwatch store info --config /etc/netwatch/netwatch.toml
    """
    with _opened(config) as journal:
        told = {"ledger": journal.state.totals(), "flows": journal.lake.info(), **journal.series.info()}
    if json:
        print_json(told)
        return
    rows = [
        (name, count(t["rows"]), volume(t["octets_at_rest"]), count(t["files"]), t["first"] or "-", t["last"] or "-")
        for name, t in told.items()
        if name != "ledger"
    ]
    stdout().print(table(("table", "rows", "at rest", "files", "from", "to"), rows, numbers=(1, 2, 3)))
    ledger = told["ledger"]
    span = f"{day(ledger['first'])} to {day(ledger['last'])}" if ledger["last"] else "nothing yet"
    stdout().print(
        f"ledger: {count(ledger['ingested'])} inputs, {count(ledger['quarantined'])} set aside, "
        f"{count(ledger['rows'])} flows, {volume(ledger['octets'])} of traffic, {span}",
        markup=False,
    )


def verify(*, config: Config = Path("netwatch.toml"), json: Json = False) -> int:
    """Count the rows again and hold them against the ledger; exit status 1 where they differ.

    For example:
        netwatch store verify
    """
    from netwatch.monitor.verify import differences

    with _opened(config) as journal:
        found = differences(journal)
        rows, expired = journal.state.totals()["rows"], journal.state.get("expired")
    if json:
        print_json([difference._asdict() for difference in found])
    elif found:
        body = [(d.name, count(d.rows_ledger), count(d.rows), volume(d.octets_ledger), volume(d.octets)) for d in found]
        heads = ("input", "rows by ledger", "rows", "octets by ledger", "octets")
        stdout().print(table(heads, body, numbers=(1, 2, 3, 4)))
    else:
        but = " but for those of inputs with days that expired" if expired else ""
        stdout().print(f"{count(rows)} flows by the ledger: every row is there, once{but}")
    return 1 if found else 0


def compact(*, config: Config = Path("netwatch.toml")) -> None:
    """Join the small files of each day.

    For example:
        netwatch store compact
    """
    with _opened(config) as journal:
        fewer = journal.lake.compact()
        journal.series.compact()
    stdout().print(f"{count(fewer)} files fewer")


def expire(
    *,
    before: Annotated[str, Parameter(help="Delete flows that began before this day, such as 2019-02-01.")],
    bins: Annotated[bool, Parameter(help="Delete five-minute series before it, too; hourly ones stay.")] = False,
    config: Config = Path("netwatch.toml"),
) -> None:
    """Delete flows, and if asked fine series, before a day.

    For example:
        netwatch store expire --before 2019-02-01
    """
    _check_day(before)
    with _opened(config) as journal:
        days = journal.lake.expire(before)
        with journal.state.change():
            journal.state.put("expired", max(before, journal.state.get("expired")))
        if bins:
            journal.series.roll_up(journal.state.get("stale").split())  # hours follow bins while these are there
        of_bins = journal.series.expire(before) if bins else 0
    stdout().print(f"{count(days)} days of flows and {count(of_bins)} days of five-minute series deleted")


def _check_day(text: str) -> None:
    """Days are compared as text: what is none would delete too much.

    Raises:
        UsageError: not a day of the calendar, written 2019-02-01.
    """
    try:
        right = dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        right = False
    if not right:
        raise UsageError(f"not a day: {text!r} (write 2019-02-01)")


def _opened(config: Path) -> Any:
    """The journal of a configured store, under its lock."""
    from netwatch.config import load
    from netwatch.monitor.verify import opened

    return opened(load(config))
