"""``netwatch findings``: what the monitor found, and what people say about it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, stdout, table
from netwatch.cli.monitor import Config
from netwatch.errors import UsageError
from netwatch.model.notice import Life
from netwatch.model.text import instant, printable
from netwatch.model.times import parse_instant
from netwatch.store.state import State

Id = Annotated[str, Parameter(help="The finding's id, or enough of its beginning.")]
Json = Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)]
Reason = Annotated[str, Parameter(help="Why, for those who come after.")]
OPEN = (Life.NEW, Life.ONGOING, Life.ACKNOWLEDGED)


def list_findings(
    *,
    everything: Annotated[bool, Parameter(name="--all", help="Also what has ended, is muted or closed.")] = False,
    config: Config = Path("netwatch.toml"),
    json: Json = False,
) -> None:
    """List the findings that are open, or all.

    For example:
        netwatch findings list --all
    """
    with _state(config) as state:
        found = state.findings(() if everything else [str(life) for life in OPEN])
    if json:
        for finding in found:
            print_json(finding)
        return
    if not found:
        stdout().print("no findings" if everything else "no open findings")
        return
    rows = [
        (f["id"], f["life"], f["severity"], instant(f["since"]), instant(f["last"]), f["watch"] or "-", f["title"])
        for f in found
    ]
    stdout().print(table(("id", "life", "severity", "since", "last seen", "watch", "finding"), rows))


def show(id_: Id, /, *, config: Config = Path("netwatch.toml"), json: Json = False) -> None:
    """All that is known of one finding.

    For example:
        netwatch findings show 3f2a
    """
    with _state(config) as state:
        found = _chosen(state, id_)
    for finding in found:
        if json:
            print_json(finding)
            continue
        out = stdout()
        out.print(printable(finding["title"]), style="bold", markup=False)
        until = "" if finding["until"] is None else f" to {instant(finding['until'])}"
        reason = f", because: {printable(finding['reason'])}" if finding.get("reason") else ""
        out.print(
            f"{finding['id']}, {finding['life']}{reason}, {finding['severity']}, since {instant(finding['since'])}"
            f"{until}, told {finding['told']} times", markup=False,
        )  # fmt: skip
        for sentence in finding["words"]:
            out.print(printable(sentence, 2000), markup=False)
        rows = [
            (instant(f["since"]), f"{f['source']} {f['source_port']}", f"{f['destination']} {f['destination_port']}",
             str(f["protocol"]), str(f["packets"]), str(f["octets"]))
            for f in finding["flows"]
        ]  # fmt: skip
        if rows:
            heads = ("start", "source", "destination", "proto", "packets", "octets")
            out.print(table(heads, rows, numbers=(4, 5)))


def ack(id_: Id, /, *, reason: Reason = "", config: Config = Path("netwatch.toml")) -> None:
    """Take note of a finding: no more is told of it unless it gets worse.

    For example:
        netwatch findings ack 3f2a --reason "ticket 4711"
    """
    _set(id_, Life.ACKNOWLEDGED, reason, config)


def close(id_: Id, /, *, reason: Reason = "", config: Config = Path("netwatch.toml")) -> None:
    """A finding is dealt with; the same episode is not told again.

    For example:
        netwatch findings close 3f2a --reason "host cleaned"
    """
    _set(id_, Life.CLOSED, reason, config)


def mute(
    *,
    class_: Annotated[str, Parameter(name="--class", help="Class or its beginning, or kind: scan, dos.flood.")] = "",
    watch: Annotated[str, Parameter(help="Name of a watch group.")] = "",
    source: Annotated[str, Parameter(help="Address or prefix of the watched side.")] = "",
    destination: Annotated[str, Parameter(help="Address or prefix of the other side.")] = "",
    port: Annotated[int, Parameter(help="Service port; 0 is any.", validator=Number(gte=0, lte=65_535))] = 0,
    until: Annotated[str | None, Parameter(help="When the silence ends, such as 2019-03-01.")] = None,
    reason: Reason = "",
    config: Config = Path("netwatch.toml"),
) -> None:
    """Silence for all findings that meet every condition given, also for those that are there already.

    For example:
        netwatch findings mute --class scan --source 192.0.2.7 --reason "ours"
    """
    for network in (source, destination):
        _check_network(network)
    rule = {"class": class_, "watch": watch, "source": source, "destination": destination, "port": port}
    if not any(rule.values()):
        raise UsageError("say what to mute: --class, --watch, --source, --destination or --port")
    _check_class(class_)
    _check_watch(watch, config)
    rule |= {"until": None if until is None else parse_instant(until), "reason": reason}
    from netwatch.monitor.life import covers

    with _state(config) as state, state.change():
        number = state.mute(rule)
        silenced = [f for f in state.findings([str(life) for life in OPEN]) if covers(rule, f, 0)]
        for finding in silenced:
            state.keep(finding | {"life": str(Life.MUTED), "reason": reason})
    stdout().print(f"rule {number}; {len(silenced)} open findings are muted by it")


def unmute(
    number: Annotated[int | None, Parameter(help="The rule's number; without it the rules are listed.")] = None,
    /,
    *,
    config: Config = Path("netwatch.toml"),
) -> None:
    """Take a rule of silence away, or list the rules. What no other rule covers is open again.

    For example:
        netwatch findings unmute 1
    """
    from netwatch.monitor.life import covers

    with _state(config) as state, state.change():
        if number is not None and not state.unmute(number):
            raise UsageError(f"no rule {number}")
        rules = state.mutes()
        for finding in state.findings([str(Life.MUTED)]):
            if not any(covers(rule, finding, time.time_ns()) for rule in rules):
                state.keep(finding | {"life": str(Life.ONGOING if finding["told"] else Life.NEW), "reason": ""})
    names = ("number", "class", "watch", "source", "destination", "port", "until", "reason")
    rows = [[_cell(name, rule.get(name)) for name in names] for rule in rules]
    stdout().print(table(names, rows))


def _cell(name: str, value: Any) -> str:
    if not value:
        return "-"
    return instant(value) if name == "until" else str(value)


def _set(id_: str, life: Life, reason: str, config: Path) -> None:
    with _state(config) as state, state.change():
        found = [f for f in _chosen(state, id_) if f["life"] not in (Life.ENDED, Life.CLOSED)]
        if not found:
            raise UsageError(f"finding {id_} has ended, or is closed, already")
        for finding in found:
            state.keep(finding | {"life": str(life), "reason": reason})
    stdout().print(f"{len(found)} {life}")


def _chosen(state: State, id_: str) -> list[dict[str, Any]]:
    """The episodes of the one finding whose id begins so."""
    everything = state.findings()
    ids = sorted({f["id"] for f in everything if f["id"].startswith(id_)})
    if not ids:
        raise UsageError.unknown("finding", id_, {f["id"] for f in everything})
    if len(ids) > 1:
        raise UsageError(f"{id_} is the beginning of {len(ids)} findings: {', '.join(ids[:5])}")
    return [f for f in everything if f["id"] == ids[0]]


def _check_class(name: str) -> None:
    """A rule that covers nothing for a slip of the pen would be found out by the alert that it did not silence."""
    from netwatch.alert.table import KINDS
    from netwatch.model.taxonomy import CLASSES

    parts = (known.split(".") for known in CLASSES)
    known = {".".join(part[:n]) for part in parts for n in range(1, len(part) + 1)} | set(KINDS)
    if name and name not in known:
        raise UsageError.unknown("class or kind", name, known)


def _check_watch(name: str, config: Path) -> None:
    from netwatch.config import load
    from netwatch.scope import Scope

    if name and name not in (known := [group.name for group in Scope.build(load(config).run.scope).groups]):
        raise UsageError.unknown("watch group", name, known)


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text or "::", strict=False)
    except ValueError:
        raise UsageError(f"not an address or prefix: {text!r}") from None


@contextmanager
def _state(config: Path) -> Iterator[State]:
    """The monitor's state; SQLite keeps a pass that runs meanwhile and this apart."""
    from netwatch.config import load

    state = State(load(config).state)
    try:
        yield state
    finally:
        state.close()
