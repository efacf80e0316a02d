"""Feature table of ICMP echoes: whether pings between two addresses carry more than pings do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import pointers, towards
from netwatch.fingerprint.behaviour.floors import Floor, only
from netwatch.fingerprint.behaviour.halves import halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

ICMP, ICMP6 = 1, 58
REQUESTS, REPLIES = (8, 128), (0, 129)
LEAST_PACKETS = 30

DECLARED = {
    "echo.requests": Feature("echo requests", "packets"),
    "echo.octets": Feature("octets of a request", "octets"),
    "echo.range": Feature("octets from the smallest to the largest request", "octets"),
    "echo.differ": Feature("octets by which replies differ from requests, on average", "octets"),
    "echo.replies": Feature("replies per request", ""),
    "echo.carried": Feature("octets carried beyond those of ordinary pings", "octets"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Echoes(Features):
    """One row per (who asks, who is asked) with enough echo requests."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(LEAST_PACKETS, ("sender", "receiver", "protocol"), "packets", manner=only(ICMP, ICMP6)),
    )

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every pair that pings."""
        t = as_columns(run(_pairs, flows))
        n = len(t["asked"])
        asked = np.maximum(1.0, t["asked"])
        inbound, outbound = towards(t)
        with np.errstate(invalid="ignore", divide="ignore"):
            reply = np.where(t["replies"] > 0, t["reply_octets"] / t["replies"], np.nan)
        size = t["octets"] / asked
        known = t["largest"].astype(np.float64) > 0
        columns = {
            "echo.requests": t["asked"],
            "echo.octets": size,
            "echo.range": np.where(known, t["largest"] - t["smallest"], np.nan).astype(np.float64),
            "echo.differ": np.abs(reply - size),
            "echo.replies": t["replies"] / asked,
            "echo.carried": np.maximum(0.0, t["octets"] - 84 * asked),
            "scope.inbound": inbound,
            "scope.outbound": outbound,
            "quality.sampling": t["interval"].astype(np.float64),
        }
        came = (inbound == 1)[:, None]
        asking, server = from_octets(t["asking"]), from_octets(t["server"])
        return FeatureTable(
            subject=np.where(came, server, asking),
            peer=np.where(came, asking, server),
            port=np.zeros(n, np.uint16),
            protocol=t["protocol"].astype(np.uint8),
            since=t["since_us"] * 1000,
            until=t["until_us"] * 1000,
            octets=t["octets"] + t["reply_octets"],
            packets=t["asked"] + t["replies"],
            flows=t["flows"].astype(np.float64),
            peers=np.ones(n, np.int64),
            columns=columns,
            **pointers(t),
        )


def _pairs(flows: ibis.Table) -> ibis.Table:
    """Requests and replies by pair; a biflow's reply is its other half, an exporter's a record of its own."""
    import ibis

    t, h = ibis._, halves(flows)
    h = h.filter(h.protocol.isin([ICMP, ICMP6]))
    kind = ibis.ifelse(h.receiver_port > 0, h.receiver_port, h.sender_port) // 256
    request = kind.isin(REQUESTS) & h.opens
    reply = kind.isin([*REQUESTS, *REPLIES]) & ~h.opens | kind.isin(REPLIES)
    told = h.filter(request | reply).mutate(request=request)
    told = told.mutate(
        asking=ibis.ifelse(told.request, told.sender, told.receiver),
        server=ibis.ifelse(told.request, told.receiver, told.sender),
    )
    told = told.mutate(
        up=ibis.ifelse(told.request, told.packets, 0.0), up_octets=ibis.ifelse(told.request, told.octets, 0.0),
        down=ibis.ifelse(told.request, 0.0, told.packets), down_octets=ibis.ifelse(told.request, 0.0, told.octets),
    )  # fmt: skip
    pairs = told.group_by(["asking", "server", "protocol"]).aggregate(
        asked=t.up.sum(), octets=t.up_octets.sum(), replies=t.down.sum(), reply_octets=t.down_octets.sum(),
        smallest=t.smallest.min(where=t.request), largest=t.largest.max(where=t.request),
        flows=t.request.cast("int64").sum(), inbound=(t.inbound & t.request).cast("int64").sum(),
        outbound=(t.outbound & t.request).cast("int64").sum(), since_us=t.since_us.min(), until_us=t.until_us.max(),
        interval=t.interval.max(), input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    return pairs.filter(pairs.asked >= LEAST_PACKETS).order_by(["asking", "server", "protocol"])
