"""Flow Records as half flows: what one address sent to another, however the exporter paired the directions.

A biflow gives two halves, a record of one direction gives one, so the tables above need not know which they read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netwatch.fingerprint.queries import as_columns, hashed, run
from netwatch.model.elements import Detail, Direction, Orientation

if TYPE_CHECKING:
    import ibis

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
CONTROL = FIN | SYN | RST | ACK
FLAGS = CONTROL | PSH
TCP, UDP = 6, 17
FIRST_OWN_PORT = 1024
"""Ports below are services' (RFC 6335 section 6: the System Ports)."""
WINDOW_S = 300
"""Seconds of the windows in which targets are counted."""
MUCH, LEAST_RECEIVERS, NEARLY = 10, 10, 0.8
"""Packets of a TCP record whose receiver must have sent some; receivers, at least, by which it is told whether an input
holds both directions; and the share of them, and of those whom each answers, that is enough."""

HALVED = (
    "flow_start", "flow_end", "source_address", "destination_address", "source_transport_port",
    "destination_transport_port", "protocol_identifier", "octet_delta_count", "packet_delta_count",
    "reverse_octet_delta_count", "reverse_packet_delta_count", "tcp_control_bits", "reverse_tcp_control_bits",
    "sampling_packet_interval", "minimum_ip_total_length", "maximum_ip_total_length", "fragment_flags", "orientation",
    "detail", "input", "first_frame", "direction",
)  # fmt: skip
"""Columns at rest that halves are made of."""


def halves(flows: ibis.Table) -> ibis.Table:
    """One row per direction in which a record saw packets; a table that is one already is given back.

    ``sender``, ``receiver``; their ports; ``protocol``, ``flags``; ``packets`` and ``octets`` corrected for sampling,
    ``seen`` packets as observed; ``opens``: the sender began it; ``answer``: packets the other way, null where the
    record cannot tell; ``inbound``, ``outbound``, ``internal``, ``scoped`` booleans; ``smallest`` and
    ``largest`` packet, null or 0 where not told; ``since_us``, ``until_us``; ``window`` number;
    ``fragmented``; ``interval``; ``input``, ``first_frame``; ``flagged``: TCP flags are told of in this input;
    ``mutual``: answers are told of in this input, if need be in records of their own, so that where there is none
    nothing was answered; ``deaf``: answers that were given are not told of, so that silence means nothing.
    """
    if "sender" in flows.columns:
        return flows
    return _both(flows.inner_join(told_by_input(flows), "input"))


def halves_of(flows: ibis.Table, inputs: ibis.Table) -> ibis.Table:
    """The same, by what is known of the inputs (see :func:`told_by_input`) from more flows than these."""
    return _both(flows.inner_join(inputs, "input"))


def _both(flows: ibis.Table) -> ibis.Table:
    forward = _half(flows, "source", "destination", ("", "reverse_"))
    backward = _half(flows, "destination", "source", ("reverse_", ""))
    return forward.filter(forward.seen > 0).union(backward.filter(backward.seen > 0), distinct=False)


def told_by_input(flows: ibis.Table) -> ibis.Table:
    """What each input can tell: whether it holds both directions, and TCP flags; a lone direction in an input that has
    both was not answered, in one that has not it says nothing.

    ``mutual`` and ``deaf``, both false where nothing tells: see :func:`halves`.
    """
    told = flows.mutate(back=flows.reverse_packet_delta_count > 0, flags=(flows.tcp_control_bits > 0) | _metered(flows))
    told = told.group_by("input").aggregate(two_way=told.back.any(), flagged=told.flags.any())
    known = told.left_join(_hearing(flows), "input")
    hearing = known.hearing >= NEARLY
    return known.select(*told.columns, mutual=hearing.fill_null(False), deaf=(~hearing).fill_null(False))


def _hearing(flows: ibis.Table) -> ibis.Table:
    """By input the share of those receivers of long TCP exchanges who are seen to send to whoever sent to them.

    Counted are receivers, so that one who is flooded by thousands is one. Pairs and receivers are told apart by 64
    bits: that two share them by chance moves a share of many by one.
    """
    import ibis

    tcp = flows.filter(flows.protocol_identifier == TCP)
    flags, source, destination = tcp.tcp_control_bits.cast("int64"), tcp.source_address, tcp.destination_address
    long = tcp.filter((tcp.packet_delta_count >= MUCH) & (((flags & ACK) > 0) | (flags == 0)))
    there = tcp.select("input", way=hashed(destination, source)).distinct().mutate(there=1)
    receiver = hashed(destination, ibis.literal(0))
    long = long.select("input", way=hashed(source, destination), receiver=receiver, both=_paired(long))
    ways = long.group_by(["input", "way", "receiver"]).aggregate(both=long.both.any())
    known = ways.left_join(there, ["input", "way"])
    known = known.mutate(heard=known.both | known.there.notnull())
    each = known.group_by(["input", "receiver"]).aggregate(heard=known.heard.mean() >= NEARLY)
    told = each.group_by("input").aggregate(receivers=each.count(), hearing=each.heard.mean())
    return told.filter(told.receivers >= LEAST_RECEIVERS).select("input", "hearing")


def _paired(flows: ibis.Table) -> Any:
    """Whether a record tells of both directions."""
    return ((flows.detail.cast("int64") & Detail.BIFLOW) > 0) | (flows.reverse_packet_delta_count > 0)


def _metered(flows: ibis.Table) -> Any:
    return (flows.detail.cast("int64") & Detail.PACKETS) > 0


def _half(flows: ibis.Table, sender: str, receiver: str, prefix: tuple[str, str]) -> ibis.Table:
    import ibis

    own, other = prefix
    interval = flows.sampling_packet_interval.cast("float64")
    scoped = "direction" in flows.columns
    direction = flows.direction if scoped else ibis.literal(int(Direction.OUTSIDE))
    backward = bool(own)
    flags = flows[f"{own}tcp_control_bits"].cast("int64")
    ports = flows[f"{sender}_transport_port"].cast("int64"), flows[f"{receiver}_transport_port"].cast("int64")
    answerable = _paired(flows) | (_metered(flows) & flows.two_way)
    started = flows.flow_start.delta(ibis.timestamp("1970-01-01 00:00:00"), unit="microsecond")
    inbound, outbound = direction == Direction.INBOUND, direction == Direction.OUTBOUND
    return flows.select(
        sender=flows[f"{sender}_address"],
        receiver=flows[f"{receiver}_address"],
        sender_port=ports[0],
        receiver_port=ports[1],
        protocol=flows.protocol_identifier.cast("int64"),
        flags=flags,
        seen=flows[f"{own}packet_delta_count"],
        packets=flows[f"{own}packet_delta_count"] * interval,
        octets=flows[f"{own}octet_delta_count"] * interval,
        opens=_opens(flows, (flags, flows[f"{other}tcp_control_bits"].cast("int64")), ports, backward=backward),
        answer=ibis.ifelse(answerable, flows[f"{other}packet_delta_count"], ibis.null("int64")),
        inbound=outbound if backward else inbound,
        outbound=inbound if backward else outbound,
        internal=direction == Direction.INTERNAL,
        scoped=direction != Direction.OUTSIDE,
        smallest=ibis.null("int64") if backward else flows.minimum_ip_total_length.cast("int64"),
        largest=ibis.null("int64") if backward else flows.maximum_ip_total_length.cast("int64"),
        since_us=started,
        until_us=flows.flow_end.delta(ibis.timestamp("1970-01-01 00:00:00"), unit="microsecond"),
        window=started // (WINDOW_S * 1_000_000),
        fragmented=flows.fragment_flags > 0,
        interval=flows.sampling_packet_interval,
        input=flows.input,
        first_frame=flows.first_frame,
        flagged=flows.flagged,
        mutual=flows.mutual,
        deaf=flows.deaf,
    )


def _opens(flows: ibis.Table, flags: tuple[Any, Any], ports: tuple[Any, Any], *, backward: bool) -> Any:
    """Whether a half is the initiator's: as metered here, else by a lone SYN, else by a service's port.

    Not every exporter puts the initiator first (RFC 5103 section 4.3 lets the order be arbitrary), and some tell only
    the answers of a biflow.
    """
    import ibis

    own, theirs = flags[0] & (SYN | ACK), flags[1] & (SYN | ACK)
    told = (flows.orientation == Orientation.SYN) | (flows.orientation == Orientation.FIRST_PACKET)
    served = (ports[0] > 0) & (ports[0] < FIRST_OWN_PORT) & (ports[1] >= FIRST_OWN_PORT)
    serves = (ports[1] > 0) & (ports[1] < FIRST_OWN_PORT) & (ports[0] >= FIRST_OWN_PORT)
    both = (flows.packet_delta_count > 0) & (flows.reverse_packet_delta_count > 0)
    answers = (flags[0] & FLAGS).isin([SYN | ACK, RST, RST | ACK])  # with data it may be either end's
    return ibis.cases(
        (told, ibis.literal(not backward)),
        (own == SYN, ibis.literal(True)),
        (both & (theirs == SYN), ibis.literal(False)),
        (both, serves if backward else ~served),
        # The port of a lone ICMP record is its type and code: a question or an error, but of a reply to an echo 0.
        (flows.protocol_identifier.isin([1, 58]) & (ports[1] > 0), ibis.literal(True)),
        else_=~answers & (ports[0] >= ports[1]),
    )


def frequent(table: ibis.Table, keys: Sequence[str], least: int) -> ibis.Table:
    """The rows whose keys occur at least ``least`` times.

    A count is the smallest state there is for each key, and millions of spoofed addresses end here.
    """
    counted = table.group_by(list(keys)).aggregate(times=table.count())
    return table.semi_join(counted.filter(counted.times >= least), list(keys))


def heavy(table: ibis.Table, keys: Sequence[str], least: float) -> ibis.Table:
    """The rows whose keys have at least ``least`` packets together; what is distinct is then counted for few alone."""
    counted = table.group_by(list(keys)).aggregate(whole=table.packets.sum())
    return table.semi_join(counted.filter(counted.whole >= least), list(keys))


def deaf(flows: ibis.Table, inputs: np.ndarray) -> np.ndarray:
    """Of which of these numbers of inputs silence means nothing, bool (n,)."""
    return np.isin(inputs, as_columns(run(_deaf, flows))["input"])


def groups(address: np.ndarray) -> np.ndarray:
    """Which of these addresses (n, 16) are of multicast or broadcast, bool (n,): nobody answers from a group."""
    address = address.reshape(-1, 16)
    mapped = (address[:, :10] == 0).all(axis=1) & (address[:, 10:12] == 0xFF).all(axis=1)
    four = mapped & ((address[:, 12] >> 4 == 0xE) | (address[:, 12:] == 0xFF).all(axis=1))  # RFC 5771, RFC 919
    told: np.ndarray = four | (address[:, 0] == 0xFF)  # RFC 4291 section 2.7
    return told


def _deaf(flows: ibis.Table) -> ibis.Table:
    h = halves(flows)
    return h.filter(h.deaf).select("input").distinct()
