"""Feature table of sources: whom and what one address tried by the hour, and how often it got nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import common_prefix, episodes, folded
from netwatch.fingerprint.behaviour.halves import ACK, CONTROL, FLAGS, PSH, RST, SYN, TCP, UDP, frequent, halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

KINDS = ("tcp", "stealth", "udp", "icmp", "backscatter")
TRACEROUTE = (33434, 33534)
"""Ports that traceroute sends datagrams to, one after another, on purpose where nobody listens."""
LEAST_PAIRS = 8
"""Pairs of address and port in an hour, at least, of what is looked at."""

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
    "source.density": Feature("pairs tried of all that hosts and ports make", "share"),
    "source.packets_per_pair": Feature("packets per pair", "packets"),
    "source.own_ports": Feature("ports of its own", "ports"),
    "source.tries_per_pair": Feature("tries of the same pair", "tries"),
    "source.odd_flags": Feature("segments without SYN, ACK and RST, which no connection has", "share"),
    "source.only": Feature("of all that it sent in these hours, flows that are such tries", "share"),
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

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of everyone who tried many addresses or ports."""
        rows = as_columns(run(_hours, flows))
        rows["all_pairs"] = rows["pairs"]
        order, starts = episodes([rows["sender"], rows["kind"]], rows["hour"])
        adding = ("packets", "octets", "flows", "inbound", "outbound", "all_pairs", "odd", "everything")
        most = ("hosts", "ports", "pairs", "widest", "failed", "known", "own_ports", "until_us", "interval")
        first = ("sender", "kind", "service", "input", "first_frame")
        how = dict.fromkeys(adding, np.add) | dict.fromkeys(most, np.maximum) | dict.fromkeys(first, "first")
        told = folded(rows, order, starts, how | {"since_us": np.minimum})
        for name, ufunc in (("low", np.minimum), ("high", np.maximum)):
            told[name] = _extreme(rows[name][order], starts, ufunc)
        return _table(told)


def _extreme(addresses: np.ndarray, starts: np.ndarray, ufunc: np.ufunc) -> np.ndarray:
    """Per episode the octet-wise smallest or largest: enough to tell which leading bits are shared."""
    if not len(starts):
        return addresses
    made: np.ndarray = ufunc.reduceat(addresses, starts, axis=0)
    return made


def _table(t: dict[str, Any]) -> FeatureTable:
    seconds = np.maximum(1.0, (t["until_us"] - t["since_us"]) / 1e6)
    known = np.where(t["known"] > 0, t["known"], np.nan)
    failed = np.where(t["known"] > 0, t["failed"], np.nan)
    inbound, outbound = (np.asarray(t[d] * 2 >= t["flows"], np.float64) for d in ("inbound", "outbound"))
    columns = {f"source.{name}": (t["kind"] == code).astype(np.float64) for code, name in enumerate(KINDS)}
    columns |= {
        **{f"source.{name}": t[name].astype(np.float64) for name in ("hosts", "ports", "pairs", "own_ports")},
        "source.widest": t["widest"].astype(np.float64),
        "source.port": t["service"].astype(np.float64),
        "source.failed": failed,
        "source.failed_share": failed / known,
        "source.walk": 2 * failed - known,
        "source.density": t["pairs"] / np.maximum(1.0, t["hosts"].astype(np.float64) * t["ports"]),
        "source.packets_per_pair": t["packets"] / np.maximum(1, t["all_pairs"]),
        "source.tries_per_pair": t["flows"] / np.maximum(1, t["all_pairs"]),
        "source.odd_flags": np.where(t["kind"] == KINDS.index("stealth"), t["odd"] / np.maximum(1, t["flows"]), np.nan),
        "source.only": np.minimum(t["flows"] / np.maximum(1, t["everything"]), 1.0),
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
        port=np.where(t["ports"] == 1, t["service"], 0).astype(np.uint16),
        protocol=np.array([6, 6, 17, 1, 0], np.uint8)[t["kind"]],
        since=t["since_us"] * 1000,
        until=t["until_us"] * 1000,
        octets=t["octets"],
        packets=t["packets"],
        flows=t["flows"].astype(np.float64),
        peers=t["hosts"].astype(np.int64),
        columns=columns,
        references=lambda row: (f"{int(t['input'][row])}#{int(t['first_frame'][row])}",),
        quality=lambda row: ("sampled",) if t["interval"][row] > 1 else (),
    )


def _kind(h: ibis.Table) -> Any:
    """The kind of try that a half is, an index of KINDS; null for what is none."""
    import ibis

    control, flags = h.flags & CONTROL, h.flags & FLAGS
    few = h.seen <= 3
    tcp = h.protocol == TCP
    unasked = h.answer.fill_null(0) == 0
    reply = (tcp & ((flags == (SYN | ACK)) | control.isin([RST, RST | ACK]))) | (
        (h.protocol == 1) & h.opens & (h.receiver_port // 256).isin([3, 11])
    )
    outside = h.flagged & ((h.flags & SYN) == 0) & ((h.flags & (PSH | ACK)) != (PSH | ACK))
    traced = h.receiver_port.between(*TRACEROUTE)
    answers = (h.sender_port < 1024) & (h.receiver_port >= 1024)  # of a service to whoever asked it
    return ibis.cases(
        (reply & unasked, KINDS.index("backscatter")),
        (tcp & h.opens & (((h.flags & SYN) > 0) | ~h.flagged) & (control != (SYN | ACK)), KINDS.index("tcp")),
        (tcp & h.opens & few & outside & (control != RST), KINDS.index("stealth")),
        ((h.protocol == UDP) & h.opens & ~answers & ~traced, KINDS.index("udp")),
        ((h.protocol == 1) & h.opens & (h.receiver_port // 256 == 8), KINDS.index("icmp")),
        ((h.protocol == 58) & h.opens & (h.receiver_port // 256 == 128), KINDS.index("icmp")),
        else_=ibis.null("int8"),
    )  # fmt: skip


def _failed(h: ibis.Table) -> Any:
    """Whether a try got nowhere: TCP without an ACK of its own, else without an answer; null where not told."""
    import ibis

    by_flags = (h.kind == KINDS.index("tcp")) & h.flagged
    return ibis.ifelse(by_flags, ((h.flags & ACK) == 0).cast("int64"), (h.answer == 0).cast("int64"))


def _pairs(h: ibis.Table) -> ibis.Table:
    """Tries of one address and port by hour: whether any succeeded; of answers only those to who asked nothing."""
    import ibis

    t = ibis._
    told = h.mutate(kind=_kind(h), hour=h.window // 12)
    told = frequent(told.filter(told.kind.notnull()), ["sender", "hour"], LEAST_PAIRS)
    told = told.mutate(failed=_failed(told), port=ibis.ifelse(told.protocol.isin([1, 58]), 0, told.receiver_port))
    told = told.mutate(port=ibis.ifelse(told.kind == KINDS.index("backscatter"), told.sender_port, told.port))
    pairs = told.group_by(["sender", "receiver", "port", "kind", "hour"]).aggregate(
        packets=t.packets.sum(), octets=t.octets.sum(), flows=t.count(), failed=t.failed.min(),
        odd=((t.flags & (SYN | ACK | RST)) == 0).cast("int64").sum(),
        own_port=t.sender_port.min(), inbound=t.inbound.cast("int64").sum(), outbound=t.outbound.cast("int64").sum(),
        since_us=t.since_us.min(), until_us=t.until_us.max(), interval=t.interval.max(),
        input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    answers = pairs.kind == KINDS.index("backscatter")
    unasked = pairs.filter(answers)
    asked = h.select(sender=h.receiver, receiver=h.sender, hour=h.window // 12)
    unasked = unasked.anti_join(asked.semi_join(unasked, "sender"), ["sender", "receiver", "hour"])
    return pairs.filter(~answers).union(unasked, distinct=False)


def _hours(flows: ibis.Table) -> ibis.Table:
    """Pairs counted by sender, kind and hour."""
    import ibis

    t, h = ibis._, halves(flows)
    pairs = _pairs(h)
    each = pairs.group_by(["sender", "kind", "hour", "receiver"]).aggregate(here=pairs.count())
    each = each.group_by(["sender", "kind", "hour"]).aggregate(widest=each.here.max())
    counted = pairs.group_by(["sender", "kind", "hour"]).aggregate(
        hosts=t.receiver.nunique(), ports=t.port.nunique(), pairs=t.count(), failed=t.failed.sum().fill_null(0),
        known=t.failed.count(), own_ports=t.own_port.nunique(), packets=t.packets.sum(), octets=t.octets.sum(),
        flows=t.flows.sum(), odd=t.odd.sum(), inbound=t.inbound.sum(), outbound=t.outbound.sum(), low=t.receiver.min(),
        high=t.receiver.max(), service=t.port.argmax(t.packets), since_us=t.since_us.min(), until_us=t.until_us.max(),
        interval=t.interval.max(), input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    counted = counted.filter(counted.pairs >= LEAST_PAIRS).inner_join(each, ["sender", "kind", "hour"])
    begun = h.filter(h.opens).mutate(hour=h.window // 12).semi_join(counted, ["sender", "hour"])
    sent = begun.group_by(["sender", "hour"]).aggregate(everything=begun.count())
    return counted.inner_join(sent, ["sender", "hour"]).order_by(["sender", "kind", "hour"])
