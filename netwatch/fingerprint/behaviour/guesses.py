"""Feature table of guessing: one address at one service of another, again and again, and how alike its flows are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import episodes, folded, measured, towards
from netwatch.fingerprint.behaviour.floors import Floor, only
from netwatch.fingerprint.behaviour.halves import ACK, SYN, TCP, frequent, halves
from netwatch.fingerprint.behaviour.thinned import packets_each
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

SERVICES: dict[str, tuple[int, ...]] = {
    "ssh": (22, 2222), "rdp": (3389,), "ftp": (21,), "telnet": (23, 2323), "smb": (139, 445),
    "mail": (25, 110, 143, 465, 587, 993, 995), "http": (80, 443, 8080, 8443),
    "db": (1433, 1521, 3306, 5432, 6379, 27017), "vnc": (5900, 5901),
}  # fmt: skip
PORTS = tuple(port for listed in SERVICES.values() for port in listed)
LEAST_TRIES = 8
SET_UP_PACKETS = 4
"""Packets of one end by which a connection was set up, where neither flags nor answers are told."""
FOUND_PACKETS, FOUND_TIMES = 5, 1.5
"""By how much the longest connection goes beyond the others where a password was found."""

DECLARED = {
    **{f"guess.{name}": Feature(f"at a {name} service", "yes/no") for name in SERVICES},
    "guess.tries": Feature("connections", "connections"),
    "guess.per_minute": Feature("connections a minute", "connections/min"),
    "guess.packets": Feature("packets per connection, from the client", "packets"),
    "guess.packet_spread": Feature("spread of packets per connection over their mean, the longest left out", ""),
    "guess.octet_spread": Feature("spread of octets per connection over their mean, the longest left out", ""),
    "guess.octets": Feature("octets per connection, from the client", "octets"),
    "guess.seconds": Feature("seconds per connection", "s"),
    "guess.packet_octets": Feature("octets per packet, from the client", "octets"),
    "guess.established": Feature("connections that were set up", "share"),
    "guess.longest": Feature("packets of the longest connection beyond the mean", "packets"),
    "guess.longest_times": Feature("packets of the longest connection over the mean of the others", "times"),
    "guess.together": Feature("connections open at one time, on average", "connections"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "scope.internal": Feature("inside the watched network", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Guesses(Features):
    """One row per (client, server, service port) and episode of hours in which the client came back often."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(LEAST_TRIES, ("sender", "receiver", "port"), manner=only(TCP), ports=PORTS),
    )

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every client that opened many connections to one service that asks for passwords."""
        rows = as_columns(run(_tries, flows))
        order, starts = episodes([rows["sender"], rows["receiver"], rows["port"]], rows["hour"])
        adding = (
            "tries", "set_up", "known", "packets", "seen", "octets", "squares", "octet_squares", "seconds", "inbound",
            "outbound", "inside",
        )  # fmt: skip
        first = ("sender", "receiver", "port", "input", "first_frame")
        how = dict.fromkeys(adding, np.add) | dict.fromkeys(("most", "most_octets", "until_us", "interval"), np.maximum)
        return _table(folded(rows, order, starts, how | {"since_us": np.minimum} | dict.fromkeys(first, "first")))


def _table(t: dict[str, Any]) -> FeatureTable:
    tries = t["tries"].astype(np.float64)
    span = np.maximum(1.0, (t["until_us"] - t["since_us"]) / 1e6)
    mean, octets = t["packets"] / tries, t["octets"] / tries
    rest = np.maximum(1.0, tries - 1)  # without the longest, which may be the one that got in
    sampled = t["interval"] > 1
    inbound, outbound = towards(t, "tries")
    columns = {f"guess.{n}": np.isin(t["port"], ports).astype(np.float64) for n, ports in SERVICES.items()}
    shapes = {
        "guess.packet_spread": spread(t["squares"] - t["most"] ** 2, (t["packets"] - t["most"]) / rest, rest),
        "guess.octet_spread": spread(
            t["octet_squares"] - t["most_octets"] ** 2, (t["octets"] - t["most_octets"]) / rest, rest
        ),
        "guess.octets": octets,
        "guess.seconds": t["seconds"] / tries,
        "guess.packet_octets": octets / np.maximum(1.0, mean),
        "guess.longest": t["most"] - mean,
        "guess.longest_times": t["most"] / np.maximum(1.0, (t["packets"] - t["most"]) / np.maximum(1.0, tries - 1)),
        "guess.together": t["seconds"] / span,
    }
    columns |= {name: np.where(sampled, np.nan, column) for name, column in shapes.items()}
    columns |= {
        "guess.tries": tries,
        "guess.per_minute": tries / span * 60,
        "guess.packets": packets_each(t["seen"], tries, t["interval"]),
        "guess.established": np.where(t["known"] > 0, t["set_up"] / np.maximum(1, t["known"]), np.nan),
        "scope.inbound": inbound,
        "scope.outbound": outbound,
        "scope.internal": np.asarray(t["inside"] * 2 >= tries, np.float64),
        "quality.sampling": t["interval"].astype(np.float64),
    }
    came = (inbound == 1)[:, None]
    sender, receiver = from_octets(t["sender"]), from_octets(t["receiver"])
    return FeatureTable(
        subject=np.where(came, receiver, sender),
        peer=np.where(came, sender, receiver),
        port=t["port"].astype(np.uint16),
        protocol=np.full(len(tries), TCP, np.uint8),
        flows=tries,
        peers=np.ones(len(tries), np.int64),
        columns=columns,
        facts=lambda row: {"tries": int(tries[row]), "phase": _phase(columns, row)},
        **measured(t),
    )


def _phase(columns: dict[str, np.ndarray], row: int) -> str:
    """Where the guessing has got to (Hofstede et al. 2014): one connection that goes on tells of a password found."""
    longest, times = columns["guess.longest"][row], columns["guess.longest_times"][row]
    return "compromise" if longest >= FOUND_PACKETS and times >= FOUND_TIMES else "attack"


def spread(squares: np.ndarray, mean: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Standard deviation over mean."""
    variance = np.maximum(0.0, squares / count - mean**2)
    made: np.ndarray = np.sqrt(variance) / np.maximum(mean, 1.0)
    return made


def connections(h: ibis.Table, ports: Sequence[int], who: Sequence[str]) -> ibis.Table:
    """Connections to these ports, of those of ``who`` (columns of halves, and ``port``) that have enough records.

    Exporters cut a connection by time and where it falls silent: its records are one try, if its first is among them.
    """
    import ibis

    t = ibis._
    tried = h.filter((h.protocol == TCP) & h.opens & h.receiver_port.isin(ports))
    # Where neither flags nor answers are told, four packets of one end are more than a try that fails.
    bare = ibis.ifelse(tried.interval == 1, tried.packets >= SET_UP_PACKETS, ibis.null("boolean"))
    heard = ibis.ifelse(tried.answer.isnull(), bare, tried.answer > 0)
    tried = tried.mutate(
        up=ibis.ifelse(tried.flagged, (tried.flags & ACK) > 0, heard),
        begun=((tried.flags & SYN) > 0) | ~tried.flagged | (tried.interval > 1),
        hour=tried.window // 12,
        port=tried.receiver_port,
    )
    tried = frequent(tried, who, LEAST_TRIES)
    tried = tried.group_by(["sender", "receiver", "port", "hour", "sender_port"]).aggregate(
        set_up=t.up.cast("int64").max(), packets=t.packets.sum(), octets=t.octets.sum(), interval=t.interval.max(),
        seen=t.seen.sum(), begun=t.begun.any(), inside=t.internal.cast("int64").max(),
        inbound=t.inbound.cast("int64").max(), outbound=t.outbound.cast("int64").max(), since_us=t.since_us.min(),
        until_us=t.until_us.max(), input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    return tried.filter(tried.begun)


def counted(tried: ibis.Table, keys: Sequence[str]) -> ibis.Table:
    """Connections counted by these keys, with what tells how alike they are."""
    import ibis

    t = ibis._
    return tried.group_by(list(keys)).aggregate(
        tries=t.count(), set_up=t.set_up.sum(), known=t.set_up.count(), packets=t.packets.sum(), seen=t.seen.sum(),
        inside=t.inside.sum(), servers=t.receiver.nunique(), low=t.receiver.min(), high=t.receiver.max(),
        octets=t.octets.sum(),
        squares=(t.packets * t.packets).sum(), octet_squares=(t.octets * t.octets).sum(),
        seconds=((t.until_us - t.since_us) / 1e6).sum(), most=t.packets.max(), most_octets=t.octets.max(),
        interval=t.interval.max(), inbound=t.inbound.sum(), outbound=t.outbound.sum(), since_us=t.since_us.min(),
        until_us=t.until_us.max(), input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip


def _tries(flows: ibis.Table) -> ibis.Table:
    """Connections by client, server, service port and hour."""
    tried = connections(halves(flows), PORTS, ["sender", "receiver", "port"])
    told = counted(tried, ["sender", "receiver", "port", "hour"])
    return told.filter(told.tries >= LEAST_TRIES).order_by(["sender", "receiver", "port", "hour"])
