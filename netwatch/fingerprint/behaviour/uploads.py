"""Feature table of uploads: hours in which an inside host sent much, against its own hours before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import pointers
from netwatch.fingerprint.behaviour.floors import Floor
from netwatch.fingerprint.behaviour.halves import halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets
from netwatch.model.elements import Direction

if TYPE_CHECKING:
    import ibis

FLOOR = 50_000_000
"""Octets sent in an hour, at least, of what is looked at."""

DECLARED = {
    "upload.octets": Feature("octets sent in the hour", "octets"),
    "upload.times_most": Feature("octets sent against the host's largest hour before", "times"),
    "upload.hours": Feature("hours seen of the host before", "hours"),
    "upload.days": Feature("days since the host was first seen", "days"),
    "upload.balance": Feature("producer-consumer ratio of the hour, from -1 to 1", ""),
    "upload.balance_shift": Feature("that ratio beyond the host's median before", ""),
    "upload.peer_share": Feature("sent to one address", "share"),
    "upload.peer_before": Feature("octets sent to that address before", "octets"),
    "upload.answered": Feature("packets back per packet sent to that address", ""),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Uploads(Features):
    """One row per (inside host, hour) with much sent to the outside; nothing without a scope."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (Floor(FLOOR, ("sender",), "octets", 3600, directions=(Direction.OUTBOUND,)),)

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every such hour of which a rule may tell."""
        import pyarrow as pa

        hours = as_columns(run(_hours, flows))
        rows = np.flatnonzero(self.wanted(_of_hours(hours), len(hours["sent"])))
        hours = {name: column[rows] for name, column in hours.items()}
        host = pa.array([octets.tobytes() for octets in hours["host"]], pa.binary())
        asked = pa.table({"host": host, "hour": pa.array(hours["hour"], pa.int64())})
        t = hours | as_columns(run(_peers, flows, {"upload_hours": asked}))
        columns = _of_hours(t) | {
            "upload.peer_share": t["peer_sent"] / np.maximum(1.0, t["sent"]),
            "upload.peer_before": np.nan_to_num(t["peer_before"].astype(np.float64)),
            "upload.answered": t["peer_back"] / np.maximum(1.0, t["peer_packets"]),
            "quality.sampling": t["interval"].astype(np.float64),
        }
        n = len(rows)
        return FeatureTable(
            subject=from_octets(t["host"]),
            peer=from_octets(t["peer"]),
            port=np.zeros(n, np.uint16),
            protocol=np.zeros(n, np.uint8),
            since=t["since_us"] * 1000,
            until=t["until_us"] * 1000,
            octets=t["peer_sent"],
            packets=t["peer_packets"],
            flows=t["flows"].astype(np.float64),
            peers=np.ones(n, np.int64),
            columns=columns,
            **pointers(t),
        )


def _of_hours(t: dict[str, Any]) -> dict[str, np.ndarray]:
    """What is known of an hour before its receivers are told apart."""
    balance = (t["sent"] - t["received"]) / np.maximum(1.0, t["sent"] + t["received"])
    before = np.where(t["hours"] > 0, t["most"], np.nan)
    return {
        "upload.octets": t["sent"],
        "upload.times_most": t["sent"] / np.maximum(1.0, before),
        "upload.hours": t["hours"].astype(np.float64),
        "upload.days": t["since_first"] / 24.0,
        "upload.balance": balance,
        "upload.balance_shift": balance - t["usual_balance"].astype(np.float64),
    }


def _crossing(flows: ibis.Table) -> ibis.Table:
    """Halves to and from the outside, by the inside host and the other."""
    import ibis

    h = halves(flows)
    crossing = h.filter(h.inbound | h.outbound).mutate(hour=h.window // 12)
    out = crossing.outbound
    return crossing.mutate(
        host=ibis.ifelse(out, crossing.sender, crossing.receiver),
        peer=ibis.ifelse(out, crossing.receiver, crossing.sender), sent=ibis.ifelse(out, crossing.octets, 0.0),
        received=ibis.ifelse(out, 0.0, crossing.octets), up=ibis.ifelse(out, crossing.packets, 0.0),
        down=ibis.ifelse(out, 0.0, crossing.packets),
    )  # fmt: skip


def _hours(flows: ibis.Table) -> ibis.Table:
    """Hours of hosts above the floor, and what the hours before were like."""
    import ibis

    t = ibis._
    hours = _crossing(flows).group_by(["host", "hour"]).aggregate(sent=t.sent.sum(), received=t.received.sum())
    ratio = (hours.sent - hours.received) / (hours.sent + hours.received)
    earlier = ibis.window(group_by="host", order_by=hours.hour, preceding=(None, 1))
    hours = hours.mutate(balance=ratio)
    hours = hours.mutate(
        most=hours.sent.max().over(earlier), hours=hours.sent.count().over(earlier),
        usual_balance=hours.balance.median().over(earlier),
        since_first=hours.hour - hours.hour.min().over(ibis.window(group_by="host")),
    )  # fmt: skip
    return hours.filter(hours.sent >= FLOOR).drop("balance").order_by(["host", "hour"])


def _peers(flows: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """Of the hours asked for the largest receiver, and what it was sent in the hours before."""
    import ibis

    t = ibis._
    peers = _crossing(flows).semi_join(asked, "host").group_by(["host", "peer", "hour"]).aggregate(
        peer_sent=t.sent.sum(), peer_packets=t.up.sum(), peer_back=t.down.sum(), flows=t.count(),
        since_us=t.since_us.min(), until_us=t.until_us.max(), interval=t.interval.max(),
        input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    before = ibis.window(group_by=["host", "peer"], order_by=peers.hour, preceding=(None, 1))
    rank = ibis.window(group_by=["host", "hour"], order_by=[peers.peer_sent.desc(), peers.peer])
    peers = peers.mutate(peer_before=peers.peer_sent.sum().over(before), rank=ibis.row_number().over(rank))
    return peers.filter(peers.rank == 0).drop("rank").semi_join(asked, ["host", "hour"]).order_by(["host", "hour"])
