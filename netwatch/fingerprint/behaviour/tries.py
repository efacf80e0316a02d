"""Tries of an address: whom and what it asked by the hour, whether it got anywhere, and the random walk over that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from netwatch.fingerprint.behaviour.floors import Manners
from netwatch.fingerprint.behaviour.halves import ACK, CONTROL, FLAGS, PSH, RST, SYN, TCP, UDP, URG, halves

if TYPE_CHECKING:
    import ibis

KINDS = ("tcp", "stealth", "udp", "icmp", "backscatter")
TRACEROUTE = (33434, 33534)
"""Ports that traceroute sends datagrams to, one after another, on purpose where nobody listens."""
ASKS = (8, 13, 15, 17)
"""ICMP requests: echo, timestamp, information and address mask (RFC 792, RFC 950)."""
ANY = FLAGS | URG
LEAST_PAIRS = 3
"""Pairs of address and port in an hour, at least, of what is looked at."""
TELLS = [
    "sender", "sender_port", "receiver_port", "protocol", "flags", "flagged", "seen", "opens", "answer", "window",
    "interval", "deaf",
]  # fmt: skip
WALK = ["sender", "kind", "hour"]
DECIDES = 4
"""Failures beyond successes after which the walk ends: with chances of success of 0.8 for the benign and 0.2 for a
scanner each step is a factor of 4, and 4**4 is beyond 99, detection over false alarms (0.99 / 0.01); likewise down."""


def telling(m: Manners) -> np.ndarray:
    """Halves that may be tries which failed, or which may well be answered: by such, and fewer, :func:`hours` chooses
    whom to look at.
    """
    stealthy = ((m.flags & SYN) == 0) & ((m.flags & (PSH | ACK)) != (PSH | ACK))
    tcp = ((m.flags & ACK) == 0) | m.unanswered | stealthy
    icmp = np.isin(m.protocol, [1, 58])
    told: np.ndarray = np.select([m.protocol == TCP, m.protocol == UDP], [tcp, m.unanswered], icmp)
    return told


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
    answers |= (h.sender_port == h.receiver_port) & h.deaf  # of two at one port either may have asked
    return ibis.cases(
        (reply & unasked, KINDS.index("backscatter")),
        (tcp & h.opens & (((h.flags & SYN) > 0) | ~h.flagged) & (control != (SYN | ACK)), KINDS.index("tcp")),
        (tcp & h.opens & few & outside & (control != RST), KINDS.index("stealth")),
        ((h.protocol == UDP) & h.opens & ~answers & ~traced, KINDS.index("udp")),
        ((h.protocol == 1) & h.opens & (h.receiver_port // 256).isin(ASKS), KINDS.index("icmp")),
        ((h.protocol == 58) & h.opens & (h.receiver_port // 256 == 128), KINDS.index("icmp")),
        else_=ibis.null("int8"),
    )  # fmt: skip


def _failed(h: ibis.Table) -> Any:
    """Whether a try got nowhere: TCP without an ACK of its own, else without an answer; null where not told.

    Where no flags are told a single packet has no ACK: a connection takes its opener two.
    """
    import ibis

    tcp = h.kind == KINDS.index("tcp")
    return ibis.cases(
        (tcp & h.flagged, ((h.flags & ACK) == 0).cast("int64")),
        (tcp & (h.seen == 1) & (h.interval == 1), ibis.literal(1, "int64")),
        else_=(h.answer == 0).cast("int64"),
    )


def _told(h: ibis.Table) -> ibis.Table:
    """The halves that are tries, with ``kind``, ``hour`` and ``failed``."""
    told = h.mutate(kind=_kind(h), hour=h.window // 12)
    told = told.filter(told.kind.notnull())
    return told.mutate(failed=_failed(told))


def _heard(told: ibis.Table, h: ibis.Table) -> ibis.Table:
    """Tries with ``failed`` also where answers are records of their own: there is one, or there was no answer.

    Not where packets are sampled, for silence says nothing there.
    """
    import ibis

    def ported(t: ibis.Table, port: Any) -> Any:
        return ibis.ifelse(t.protocol.isin([1, 58]), 0, port)  # a reply of ICMP has another type

    ends = ["sender", "receiver", "protocol", "here", "there", "hour"]
    back = h.select(
        "protocol", sender=h.receiver, receiver=h.sender, here=ported(h, h.receiver_port),
        there=ported(h, h.sender_port), hour=h.window // 12,
    )  # fmt: skip
    back = back.semi_join(told.filter(told.failed.isnull() & told.mutual), "sender").distinct()
    asked = told.mutate(here=ported(told, told.sender_port), there=ported(told, told.receiver_port))
    known = asked.left_join(back.mutate(heard=1), ends)
    silent = known.failed.isnull() & known.mutual & (known.interval == 1)
    failed = ibis.ifelse(silent, known.heard.isnull().cast("int64"), known.failed)
    return known.select(*(name for name in told.columns if name != "failed"), failed=failed)


def _looked_at(h: ibis.Table) -> ibis.Table:
    """Tries of those worth a look, with ``port`` and ``form``; of answers only those to who asked nothing."""
    import ibis

    told, narrow = _told(h), _told(h.select(*TELLS))
    # Who gets through to everybody scans nothing: looked at is who fails, or asks what may well be answered.
    telling = narrow.filter(
        (narrow.failed.fill_null(1) == 1) | ~narrow.kind.isin([KINDS.index("tcp"), KINDS.index("udp")])
    )
    tells = telling.group_by(["sender", "kind", "hour"]).aggregate(times=telling.count())
    often = tells.group_by(["sender", "hour"]).aggregate(times=tells.times.sum())
    told = told.semi_join(tells.select("sender", "kind").distinct(), ["sender", "kind"])
    told = told.semi_join(often.filter(often.times >= LEAST_PAIRS), ["sender", "hour"])
    told = _heard(told, h)
    answers = told.kind == KINDS.index("backscatter")
    port = ibis.cases((answers & told.protocol.isin([1, 58]), 0), (answers, told.sender_port), else_=told.receiver_port)
    odd = ibis.ifelse((told.flags & (SYN | ACK | RST)) == 0, told.flags & ANY, ibis.null("int64"))
    told = told.mutate(port=port, form=odd)
    unasked = told.filter(answers)
    asked = h.select(sender=h.receiver, receiver=h.sender, hour=h.window // 12)
    unasked = unasked.anti_join(asked.semi_join(unasked, "sender"), ["sender", "receiver", "hour"])
    return told.filter(~answers).union(unasked, distinct=False)


def _decided(pairs: ibis.Table, counted: ibis.Table) -> ibis.Table:
    """``counted`` with ``decided``: 1 where the walk over first contacts has got up before it ever got down.

    Jung et al., Fast Portscan Detection Using Sequential Hypothesis Testing (IEEE S&P 2004). Walked is only where the
    order of contacts matters: with too few failures it never gets up; with too few successes it never gets down, and
    has been up where it ends there.
    """
    import ibis

    succeeded = counted.known - counted.failed
    never = counted.failed < DECIDES
    ends_up = (succeeded < DECIDES) & (counted.failed - succeeded >= DECIDES)
    open_ones = counted.filter(~never & ~ends_up)
    known = pairs.filter(pairs.failed.notnull()).semi_join(open_ones, WALK)
    known = known.select(*WALK, "since_us", "receiver", "port", step=2 * known.failed - 1)
    order = [known.since_us, known.receiver, known.port]
    along = ibis.window(group_by=WALK, order_by=order, preceding=None, following=0)
    steps = known.mutate(height=known.step.sum().over(along), at=ibis.row_number().over(along))
    turns = steps.group_by(WALK).aggregate(
        up=steps.at.min(where=steps.height >= DECIDES), down=steps.at.min(where=steps.height <= -DECIDES)
    )
    ups = turns.filter(turns.up.notnull() & (turns.down.isnull() | (turns.up < turns.down))).select(*WALK, walked=1)
    told = counted.left_join(ups, WALK)
    return told.select(*counted.columns, decided=(ends_up | told.walked.notnull()).cast("int64"))


def hours(flows: ibis.Table) -> ibis.Table:
    """Pairs of address and port counted by sender, kind and hour; of a pair is known whether any try succeeded."""
    import ibis

    t, h = ibis._, halves(flows)
    told = _looked_at(h)
    pairs = told.group_by([*WALK, "receiver", "port"]).aggregate(
        packets=t.packets.sum(), failed=t.failed.min(), form=t.form.max(), own_port=t.sender_port.min(),
        since_us=t.since_us.min(),
    )  # fmt: skip
    most = t.packets * 65536 - t.port  # of ports with as many packets the lowest, in whatever order they come
    each = pairs.group_by([*WALK, "receiver"]).aggregate(here=pairs.count())
    each = each.group_by(WALK).aggregate(hosts=each.count(), widest=each.here.max())
    counted = pairs.group_by(WALK).aggregate(
        ports=t.port.nunique(), pairs=t.count(), failed=t.failed.sum().fill_null(0), known=t.failed.count(),
        forms=t.form.nunique(), own_ports=t.own_port.nunique(), service=t.port.argmax(most),
    )  # fmt: skip
    counted = _decided(pairs, counted.filter(counted.pairs >= LEAST_PAIRS)).inner_join(each, WALK)
    summed = told.group_by(WALK).aggregate(
        packets=t.packets.sum(), octets=t.octets.sum(), flows=t.count(), odd=t.form.count(),
        inbound=t.inbound.cast("int64").sum(), outbound=t.outbound.cast("int64").sum(), low=t.receiver.min(),
        high=t.receiver.max(), since_us=t.since_us.min(), until_us=t.until_us.max(), interval=t.interval.max(),
        input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    begun = h.filter(h.opens).mutate(hour=h.window // 12).semi_join(counted, ["sender", "hour"])
    sent = begun.group_by(["sender", "hour"]).aggregate(everything=begun.count())
    told_of = counted.inner_join(summed, WALK)
    all_ = told_of.left_join(sent, ["sender", "hour"])  # who only answers begins nothing
    return all_.select(*told_of.columns, everything=all_.everything.fill_null(0)).order_by(WALK)
