"""Feature table of questions to DNS servers as Flow Records tell of them, where no payload was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import episodes, folded, pointers, towards
from netwatch.fingerprint.behaviour.floors import Floor, only
from netwatch.fingerprint.behaviour.halves import UDP, halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

DNS = 53
LEAST = 60
"""Questions of one client to one server in an hour, at least, of what is looked at."""

DECLARED = {
    "questions.asked": Feature("questions", "questions"),
    "questions.octets": Feature("octets of a question, with its headers", "octets"),
    "questions.answer_octets": Feature("octets of an answer, with its headers", "octets"),
    "questions.rate": Feature("questions a second", "questions/s"),
    "questions.per_port": Feature("questions from one port of the client", "questions"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Questions(Features):
    """One row per (client, DNS server) and episode of hours with enough questions."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (Floor(LEAST, ("sender", "receiver"), "packets", 3600, only(UDP), (DNS,)),)

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of everyone who asked a DNS server much."""
        rows = as_columns(run(_hours, flows))
        order, starts = episodes([rows["client"], rows["server"]], rows["hour"])
        adding = ("asked", "octets", "answers", "answer_octets", "ports", "inbound", "outbound", "flows")
        how = dict.fromkeys(adding, np.add) | dict.fromkeys(("until_us", "interval"), np.maximum)
        first = ("client", "server", "input", "first_frame")
        return _table(folded(rows, order, starts, how | {"since_us": np.minimum} | dict.fromkeys(first, "first")))


def _table(t: dict[str, Any]) -> FeatureTable:
    n = len(t["asked"])
    asked = np.maximum(1.0, t["asked"])
    seconds = np.maximum(1.0, (t["until_us"] - t["since_us"]) / 1e6)
    inbound, outbound = towards(t)
    with np.errstate(invalid="ignore", divide="ignore"):
        answer = np.where(t["answers"] > 0, t["answer_octets"] / t["answers"], np.nan)
    came = (inbound == 1)[:, None]
    client, server = from_octets(t["client"]), from_octets(t["server"])
    return FeatureTable(
        subject=np.where(came, server, client),
        peer=np.where(came, client, server),
        port=np.full(n, DNS, np.uint16),
        protocol=np.full(n, UDP, np.uint8),
        since=t["since_us"] * 1000,
        until=t["until_us"] * 1000,
        octets=t["octets"] + t["answer_octets"],
        packets=t["asked"] + t["answers"],
        flows=t["flows"].astype(np.float64),
        peers=np.ones(n, np.int64),
        columns={
            "questions.asked": t["asked"],
            "questions.octets": t["octets"] / asked,
            "questions.answer_octets": answer,
            "questions.rate": t["asked"] / seconds,
            "questions.per_port": np.where(t["interval"] > 1, np.nan, t["asked"] / np.maximum(1, t["ports"])),
            "scope.inbound": inbound,
            "scope.outbound": outbound,
            "quality.sampling": t["interval"].astype(np.float64),
        },
        **pointers(t),
    )


def _hours(flows: ibis.Table) -> ibis.Table:
    """Questions by client, server and hour; halves from a server's port are its answers."""
    import ibis

    t, h = ibis._, halves(flows)
    h = h.filter((h.protocol == UDP) & ((h.receiver_port == DNS) != (h.sender_port == DNS)))
    asks = h.receiver_port == DNS
    told = h.select(
        "inbound", "outbound", "since_us", "until_us", "interval", "input", "first_frame", hour=h.window // 12,
        client=ibis.ifelse(asks, h.sender, h.receiver), server=ibis.ifelse(asks, h.receiver, h.sender),
        own_port=ibis.ifelse(asks, h.sender_port, h.receiver_port), asks=asks,
        asked=ibis.ifelse(asks, h.packets, 0.0), octets=ibis.ifelse(asks, h.octets, 0.0),
        answers=ibis.ifelse(asks, 0.0, h.packets), answer_octets=ibis.ifelse(asks, 0.0, h.octets),
    )  # fmt: skip
    counted = told.group_by(["client", "server", "hour"]).aggregate(
        asked=t.asked.sum(), octets=t.octets.sum(), answers=t.answers.sum(), answer_octets=t.answer_octets.sum(),
        ports=t.own_port.nunique(), flows=t.asks.cast("int64").sum(),
        inbound=(t.inbound & t.asks).cast("int64").sum(), outbound=(t.outbound & t.asks).cast("int64").sum(),
        since_us=t.since_us.min(), until_us=t.until_us.max(), interval=t.interval.max(),
        input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    return counted.filter(counted.asked >= LEAST).order_by(["client", "server", "hour"])
