"""Feature table of prefixes: what a whole network is sent in one manner, where each of its hosts gets a little of it.

A flood that is spread over a prefix stays below every threshold for a host; counted by network it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import common_prefix, episodes, folded, measured, towards
from netwatch.fingerprint.behaviour.floors import Floor
from netwatch.fingerprint.behaviour.halves import UDP, WINDOW_S, deaf, groups, halves, heavy
from netwatch.fingerprint.behaviour.targets import PROTOCOL, VECTORS, outside_connections, returned, usual, vector
from netwatch.fingerprint.behaviour.thinned import packets_each
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

LEAST_PACKETS, LEAST_HOSTS = 50, 8
"""In a window, of what is looked at."""
EXPLAINS = 0.8
"""Share of the packets that the prefix told of must hold; it is the most specific that does."""
DHCP = (67, 547)
_MAPPED = bytes(10) + b"\xff\xff"

DECLARED = {
    **{f"prefix.{name}": Feature(f"made of {name} packets", "yes/no") for name in VECTORS},
    "prefix.port": Feature("service port", ""),
    "prefix.hosts": Feature("addresses sent to", "addresses"),
    "prefix.host_packets": Feature("packets per address", "packets"),
    "prefix.largest": Feature("packets to the busiest address against the mean", "times"),
    "prefix.packets": Feature("packets", "packets"),
    "prefix.packet_rate": Feature("packets a second", "packets/s"),
    "prefix.packet_octets": Feature("octets per packet", "octets"),
    "prefix.sources": Feature("addresses that sent", "addresses"),
    "prefix.ports": Feature("ports sent to", "ports"),
    "prefix.answered": Feature("packets back per packet", ""),
    "prefix.times_usual": Feature("packets against the network's median window", "times"),
    "prefix.seconds": Feature("duration", "s"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Prefixes(Features):
    """One row per (manner of packets, reflecting or DHCP port) and episode of windows, over neighbouring networks.

    Networks are /24 (IPv6: /64) where counted; those that are hit in one window are then joined to the most specific
    prefix that explains four fifths of it.
    """

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(
            LEAST_HOSTS, ("network", "protocol"), "receivers", WINDOW_S, outside_connections,
            marks="network", portless=True,
        ),
        Floor(
            LEAST_PACKETS, ("network", "protocol"), "packets", WINDOW_S, outside_connections, DHCP,
            marks="network", portless=True,
        ),
    )  # fmt: skip

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every prefix of which many addresses were sent the same."""
        rows = _joined(as_columns(run(_windows, flows)))
        order, starts = episodes([rows["block"], rows["vector"], rows["port"]], rows["window"])
        rows["peak"] = rows["packets"]
        adding = ("packets", "octets", "flows", "back", "inbound", "outbound")
        most = ("peak", "seen", "hosts", "sources", "ports", "largest", "until_us", "interval")
        first = ("low", "high", "vector", "port", "input", "first_frame")
        how = dict.fromkeys(adding, np.add) | dict.fromkeys(most, np.maximum) | dict.fromkeys(first, "first")
        t = folded(rows, order, starts, how | {"since_us": np.minimum})
        return _table(t, usual(rows), deaf(flows, t["input"]) | groups(t["low"]))


def _joined(t: dict[str, Any]) -> dict[str, Any]:
    """Rows of neighbouring networks in one window as one; what does not lie in the prefix told of is left out."""
    groups: dict[tuple[int, int, int, bytes], list[int]] = {}
    order = np.lexsort((-t["packets"], t["port"], t["vector"], t["window"]))
    for row in order.tolist():
        wide = t["low"][row].tobytes()[:14] if t["low"][row].tobytes()[:12] == _MAPPED else t["low"][row].tobytes()[:6]
        key = (int(t["window"][row]), int(t["vector"][row]), int(t["port"][row]), wide)
        groups.setdefault(key, []).append(row)
    kept = [_explaining(t, np.array(rows)) for _, rows in sorted(groups.items())]
    made: dict[str, Any] = {}
    for name, column in t.items():
        how: Any = {"low": np.min, "high": np.max, "since_us": np.min, "first_frame": np.min}.get(name)
        if name in ("packets", "seen", "octets", "flows", "back", "hosts", "inbound", "outbound", "sources"):
            how = np.sum
        parts = [(how or np.max)(column[rows], axis=0) for rows in kept]
        made[name] = np.array(parts, column.dtype).reshape(len(kept), *column.shape[1:])
    blocks = [np.frombuffer(key[3].ljust(16, b"\0"), np.uint8) for key in sorted(groups)]
    made["block"] = np.array(blocks, np.uint8).reshape(len(kept), 16)
    return made


def _explaining(t: dict[str, Any], rows: np.ndarray) -> np.ndarray:
    """Of rows by falling packets those of the most specific prefix that holds enough of their packets."""
    if len(rows) == 1:
        return rows
    packets = t["packets"][rows]
    for count in range(1, len(rows) + 1):
        low, high = t["low"][rows[:count]].min(axis=0), t["high"][rows[:count]].max(axis=0)
        inside = (t["low"][rows] >= low).all(axis=1) & (t["high"][rows] <= high).all(axis=1)
        if packets[inside].sum() >= EXPLAINS * packets.sum():
            break
    kept: np.ndarray = rows[inside]
    return kept


def _table(t: dict[str, Any], median: float, silent: np.ndarray) -> FeatureTable:
    n = len(t["packets"])
    seconds = np.maximum(1.0, (t["until_us"] - t["since_us"]) / 1e6)
    packets, hosts = np.maximum(1.0, t["packets"]), np.maximum(1, t["hosts"])
    inbound, outbound = towards(t)
    columns = {f"prefix.{name}": (t["vector"] == code).astype(np.float64) for code, name in enumerate(VECTORS)}
    columns |= {
        "prefix.port": t["port"].astype(np.float64),
        "prefix.hosts": t["hosts"].astype(np.float64),
        "prefix.host_packets": packets_each(t["seen"], hosts, t["interval"]),
        "prefix.largest": t["largest"] * hosts / np.maximum(1.0, t["peak"]),
        "prefix.packets": t["packets"],
        "prefix.packet_rate": t["packets"] / seconds,
        "prefix.packet_octets": t["octets"] / packets,
        "prefix.sources": t["sources"].astype(np.float64),
        "prefix.ports": t["ports"].astype(np.float64),
        "prefix.answered": np.where(silent, np.nan, t["back"] / packets),
        "prefix.times_usual": t["peak"] / median if median > 0 else np.full(n, np.nan),
        "prefix.seconds": seconds,
        "scope.inbound": inbound,
        "scope.outbound": outbound,
        "quality.sampling": t["interval"].astype(np.float64),
    }
    length = common_prefix(t["low"], t["high"])
    kept = np.unpackbits(t["low"], axis=1) & (np.arange(128)[None, :] < length[:, None])
    network = from_octets(np.packbits(kept, axis=1)) if n else np.zeros((0, 2), np.uint64)
    return FeatureTable(
        subject=network,
        prefix_length=length,
        peer=np.zeros((n, 2), np.uint64),
        port=t["port"].astype(np.uint16),
        protocol=PROTOCOL[t["vector"]],
        flows=t["flows"].astype(np.float64),
        peers=t["sources"].astype(np.int64),
        columns=columns,
        facts=lambda row: {"addresses": int(t["hosts"][row])},
        **measured(t),
    )


def _octets(address: Any, last: int) -> Any:
    """The octets up to ``last`` of an address, by the query engine's own function for that."""
    import ibis

    kind = (("binary", "int64", "int64"), "binary")

    @ibis.udf.scalar.builtin(name="array_slice", signature=kind)
    def sliced(octets, first, last):  # type: ignore[no-untyped-def]
        ...

    return sliced(address, 1, last)


def _network(address: Any) -> Any:
    """The /24 of an IPv4 address, the /64 of another, as octets."""
    import ibis

    mapped = _octets(address, 12) == ibis.literal(_MAPPED)
    return ibis.ifelse(mapped, _octets(address, 15), _octets(address, 8))


def _windows(flows: ibis.Table) -> ibis.Table:
    """Counters by network, manner, port and window, with the busiest address and what was sent back."""
    import ibis

    t, h = ibis._, halves(flows)
    told = h.mutate(vector=vector(h), network=_network(h.receiver))
    dhcp = (told.protocol == UDP) & told.receiver_port.isin(DHCP)
    reflected = told.vector == VECTORS.index("reflected")
    told = told.mutate(port=ibis.cases((dhcp, told.receiver_port), (reflected, told.sender_port), else_=0))
    told = told.filter(told.vector != VECTORS.index("tcp"))
    keys = ["network", "protocol", "vector", "port", "window"]
    told = heavy(told, keys, LEAST_PACKETS)
    each = told.group_by([*keys, "receiver"]).aggregate(here=t.packets.sum())
    each = each.group_by(keys).aggregate(
        hosts=t.receiver.count(), largest=t.here.max(), low=t.receiver.min(), high=t.receiver.max()
    )
    counted = told.group_by(keys).aggregate(
        packets=t.packets.sum(), seen=t.seen.sum(), octets=t.octets.sum(), flows=t.count(),
        inbound=t.inbound.cast("int64").sum(), outbound=t.outbound.cast("int64").sum(),
        sources=t.sender.approx_nunique(), ports=t.receiver_port.approx_nunique(),
        since_us=t.since_us.min(), until_us=t.until_us.max(),
        interval=t.interval.max(), input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    counted = counted.inner_join(each, keys)
    counted = counted.filter(
        (counted.packets >= LEAST_PACKETS) & ((counted.hosts >= LEAST_HOSTS) | counted.port.isin(DHCP))
    )
    sent = returned(told, counted, h, keys)
    joined = counted.left_join(sent, keys).select(counted, back=sent.back.fill_null(0.0))
    return joined.drop("network").order_by(["low", "vector", "port", "window"])
