"""Feature table of spraying: one address outside that tries few passwords at each of many servers of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import common_prefix, ends, episodes, folded, measured
from netwatch.fingerprint.behaviour.floors import Floor, only
from netwatch.fingerprint.behaviour.guesses import SERVICES, connections, counted, spread
from netwatch.fingerprint.behaviour.halves import TCP, halves
from netwatch.fingerprint.behaviour.thinned import packets_each
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets
from netwatch.model.elements import Direction

if TYPE_CHECKING:
    import ibis

SPRAYED = ("ssh", "rdp", "ftp", "telnet", "db")
"""Services of which an outsider has no reason to log in at many."""
PORTS = tuple(port for name in SPRAYED for port in SERVICES[name])
LEAST_SERVERS = 10

DECLARED = {
    **{f"spray.{name}": Feature(f"at {name} services", "yes/no") for name in SPRAYED},
    "spray.servers": Feature("servers that it logged in at", "addresses"),
    "spray.tries": Feature("connections", "connections"),
    "spray.each": Feature("connections per server", "connections"),
    "spray.packets": Feature("packets per connection, from the client", "packets"),
    "spray.packet_spread": Feature("spread of packets per connection over their mean, the longest left out", ""),
    "spray.octet_spread": Feature("spread of octets per connection over their mean, the longest left out", ""),
    "spray.established": Feature("connections that were set up", "share"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Sprays(Features):
    """One row per (outside client, service port) and episode of hours with many servers; nothing without a scope."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(
            LEAST_SERVERS, ("sender", "port", "protocol"), "receivers",
            manner=only(TCP), ports=PORTS, directions=(Direction.INBOUND,),
        ),
    )  # fmt: skip

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of everyone outside who logged in at many."""
        rows = as_columns(run(_clients, flows))
        order, starts = episodes([rows["sender"], rows["port"]], rows["hour"])
        adding = ("tries", "set_up", "known", "packets", "seen", "octets", "squares", "octet_squares")
        most = ("servers", "most", "most_octets", "until_us", "interval")
        first = ("sender", "port", "input", "first_frame")
        how = dict.fromkeys(adding, np.add) | dict.fromkeys(most, np.maximum) | dict.fromkeys(first, "first")
        return _table(folded(rows, order, starts, how | {"since_us": np.minimum}) | ends(rows, order, starts))


def _table(t: dict[str, Any]) -> FeatureTable:
    n, tries = len(t["tries"]), t["tries"].astype(np.float64)
    rest, sampled = np.maximum(1.0, tries - 1), t["interval"] > 1
    packets = (t["squares"] - t["most"] ** 2, (t["packets"] - t["most"]) / rest, rest)
    octets = (t["octet_squares"] - t["most_octets"] ** 2, (t["octets"] - t["most_octets"]) / rest, rest)
    length = common_prefix(t["low"], t["high"])
    kept = np.unpackbits(t["low"], axis=1) & (np.arange(128)[None, :] < length[:, None])
    return FeatureTable(
        subject=from_octets(np.packbits(kept, axis=1)) if n else np.zeros((0, 2), np.uint64),
        prefix_length=length,
        peer=from_octets(t["sender"]),
        port=t["port"].astype(np.uint16),
        protocol=np.full(n, TCP, np.uint8),
        flows=tries,
        peers=t["servers"].astype(np.int64),
        columns={
            **{f"spray.{name}": np.isin(t["port"], SERVICES[name]).astype(np.float64) for name in SPRAYED},
            "spray.servers": t["servers"].astype(np.float64),
            "spray.tries": tries,
            "spray.each": tries / np.maximum(1, t["servers"]),
            "spray.packets": packets_each(t["seen"], tries, t["interval"]),
            "spray.packet_spread": np.where(sampled, np.nan, spread(*packets)),
            "spray.octet_spread": np.where(sampled, np.nan, spread(*octets)),
            "spray.established": np.where(t["known"] > 0, t["set_up"] / np.maximum(1, t["known"]), np.nan),
            "quality.sampling": t["interval"].astype(np.float64),
        },
        facts=lambda row: {"tries": int(tries[row]), "servers": int(t["servers"][row]), "phase": "spraying"},
        **measured(t),
    )


def _clients(flows: ibis.Table) -> ibis.Table:
    """Connections from outside by client, service port and hour."""
    h = halves(flows)
    tried = connections(h.filter(h.inbound), PORTS, ["sender", "port"])
    told = counted(tried, ["sender", "port", "hour"])
    return told.filter(told.servers >= LEAST_SERVERS).order_by(["sender", "port", "hour"])
