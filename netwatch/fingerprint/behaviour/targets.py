"""Feature table of targets: what one address is sent in one manner, by window, joined into episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import episodes, folded, measured
from netwatch.fingerprint.behaviour.floors import Floor, Manners
from netwatch.fingerprint.behaviour.halves import (
    ACK,
    CONTROL,
    FIN,
    FLAGS,
    RST,
    SYN,
    TCP,
    UDP,
    WINDOW_S,
    deaf,
    groups,
    halves,
    heavy,
)
from netwatch.fingerprint.behaviour.strangers import Strangers
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets
from netwatch.model.flows import Flows

if TYPE_CHECKING:
    import ibis

REFLECTORS: dict[int, str] = {
    53: "DNS", 123: "NTP", 1900: "SSDP", 11211: "memcached", 389: "CLDAP", 19: "CharGEN", 17: "QOTD", 161: "SNMP",
    137: "NetBIOS", 520: "RIP", 111: "portmap", 5353: "mDNS", 69: "TFTP", 27960: "Quake", 27015: "Steam",
    3702: "WS-Discovery", 3283: "ARMS", 5683: "CoAP", 427: "SLP", 3478: "STUN", 500: "IKE (ISAKMP)",
    4500: "IPsec NAT traversal", 1194: "OpenVPN", 10001: "Ubiquiti discovery", 32414: "Plex", 37810: "DVR discovery",
    33848: "Jenkins", 3389: "RDP", 10074: "TP-240", 17185: "VxWorks debug", 5060: "SIP",
}  # fmt: skip
"""UDP services that answer more than they are asked (US-CERT TA14-017A and later notices)."""
VECTORS = ("syn", "synack", "rst", "ack", "fin", "tcp", "udp", "quic", "icmp", "gre", "fragment", "other", "reflected")
LEAST_PACKETS = 100
"""Packets in a window, at least, of what is looked at: a floor that also a small network's ordinary hosts exceed."""

FEW_PORTS = 3
"""Ports that answers come from, at most (``dos.reflection.other`` asks for as few)."""
QUIET = 3
"""Windows without more, after which an episode is over; exporters tell of a long flow every few windows only."""

DECLARED = {
    **{f"target.{name}": Feature(f"made of {name} packets", "yes/no") for name in VECTORS},
    "target.port": Feature("service port", ""),
    "target.packets": Feature("packets", "packets"),
    "target.packet_rate": Feature("packets a second", "packets/s"),
    "target.bit_rate": Feature("bits a second", "bit/s"),
    "target.packet_octets": Feature("octets per packet", "octets"),
    "target.sources": Feature("addresses that sent", "addresses"),
    "target.ports": Feature("ports sent to", "ports"),
    "target.source_ports": Feature("ports sent from", "ports"),
    "target.source_packets": Feature("packets per sending address", "packets"),
    "target.answered": Feature("packets back per packet", ""),
    "target.refused": Feature("resets back per packet", ""),
    "target.talks": Feature("senders to whom the receiver sends as well", "share"),
    "target.asked": Feature("packets asking per packet answered", ""),
    "target.amplified": Feature("octets answered per octet asked", ""),
    "target.times_usual": Feature("packets against the network's median window", "times"),
    "target.seconds": Feature("duration", "s"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


def outside_connections(m: Manners) -> np.ndarray:
    """Halves that :func:`vector` calls something else than "tcp"."""
    control = np.isin(m.flags & CONTROL, [SYN, SYN | RST, RST, RST | ACK, FIN, FIN | ACK])
    told: np.ndarray = (m.protocol != TCP) | control | np.isin(m.flags & FLAGS, [SYN | ACK, ACK])
    return told


class Targets(Features):
    """One row per (receiver, manner of packets, reflecting service port) and episode of windows with enough packets."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(
            LEAST_PACKETS,
            ("receiver",),
            "packets",
            WINDOW_S,
            outside_connections,
            marks="receiver",
            portless=True,
        ),
    )

    def __init__(self, options: FingerprintOptions) -> None:
        super().__init__(options)
        self._strangers = Strangers(VECTORS, list(REFLECTORS))

    def mark(self, flows: Flows) -> Flows:
        """The flows with ``traffic_class``: those that were counted here and need not be looked at again."""
        return self._strangers.mark(flows)

    def beside(self) -> bool:
        """Whether strangers were counted, whom no stored flow tells of."""
        return self._strangers.any()

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of everyone who was sent many packets of one kind."""
        rows = _together(as_columns(run(_windows, flows)), self._strangers.windows())
        order, starts = episodes([rows["receiver"], rows["vector"], rows["port"]], rows["window"], QUIET)
        rows["peak"] = rows["packets"]
        adding = (
            "packets", "octets", "flows", "back", "refused", "asking", "asking_octets", "inbound", "outbound", "scoped",
        )  # fmt: skip
        most = ("peak", "until_us", "interval", "sources", "heard", "ports", "source_ports")
        first = ("receiver", "sender", "vector", "port", "service", "origin", "input", "first_frame")
        how = dict.fromkeys(adding, np.add) | dict.fromkeys(most, np.maximum) | dict.fromkeys(first, "first")
        told = folded(rows, order, starts, how | {"since_us": np.minimum})
        return self._table(told, usual(rows), deaf(flows, told["input"]) | groups(told["receiver"]))

    def _table(self, t: dict[str, Any], usual: float, silent: np.ndarray) -> FeatureTable:
        n = len(t["packets"])
        seconds = np.maximum(1.0, (t["until_us"] - t["since_us"]) / 1e6)
        packets = np.maximum(t["packets"], 1.0)
        scoped = t["scoped"] > 0
        inbound = np.where(scoped, t["inbound"] * 2 >= t["flows"], np.nan)
        outbound = np.where(scoped, t["outbound"] * 2 >= t["flows"], np.nan)
        columns = {f"target.{name}": (t["vector"] == code).astype(np.float64) for code, name in enumerate(VECTORS)}
        asked = t["asking"] / packets
        with np.errstate(divide="ignore", invalid="ignore"):
            amplified = np.where(t["asking_octets"] > 0, t["octets"] / t["asking_octets"], np.nan)
        reflected = columns["target.reflected"] > 0
        questions = reflected & ~silent
        columns |= {
            "target.port": t["port"].astype(np.float64),
            "target.packets": t["packets"],
            "target.packet_rate": t["packets"] / seconds,
            "target.bit_rate": t["octets"] * 8 / seconds,
            "target.packet_octets": t["octets"] / packets,
            "target.sources": t["sources"].astype(np.float64),
            "target.ports": t["ports"].astype(np.float64),
            "target.source_ports": t["source_ports"].astype(np.float64),
            "target.source_packets": t["packets"] / np.maximum(t["sources"], 1),
            "target.answered": np.where(silent, np.nan, t["back"] / packets),
            "target.refused": t["refused"] / packets,
            "target.talks": np.minimum(t["heard"] / np.maximum(t["sources"], 1), 1.0),
            "target.asked": np.where(questions, asked, np.nan),
            "target.amplified": np.where(questions, amplified, np.nan),
            "target.times_usual": t["peak"] / usual if usual > 0 else np.full(n, np.nan),
            "target.seconds": seconds,
            "scope.inbound": inbound,
            "scope.outbound": outbound,
            "quality.sampling": t["interval"].astype(np.float64),
        }
        out = outbound == 1
        receiver, sender = from_octets(t["receiver"]), from_octets(t["sender"])
        single = (t["sources"] == 1) | out
        return FeatureTable(
            subject=np.where(out[:, None], sender, receiver),
            peer=np.where(out[:, None], receiver, np.where(single[:, None], sender, 0)),
            port=np.where(reflected, t["port"], np.where(t["ports"] == 1, t["service"], 0)).astype(np.uint16),
            protocol=PROTOCOL[t["vector"]],
            flows=t["flows"].astype(np.float64),
            peers=t["sources"].astype(np.int64),
            columns=columns,
            facts=lambda row: _service(int(t["port"][row] or t["origin"][row]), int(t["source_ports"][row])),
            **measured(t),
        )


def _service(port: int, ports: int) -> dict[str, object]:
    """What answers, where nearly all comes from one port of a service known to reflect."""
    return {"service": REFLECTORS[port]} if port in REFLECTORS and ports <= FEW_PORTS else {}


def _together(stored: dict[str, Any], passed: dict[str, Any]) -> dict[str, Any]:
    """Windows by the query, and those of what strangers sent, of one address and manner as one."""
    if not len(passed["flows"]):
        return stored
    both = {name: np.concatenate([column, passed[name].astype(column.dtype)]) for name, column in stored.items()}
    order, starts = episodes([both["receiver"], both["vector"], both["port"], both["window"]], both["window"], 0)
    least = {"since_us": np.minimum}
    most = dict.fromkeys(("ports", "source_ports", "until_us", "interval"), np.maximum)
    first = (
        "receiver", "sender", "vector", "protocol", "port", "service", "origin", "window", "input", "first_frame",
    )  # fmt: skip
    rest = {name: np.add for name in stored if name not in (*least, *most, *first)}
    return folded(both, order, starts, rest | least | most | dict.fromkeys(first, "first"))


PROTOCOL = np.array([6, 6, 6, 6, 6, 6, 17, 17, 0, 47, 0, 0, 17], np.uint8)


def usual(rows: dict[str, Any]) -> float:
    """Median of the network's packets over windows, NaN (0) where there are too few to say."""
    windows, at = np.unique(rows["window"], return_inverse=True)
    if len(windows) < 12:
        return 0.0
    return float(np.median(np.bincount(at, rows["packets"])))


def vector(h: ibis.Table) -> Any:
    """The manner of a half's packets, an index of VECTORS."""
    import ibis

    control = h.flags & CONTROL
    unheard = (h.answer.isnull() & h.mutual) | (h.answer == 0).fill_null(False)
    reflecting = (h.protocol == UDP) & h.sender_port.isin(list(REFLECTORS)) & (h.receiver_port != h.sender_port)
    return ibis.cases(
        (h.fragmented & (h.sender_port == 0) & (h.receiver_port == 0), VECTORS.index("fragment")),
        (reflecting, VECTORS.index("reflected")),
        ((h.protocol == UDP) & ((h.receiver_port == 443) | (h.sender_port == 443)), VECTORS.index("quic")),
        (h.protocol == UDP, VECTORS.index("udp")),
        (h.protocol.isin([1, 58]), VECTORS.index("icmp")),
        (h.protocol == 47, VECTORS.index("gre")),
        (h.protocol != TCP, VECTORS.index("other")),
        (control.isin([SYN, SYN | RST]), VECTORS.index("syn")),
        ((h.flags & FLAGS) == (SYN | ACK), VECTORS.index("synack")),
        (control.isin([RST, RST | ACK]), VECTORS.index("rst")),
        (((h.flags & FLAGS) == ACK) & ((h.packets <= 3 * h.interval) | unheard), VECTORS.index("ack")),
        (control.isin([FIN, FIN | ACK]), VECTORS.index("fin")),
        else_=VECTORS.index("tcp"),
    )


def returned(told: ibis.Table, counted: ibis.Table, h: ibis.Table, keys: list[str]) -> ibis.Table:
    """What went back to those who sent, by the keys of ``counted``: packets ``back`` and those that are resets
    (``refused``), to how many of them (``heard``).

    A server under attack answers its own clients as well; they are not counted. To segments of no connection a reset is
    no answer.
    """
    import ibis

    columns = dict.fromkeys([*keys, "protocol", "window", "receiver", "sender"])
    pairs = told.semi_join(counted, keys).select(*columns).distinct()
    reset = (h.protocol == TCP) & (h.flags & CONTROL).isin([RST, RST | ACK])
    sent = h.select("protocol", "window", "packets", reset=reset, sender=h.receiver, receiver=h.sender)
    both = pairs.inner_join(sent, ["sender", "receiver", "protocol", "window"])
    counts = ~(both.reset & (both.vector == VECTORS.index("ack")))
    return both.group_by(keys).aggregate(
        back=ibis.ifelse(counts, both.packets, 0.0).sum(), refused=ibis.ifelse(both.reset, both.packets, 0.0).sum(),
        heard=both.sender.nunique(),
    )  # fmt: skip


def _windows(flows: ibis.Table) -> ibis.Table:
    """Counters by receiver, manner, reflecting port and window, with what the receiver sent back in that window."""
    import ibis

    t, h = ibis._, halves(flows)
    told = h.mutate(vector=vector(h))
    told = told.filter(told.vector != VECTORS.index("tcp"))
    told = told.mutate(port=ibis.ifelse(told.vector == VECTORS.index("reflected"), told.sender_port, 0))
    keys = ["receiver", "vector", "port", "window"]
    told = heavy(told, keys, LEAST_PACKETS)
    counted = told.group_by([*keys, "protocol"]).aggregate(
        packets=t.packets.sum(), octets=t.octets.sum(), flows=t.count(), sources=t.sender.nunique(),
        ports=t.receiver_port.nunique(), sender=t.sender.argmax(t.packets),
        service=t.receiver_port.argmax(t.packets), origin=t.sender_port.argmax(t.packets),
        source_ports=t.sender_port.nunique(), inbound=t.inbound.cast("int64").sum(),
        outbound=t.outbound.cast("int64").sum(),
        scoped=t.scoped.cast("int64").sum(), since_us=t.since_us.min(), until_us=t.until_us.max(),
        interval=t.interval.max(), input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    counted = counted.filter(counted.packets >= LEAST_PACKETS)
    sent = returned(told, counted, h, keys)
    asked = h.filter((h.protocol == UDP) & h.receiver_port.isin(list(REFLECTORS)))
    asked = asked.group_by(["sender", "receiver_port", "window"]).aggregate(
        asking=t.packets.sum(), asking_octets=t.octets.sum()
    )
    joined = counted.left_join(sent, keys).select(
        counted, back=sent.back.fill_null(0.0), refused=sent.refused.fill_null(0.0), heard=sent.heard.fill_null(0)
    )
    joined = joined.left_join(
        asked, [joined.receiver == asked.sender, joined.port == asked.receiver_port, joined.window == asked.window]
    ).select(joined, asking=asked.asking.fill_null(0.0), asking_octets=asked.asking_octets.fill_null(0.0))
    asked_for = (joined.vector == VECTORS.index("reflected")) & (joined.asking > joined.packets * 0.2)
    ordinary = asked_for & (joined.octets < joined.asking_octets * 4)
    return joined.filter(~ordinary).order_by([*keys, "protocol"])
