"""Feature table of movements: inside hosts that log in to others inside which they had nothing to do with before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import measured
from netwatch.fingerprint.behaviour.floors import Floor, only
from netwatch.fingerprint.behaviour.halves import ACK, SYN, TCP, halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets
from netwatch.model.elements import Direction

if TYPE_CHECKING:
    import ibis

PORTS = (22, 23, 135, 139, 445, 3389, 5900, 5985, 5986)
"""Services by which one works on another machine: SSH, Telnet, DCOM, SMB, RDP, VNC, WinRM."""
LEAST_HOSTS = 4
HISTORY_US = 3_600_000_000
"""Time before the hour in which something has to have been seen, else nothing is known to be new."""

DECLARED = {
    "movement.hosts": Feature("inside addresses it got through to in the hour", "addresses"),
    "movement.new": Feature("of them, never reached before", "share"),
    "movement.history": Feature("seen of the network before that hour", "s"),
    "movement.reached": Feature("the host had been logged in to in the day before", "yes/no"),
    "movement.passed_on": Feature("of those it reached, logged in to others afterwards", "addresses"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Movements(Features):
    """One row per (inside host, hour) that got through to several inside hosts; nothing without a scope."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(LEAST_HOSTS, ("sender",), "halves", 3600, only(TCP), PORTS, (Direction.INTERNAL,), marks=""),
    )

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every such hour."""
        t = as_columns(run(_hours, flows))
        n = len(t["hosts"])
        history = (t["hour"] * 3_600_000_000 - t["seen_us"]).astype(np.float64)
        hosts = np.maximum(1, t["hosts"])
        columns = {
            "movement.hosts": t["hosts"].astype(np.float64),
            "movement.new": np.where(history >= HISTORY_US, t["new"] / hosts, np.nan),
            "movement.history": np.maximum(0.0, history) / 1e6,
            "movement.reached": t["reached"].astype(np.float64),
            "movement.passed_on": t["passed_on"].astype(np.float64),
            "quality.sampling": t["interval"].astype(np.float64),
        }
        return FeatureTable(
            subject=from_octets(t["sender"]),
            peer=np.zeros((n, 2), np.uint64),
            port=np.zeros(n, np.uint16),
            protocol=np.full(n, TCP, np.uint8),
            flows=t["flows"].astype(np.float64),
            peers=t["hosts"].astype(np.int64),
            columns=columns,
            **measured(t),
        )


def _hours(flows: ibis.Table) -> ibis.Table:
    """Hours of inside hosts with several others reached, and what came before and after."""
    import ibis

    t, h = ibis._, halves(flows)
    into = h.filter((h.protocol == TCP) & h.opens & h.receiver_port.isin(PORTS) & (h.internal | h.inbound))
    up = ibis.ifelse(into.flagged, (into.flags & (SYN | ACK)) == (SYN | ACK), into.answer.fill_null(0) > 0)
    into = into.filter(up & (into.packets >= 4)).mutate(hour=into.window // 12)
    pairs = into.group_by(["sender", "receiver", "hour"]).aggregate(
        packets=t.packets.sum(), octets=t.octets.sum(), flows=t.count(), internal=t.internal.max(),
        since_us=t.since_us.min(), until_us=t.until_us.max(), interval=t.interval.max(),
        input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    first = ibis.window(group_by=["sender", "receiver"])
    pairs = pairs.mutate(first_hour=pairs.hour.min().over(first))
    inside = pairs.filter(pairs.internal)
    hours = inside.group_by(["sender", "hour"]).aggregate(
        hosts=t.receiver.count(), new=(t.first_hour == t.hour).cast("int64").sum(), packets=t.packets.sum(),
        octets=t.octets.sum(), flows=t.flows.sum(), since_us=t.since_us.min(), until_us=t.until_us.max(),
        began_us=t.since_us.min(where=t.first_hour == t.hour), interval=t.interval.max(),
        input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    hours = hours.filter(hours.hosts >= LEAST_HOSTS)
    told = pairs.select(came_from="sender", host="receiver", at_us="since_us")
    before = hours.inner_join(told, hours.sender == told.host)
    before = before.filter(
        (before.at_us < before.began_us)
        & (before.at_us >= before.began_us - 24 * HISTORY_US)
        & (before.came_from != before.sender)
    )
    before = before.select("sender", "hour").distinct().mutate(reached=ibis.literal(1))
    onward = inside.select(helper="sender", third="receiver", later_us="since_us")
    reached = inside.semi_join(hours, ["sender", "hour"]).select("sender", "hour", "receiver", "since_us")
    passed = reached.inner_join(onward, reached.receiver == onward.helper)
    passed = passed.filter((passed.later_us > passed.since_us) & (passed.third != passed.sender))
    passed = passed.group_by(["sender", "hour"]).aggregate(passed_on=t.receiver.nunique())
    keys = ["sender", "hour"]
    joined = hours.left_join(before, keys).select(hours, reached=before.reached.fill_null(0))
    joined = joined.left_join(passed, keys).select(joined, passed_on=passed.passed_on.fill_null(0))
    seen = h.aggregate(seen_us=h.since_us.min())
    return joined.cross_join(seen).order_by(keys)
