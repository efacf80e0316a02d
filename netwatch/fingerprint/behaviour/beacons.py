"""Feature table of returns: how regularly one address comes back to a service, and how alike its visits are.

Measures after activecm/rita's: quartile skew and dispersion of intervals and of octets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import measured, towards
from netwatch.fingerprint.behaviour.floors import Floor, only
from netwatch.fingerprint.behaviour.guesses import SERVICES
from netwatch.fingerprint.behaviour.halves import TCP, UDP, frequent, halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

LEAST_VISITS = 10
SHORTEST_S = 5.0
"""Median interval from which visits can be a beacon's; what comes back faster is work."""
REGULAR = 0.75
"""Quartile range of the intervals over their median, at most, of what comes back regularly."""
CLOCKED = (53, 123, 67, 137, 138, 161, 514, 547, 853, 1812, 1813, 1900, 5351, 5353, 5355)
"""Ports of services that are asked by the clock, or by every program of a host: DNS, NTP, SNMP, syslog, RADIUS ..."""
PASSWORDS = tuple(port for name, ports in SERVICES.items() if name != "http" for port in ports)
PORTS = np.setdiff1d(np.arange(1, 65536), [*CLOCKED, *PASSWORDS])

DECLARED = {
    "beacon.visits": Feature("connections", "connections"),
    "beacon.interval": Feature("median interval", "s"),
    "beacon.spread": Feature("quartile range of the intervals over their median", ""),
    "beacon.skew": Feature("quartile skewness of the intervals (Bowley), without sign", ""),
    "beacon.octets": Feature("octets up per connection, median", "octets"),
    "beacon.octet_spread": Feature("quartile range of octets up over their median", ""),
    "beacon.clients": Feature("addresses that use this service", "addresses"),
    "beacon.services": Feature("services that the client uses so regularly", "services"),
    "beacon.set_up": Feature("connections that were answered", "share"),
    "beacon.seconds": Feature("from the first to the last", "s"),
    "beacon.web": Feature("at a web port", "yes/no"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "scope.internal": Feature("inside the watched network", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Beacons(Features):
    """One row per (client, server, service port, protocol) to which the client came back often and regularly."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(
            LEAST_VISITS, ("sender", "receiver", "port", "protocol"),
            manner=only(TCP, UDP), ports=PORTS.tolist(), marks="receiver",
        ),
    )  # fmt: skip

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every client that opens connection after connection to one service."""
        t = as_columns(run(_visits, flows))
        n = len(t["visits"])
        inbound, outbound = towards(t, "visits")
        client = np.ascontiguousarray(t["client"]).view("V16").ravel()
        _, at = np.unique(client, return_inverse=True)
        spread = (t["upper"] - t["lower"]) / t["middle"]
        services = np.bincount(at, spread <= REGULAR) if n else np.zeros(0)
        columns = {
            "beacon.visits": t["visits"].astype(np.float64),
            "beacon.interval": t["middle"],
            "beacon.spread": spread,
            "beacon.skew": _skew(t),
            "beacon.octets": t["up_middle"],
            "beacon.octet_spread": (t["up_upper"] - t["up_lower"]) / np.maximum(1.0, t["up_middle"]),
            "beacon.clients": t["clients"].astype(np.float64),
            "beacon.services": services[at],
            "beacon.set_up": t["set_up"],
            "beacon.seconds": (t["until_us"] - t["since_us"]) / 1e6,
            "beacon.web": np.isin(t["port"], SERVICES["http"]).astype(np.float64),
            "scope.inbound": inbound,
            "scope.outbound": outbound,
            "scope.internal": (t["internal"] * 2 >= t["visits"]).astype(np.float64),
            "quality.sampling": t["interval"].astype(np.float64),
        }
        came = (inbound == 1)[:, None]
        client, server = from_octets(t["client"]), from_octets(t["server"])
        return FeatureTable(
            subject=np.where(came, server, client),
            peer=np.where(came, client, server),
            port=t["port"].astype(np.uint16),
            protocol=t["protocol"].astype(np.uint8),
            flows=columns["beacon.visits"],
            peers=np.ones(n, np.int64),
            columns=columns,
            facts=lambda row: {"interval_s": round(float(t["middle"][row]), 1)},
            **measured(t),
        )


def _skew(t: dict[str, Any]) -> np.ndarray:
    width = t["upper"] - t["lower"]
    with np.errstate(invalid="ignore", divide="ignore"):
        skew = np.abs((t["upper"] + t["lower"] - 2 * t["middle"]) / width)
    made: np.ndarray = np.where(width > 0, skew, 0.0)
    return made


def _visits(flows: ibis.Table) -> ibis.Table:
    """Visits and their intervals by client and service; records of one connection, cut by the exporter, are one."""
    import ibis

    t, h = ibis._, halves(flows)
    tried = h.filter(
        h.opens & h.protocol.isin([TCP, UDP]) & (h.receiver_port > 0) & ~h.receiver_port.isin([*CLOCKED, *PASSWORDS])
    )
    service = ["server", "port", "protocol"]
    tried = tried.rename(client="sender", server="receiver", port="receiver_port")
    clients = tried.group_by(service).aggregate(clients=t.client.approx_nunique())
    tried = frequent(tried, ["client", *service], LEAST_VISITS)
    visits = tried.group_by(["client", *service, "sender_port"]).aggregate(
        since_us=t.since_us.min(), until_us=t.until_us.max(), packets=t.packets.sum(), octets=t.octets.sum(),
        back=t.answer.sum(), inbound=t.inbound.cast("int64").max(), outbound=t.outbound.cast("int64").max(),
        internal=t.internal.cast("int64").max(), interval=t.interval.max(), input=t.input.argmin(t.since_us),
        first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    along = ibis.window(group_by=["client", *service], order_by=[visits.since_us, visits.sender_port])
    visits = visits.mutate(gap=(visits.since_us - visits.since_us.lag().over(along)) / 1e6)
    counted = visits.group_by(["client", *service]).aggregate(
        visits=t.count(), lower=t.gap.quantile(0.25), middle=t.gap.quantile(0.5), upper=t.gap.quantile(0.75),
        up_lower=t.octets.quantile(0.25), up_middle=t.octets.quantile(0.5), up_upper=t.octets.quantile(0.75),
        set_up=(t.back > 0).cast("float64").mean(), packets=t.packets.sum(), octets=t.octets.sum(),
        inbound=t.inbound.sum(), outbound=t.outbound.sum(), internal=t.internal.sum(), since_us=t.since_us.min(),
        until_us=t.until_us.max(), interval=t.interval.max(), input=t.input.argmin(t.since_us),
        first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    counted = counted.filter((counted.visits >= LEAST_VISITS) & (counted.middle >= SHORTEST_S))
    return counted.inner_join(clients, service).order_by(["client", *service])
