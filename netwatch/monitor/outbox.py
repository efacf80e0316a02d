"""The outbox: what is to be told is recorded before it is sent, and marked right after, so that it is told once.

A pass that is killed between the receiver's answer and the mark sends that one message again; nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netwatch.alert import AlertOptions, deliver
from netwatch.model.finding import Severity
from netwatch.model.notice import Delivery, FlowSample, Life, Notice
from netwatch.store.state import State


@dataclass(slots=True)
class Sent:
    """What became of the notices, counted by notice and sink; ``faults``: of sinks, in words."""

    sent: int = 0
    held: int = 0
    failed: int = 0
    faults: tuple[str, ...] = ()


def send(state: State, options: AlertOptions, now: int) -> Sent:
    """Offer every notice to each sink that does not have it yet."""
    notices = [notice_from(body) for body in state.outbox()]
    if not notices:
        return Sent()
    sinks = [sink.name for sink in options.sinks]
    pending = {(n.key, name) for n in notices for name in sinks} - {
        (n.key, name) for n in notices for name in state.delivered(n.key)
    }
    pace = json.loads(state.get("pace", "{}"))

    def record(outcome: list[Delivery]) -> None:
        with state.change():
            for delivery in outcome:
                if delivery.settled:
                    state.deliver(delivery.key, delivery.sink)
            state.put("pace", json.dumps(pace))

    outcome = deliver(notices, options, now, state=pace, pending=pending, record=record)
    with state.change():
        for notice in notices:
            if state.delivered(notice.key) >= set(sinks):
                state.told(notice.key)
    faults = tuple(dict.fromkeys(f"alerts.sinks.{d.sink}: {d.fault}" for d in outcome if d.fault))
    sent = sum(d.settled and not d.reason for d in outcome)
    return Sent(sent, sum(d.held for d in outcome), sum(bool(d.fault) for d in outcome), faults)


def notice_from(body: dict[str, Any]) -> Notice:
    """A notice from its JSON."""
    lists = {name: tuple(_list(body[name])) for name in ("words", "classes", "attack_techniques")}
    flows = tuple(FlowSample(**flow) for flow in body["flows"])
    severity, life = Severity(body["severity"]), Life(body["life"])
    return Notice(**{**body, **lists, "flows": flows, "severity": severity, "life": life})


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []
