"""Feature table of sources: whom and what one address tried by the hour, and how often it got nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import common_prefix, ends, episodes, folded, measured, towards
from netwatch.fingerprint.behaviour.floors import Floor
from netwatch.fingerprint.behaviour.tries import KINDS, LEAST_PAIRS, hours, telling
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

DECLARED = {
    "source.tcp": Feature("TCP connections tried", "yes/no"),
    "source.stealth": Feature("TCP segments outside any connection", "yes/no"),
    "source.udp": Feature("UDP datagrams first sent", "yes/no"),
    "source.icmp": Feature("ICMP echo requests", "yes/no"),
    "source.backscatter": Feature("answers that nobody had asked for", "yes/no"),
    "source.hosts": Feature("addresses tried", "addresses"),
    "source.ports": Feature("ports tried", "ports"),
    "source.widest": Feature("ports tried on one address, at most", "ports"),
    "source.port": Feature("port tried most", ""),
    "source.pairs": Feature("address and port pairs tried", "pairs"),
    "source.failed": Feature("pairs that failed", "pairs"),
    "source.failed_share": Feature("tries that failed", "share"),
    "source.walk": Feature("failures beyond successes, first contacts", "tries"),
    "source.decided": Feature("the random walk over first contacts says a scanner", "yes/no"),
    "source.density": Feature("pairs tried of all that hosts and ports make", "share"),
    "source.packets_per_pair": Feature("packets per pair", "packets"),
    "source.own_ports": Feature("ports of its own", "ports"),
    "source.tries_per_pair": Feature("tries of the same pair", "tries"),
    "source.odd_flags": Feature("segments without SYN, ACK and RST, which no connection has", "share"),
    "source.odd_forms": Feature("different sets of such flags", "sets"),
    "source.only": Feature("of all that it sent in these hours, flows that are such tries", "share"),
    "source.packet_octets": Feature("octets per packet", "octets"),
    "source.packets": Feature("packets", "packets"),
    "source.packet_rate": Feature("packets a second", "packets/s"),
    "source.seconds": Feature("duration", "s"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Sources(Features):
    """One row per (sender, kind of try) and episode of hours in which it tried enough."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (Floor(LEAST_PAIRS, ("sender",), "halves", 3600, telling),)

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of everyone who tried many addresses or ports."""
        rows = as_columns(run(hours, flows))
        rows["all_pairs"] = rows["pairs"]
        order, starts = episodes([rows["sender"], rows["kind"]], rows["hour"])
        adding = ("packets", "octets", "flows", "inbound", "outbound", "all_pairs", "odd", "everything")
        most = (
            "hosts",
            "ports",
            "pairs",
            "widest",
            "failed",
            "known",
            "own_ports",
            "decided",
            "forms",
            "until_us",
            "interval",
        )
        first = ("sender", "kind", "service", "input", "first_frame")
        how = dict.fromkeys(adding, np.add) | dict.fromkeys(most, np.maximum) | dict.fromkeys(first, "first")
        return _table(folded(rows, order, starts, how | {"since_us": np.minimum}) | ends(rows, order, starts))


def _table(t: dict[str, Any]) -> FeatureTable:
    seconds = np.maximum(1.0, (t["until_us"] - t["since_us"]) / 1e6)
    known = np.where(t["known"] > 0, t["known"], np.nan)
    failed = np.where(t["known"] > 0, t["failed"], np.nan)
    inbound, outbound = towards(t)
    columns = {f"source.{name}": (t["kind"] == code).astype(np.float64) for code, name in enumerate(KINDS)}
    columns |= {
        **{f"source.{name}": t[name].astype(np.float64) for name in ("hosts", "ports", "pairs", "own_ports")},
        "source.widest": t["widest"].astype(np.float64),
        "source.port": t["service"].astype(np.float64),
        "source.failed": failed,
        "source.failed_share": failed / known,
        "source.walk": 2 * failed - known,
        "source.decided": np.where(t["known"] > 0, t["decided"].astype(np.float64), np.nan),
        "source.density": t["pairs"] / np.maximum(1.0, t["hosts"].astype(np.float64) * t["ports"]),
        "source.packets_per_pair": t["packets"] / np.maximum(1, t["all_pairs"]),
        "source.tries_per_pair": t["flows"] / np.maximum(1, t["all_pairs"]),
        "source.odd_flags": np.where(t["kind"] == KINDS.index("stealth"), t["odd"] / np.maximum(1, t["flows"]), np.nan),
        "source.odd_forms": np.where(t["kind"] == KINDS.index("stealth"), t["forms"].astype(np.float64), np.nan),
        "source.only": np.minimum(t["flows"] / np.maximum(1, t["everything"]), 1.0),
        "source.packet_octets": t["octets"] / np.maximum(1.0, t["packets"]),
        "source.packets": t["packets"],
        "source.packet_rate": t["packets"] / seconds,
        "source.seconds": seconds,
        "scope.inbound": inbound,
        "scope.outbound": outbound,
        "quality.sampling": t["interval"].astype(np.float64),
    }
    sender, low = from_octets(t["sender"]), t["low"]
    shared = common_prefix(low, t["high"])
    came = (inbound == 1)[:, None]
    kept = np.unpackbits(low, axis=1) & (np.arange(128)[None, :] < shared[:, None])
    network = from_octets(np.packbits(kept, axis=1)) if len(low) else sender
    single = (t["hosts"] == 1)[:, None]
    return FeatureTable(
        subject=np.where(came, network, sender),
        prefix_length=np.where(came[:, 0], shared, 128).astype(np.uint8),
        peer=np.where(came, sender, np.where(single, from_octets(low), 0)),
        port=np.where((t["ports"] == 1) & (t["kind"] != KINDS.index("icmp")), t["service"], 0).astype(np.uint16),
        protocol=np.array([6, 6, 17, 1, 0], np.uint8)[t["kind"]],
        flows=t["flows"].astype(np.float64),
        peers=t["hosts"].astype(np.int64),
        columns=columns,
        **measured(t),
    )
