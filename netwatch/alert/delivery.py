"""Notices × sinks → what became of each: the door of the stage."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

from netwatch.alert.options import AlertOptions, SinkOptions
from netwatch.alert.pacing import Plan, after, plan
from netwatch.alert.sink import SINKS, Sink
from netwatch.errors import NetwatchError, UsageError
from netwatch.model.finding import Severity
from netwatch.model.notice import Delivery, FlowSample, Life, Notice


def deliver(
    notices: Sequence[Notice],
    options: AlertOptions,
    now: int,
    *,
    state: dict[str, Any] | None = None,
    pending: Container[tuple[str, str]] | None = None,
    record: Callable[[list[Delivery]], None] | None = None,
) -> list[Delivery]:
    """Tell every sink what is for it, and say what became of each notice at each sink.

    ``now``: ns UTC. ``state``: the pace so far by sink, JSON-ready, changed in place before ``record`` is called; keep
    it from pass to pass. ``pending``: (notice key, sink name) that are still to be told; None: all. ``record`` gets
    the outcome right after each message, so that what is kept of it is never more than one message behind.
    One sink's fault does not touch the others; after its first fault in a pass a sink is not tried again.
    """
    paces = {} if state is None else state
    found: list[Delivery] = []
    for sink in options.sinks:
        mine = [n for n in notices if pending is None or (n.key, sink.name) in pending]
        for outcome in _tell(mine, sink, now, paces):
            found += outcome
            if record is not None:
                record(outcome)
    return found


def _tell(notices: list[Notice], options: SinkOptions, now: int, paces: dict[str, Any]) -> Iterator[list[Delivery]]:
    reasons = {n.key: options.unwanted(n) for n in notices}
    wanted = [n for n in notices if not reasons[n.key]]
    if unwanted := [Delivery(n.key, options.name, reason=reasons[n.key]) for n in notices if reasons[n.key]]:
        yield unwanted
    if not wanted:
        return
    try:
        sink: Sink = SINKS[options.kind](options)
    except NetwatchError as refusal:
        yield _faults(wanted, options, str(refusal))
        return
    pace = paces.get(options.name, {})
    planned = plan(wanted, options.pacing, pace, now) if sink.paced else Plan([tuple(wanted)], {})
    if planned.held:
        yield [Delivery(key, options.name, held=True, reason=why) for key, why in planned.held.items()]
    fault = ""
    for message in planned.messages:
        fault = fault or _send(sink, message)
        if fault:
            yield _faults(message, options, fault)
            continue
        if sink.paced:
            paces[options.name] = after(message, options.pacing, paces.get(options.name, {}), now)
        yield [Delivery(n.key, options.name) for n in message]


def _send(sink: Sink, message: Sequence[Notice]) -> str:
    """The fault, or an empty text. Whatever a sink of another package raises stays at its door."""
    try:
        sink.send(message)
    except NetwatchError as fault:
        return str(fault)
    except Exception as fault:  # noqa: BLE001 - one sink's fault must not keep the others from being told
        return f"a fault of the sink: {type(fault).__name__}"
    return ""


def _faults(notices: Sequence[Notice], options: SinkOptions, fault: str) -> list[Delivery]:
    return [Delivery(n.key, options.name, fault=fault) for n in notices]


def try_out(options: AlertOptions, now: int, only: str = "") -> list[Delivery]:
    """Send a notice that says it is a test to each sink, or to the one named ``only``, past filters and pace.

    Raises:
        UsageError: no sink is configured, or none of that name, or it cannot work as configured.

    """
    if not options.sinks:
        raise UsageError("no alert sink is configured: add a table alerts.sinks.<name>")
    if only and only not in {sink.name for sink in options.sinks}:
        raise UsageError.unknown("sink", only, [sink.name for sink in options.sinks])
    opened = [(s, SINKS[s.kind](s)) for s in options.sinks if only in ("", s.name)]
    notice = trial(now)
    return [Delivery(notice.key, s.name, fault=_send(sink, (notice,))) for s, sink in opened]


def trial(now: int) -> Notice:
    """A notice that every receiver can tell from a real one; its addresses are of documentation (RFC 5737)."""
    flow = FlowSample("192.0.2.1", "198.51.100.1", 49152, 443, 6, now - 60 * 10**9, now, 1500, 10)
    return Notice(
        key=f"test-{now}", id="test", kind="quality", life=Life.NEW, severity=Severity.INFO,
        title="TEST: netwatch can reach you here",
        words=("This is a test of the alert settings, sent on request.", "Nothing was found; nothing is to be done."),
        since=now - 60 * 10**9, until=now, said=now, subject="test", flows=(flow,),
    )  # fmt: skip
