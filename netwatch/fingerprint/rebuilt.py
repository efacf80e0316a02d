"""Messages rebuilt from Flow Records: of what sizes a conversation's messages must be for its records to come out.

A record of a few messages holds its headers and a whole number of messages. Where a miner sends shares of one size,
what a record carries beyond headers is a multiple of it; what the pool sends is an acceptance for each share, and jobs
of one size. The sizes that make all records come out are found by search; how much better they do than chance is the
evidence (after XMR-Ray, J. of Information Security 2021, which rebuilds Stratum from NetFlow).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MOST = 64
"""Records of a conversation that are looked at."""
LEAST = 3
"""Records with data, below which sizes say nothing."""
SURE = 4.0
"""Nats by which sizes must explain the records better than chance, the search among sizes allowed for."""
WHOLE = 0.7
"""Share of the records with data that must come out."""
FEW = 0.15
"""Messages for each packet, both ways, below which most packets would be acknowledgements of nothing."""
NEAR = 3
"""Octets by which what is pushed differs from an answer at least; else it is a second answer."""
DATA = 20
"""Octets beyond headers, from which on a record holds data."""
BARE = (40, 52, 60, 72)
"""Octets of an acknowledgement: IPv4 and IPv6, without and with TCP timestamps (RFC 9293, RFC 7323)."""
FRAMED = (54, 66, 74, 86)
"""The same with an Ethernet header, which some exporters count."""
SAME_MOMENT = 2 * 10**9
"""Nanoseconds between the beginnings of one-directional records that belong together."""
_CLIENT = np.concatenate([np.arange(40, 460), np.arange(2780, 2930)])
"""Octets of a message that clients are tried with; the upper ones are Equihash solutions."""
LONGEST = 2000
"""Octets of the longest message that a pool pushes (Stratum v1 jobs measure 1,400)."""
_ANSWERS = np.arange(20, 520)
TRIED = 4
"""Sizes of shares, and of answers to each, that are looked at closely."""
MOST_MESSAGES = 60
"""Messages of a record, beyond which their size is not told from its neighbours."""
_HIT, _MISS, _ALONE = 0.9, 0.1, 0.05
"""How often a record comes out if sizes are right (a keepalive or a reconnection spoils some), if not, and how often
what shares leave over is nothing by chance."""


class Rows(NamedTuple):
    """Records in order of time: nanoseconds int64 (k,); octets and packets of client and server float64 (k,)."""

    since: np.ndarray
    client_octets: np.ndarray
    client_packets: np.ndarray
    server_octets: np.ndarray
    server_packets: np.ndarray

    def chosen(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        return Rows(*(column[rows] for column in self))


class Lattice(NamedTuple):
    """``size`` of one message, ``nats`` by which it is better than chance, ``counts`` (k,) of messages in each record
    (0 where it does not come out), ``held`` bool (k,): which records come out, ``data`` bool (k,): which hold data.
    """

    size: int
    nats: float
    counts: np.ndarray
    held: np.ndarray
    data: np.ndarray

    def spread_out(self, rows: np.ndarray) -> Lattice:
        """The same of more records, of which ``rows`` bool (n,) are these; the others hold no data and come out."""
        counts, held, data = np.zeros(len(rows)), ~rows, np.zeros(len(rows), bool)
        counts[rows], held[rows], data[rows] = self.counts, self.held, self.data
        return self._replace(counts=counts, held=held, data=data)

    def part(self) -> float:
        """Share of the records with data that come out; 0 where there is no data."""
        return float(self.held[self.data].mean()) if self.data.any() else 0.0


class Both(NamedTuple):
    """What explains both directions: shares, octets of their answer (0 for none), and what the server pushed."""

    client: Lattice
    answer: float
    pushes: Lattice


class Rebuilt(NamedTuple):
    """Messages of one conversation, over ``seconds``: ``shares`` of ``share`` octets by the client, each answered by
    ``answer`` octets, and ``pushes`` of ``pushed`` octets by the server, ``unasked`` of them in records that hold more
    of them than shares. NaN for sizes that are not told. ``client_data`` and ``server_data`` records hold data, of
    which ``client_held`` and ``server_held`` come out so; ``client_cv`` and ``server_cv`` are spreads of intervals.
    """

    seconds: float
    share: float
    shares: float
    client_held: float
    client_data: int
    answer: float
    pushed: float
    pushes: float
    unasked: float
    server_held: float
    server_data: int
    client_cv: float
    server_cv: float


def paired(rows: Rows) -> Rows:
    """One-directional records joined where both directions began at one moment; those without a partner stay."""
    up = (rows.client_packets > 0) & (rows.server_packets == 0)
    down = (rows.server_packets > 0) & (rows.client_packets == 0)
    if not up.any() or not down.any():
        return rows
    asked, answers = np.flatnonzero(up), np.flatnonzero(down)
    at = np.searchsorted(rows.since[answers], rows.since[asked])
    before, after = np.maximum(at - 1, 0), np.minimum(at, len(answers) - 1)
    gaps = [np.abs(rows.since[answers[near]] - rows.since[asked]) for near in (before, after)]
    near = answers[np.where(gaps[0] <= gaps[1], before, after)]
    fits = np.minimum(*gaps) <= SAME_MOMENT
    octets, packets = rows.server_octets.copy(), rows.server_packets.copy()
    octets[asked[fits]], packets[asked[fits]] = octets[near[fits]], packets[near[fits]]
    kept = ~down
    return rows._replace(server_octets=octets, server_packets=packets).chosen(kept)


def rebuild(rows: Rows) -> Rebuilt | None:
    """The messages of one conversation; None where its records are too few or hold too little.

    The first record is left out: it holds a login or a handshake.
    """
    joined = paired(rows.chosen(np.argsort(rows.since, kind="stable")))
    joined = joined.chosen(np.arange(1, min(len(joined.since), MOST + 1)))
    if len(joined.since) < LEAST:
        return None
    found = [Both(client, *_server(joined, client)) for client in _clients(joined)]
    best = max(found, key=lambda both: both.client.nats + both.pushes.nats)
    client, pushes = best.client, best.pushes
    messages = 2 * client.counts.sum() + pushes.counts.sum()
    enough = messages >= FEW * (joined.client_packets.sum() + joined.server_packets.sum())
    shares = enough and client.part() >= WHOLE and client.nats >= SURE
    pushed = enough and pushes.part() >= WHOLE and 0 < pushes.size <= LONGEST and pushes.nats >= SURE
    pushed = pushed and not (best.answer and abs(pushes.size - best.answer) <= NEAR)
    return Rebuilt(
        seconds=float(joined.since[-1] - joined.since[0]) / 1e9,
        share=client.size if shares else np.nan,
        shares=float(client.counts.sum()) if shares else 0.0,
        client_held=client.part() if shares else 0.0,
        client_data=int((joined.client_octets - joined.client_packets * BARE[1] >= DATA).sum()),
        answer=best.answer if shares and best.answer else np.nan,
        pushed=pushes.size if pushed else np.nan,
        pushes=float(pushes.counts.sum()) if pushed else 0.0,
        unasked=float(pushes.counts[pushes.counts > client.counts].sum()) if pushed else 0.0,
        server_held=pushes.part(),
        server_data=int(pushes.data.sum()),
        client_cv=spread(joined.since, client.counts) if shares else np.nan,
        server_cv=spread(joined.since, pushes.counts) if pushed else np.nan,
    )


def spread(since: np.ndarray, counts: np.ndarray) -> float:
    """Spread of intervals (standard deviation over mean) of which ``counts`` began with each record; NaN for few.

    The variance of counts over their mean tends to the square of the intervals' spread (renewal theory).
    """
    lasted = np.diff(since) / 1e9
    counts, lasted = counts[:-1][lasted > 0], lasted[lasted > 0]
    if len(counts) < 5 or counts.sum() < 5:
        return float("nan")
    expected = counts.sum() / lasted.sum() * lasted
    return float(np.sqrt((((counts - expected) ** 2) / expected).sum() / (len(counts) - 1)))


def lattices(data: np.ndarray, sizes: np.ndarray, best: int = 1) -> list[Lattice]:
    """The ``best`` message sizes of which all ``data`` (k,) are multiples, best first.

    A message may be up to two octets longer than the first (numbers grow by digits); chance is how much of all numbers
    such multiples cover. Of records that hold the same, several messages are taken for evidence once: what comes at a
    period fills all records alike, whatever its size.
    """
    counts = np.maximum(np.rint(data[:, None] / (sizes + 0.7)), 1)
    over = data[:, None] - counts * sizes
    near = (np.abs(over) <= 1.5) | (np.abs(over - counts) <= 1.5) | (np.abs(over - 2 * counts) <= 1.5)
    few = (counts <= 3) & (over >= -1) & (over <= 2 * counts + 1)
    held = (near | few) & (counts <= MOST_MESSAGES)
    chance = np.minimum(9.0 / sizes, 0.5)
    each = np.where(held, np.log(_HIT / chance), np.log(_MISS / (1 - chance)))
    nats = (each * (~held | (counts == 1) | _new(data)[:, None])).sum(axis=0) - np.log(len(sizes))
    ranked = np.argsort(-nats, kind="stable")[:best]
    whole = np.ones(len(data), bool)
    return [Lattice(int(sizes[i]), float(nats[i]), counts[:, i] * held[:, i], held[:, i], whole) for i in ranked]


def _new(data: np.ndarray) -> np.ndarray:
    """Which of ``data`` (k,) are the first within two octets of each other."""
    order = np.argsort(data, kind="stable")
    new: np.ndarray = np.ones(len(data), bool)
    new[order[1:]] = np.diff(data[order]) > 2
    return new


def _headers(octets: np.ndarray, packets: np.ndarray, lengths: Sequence[int]) -> list[int]:
    """Which of ``lengths`` a bare acknowledgement may have: no more than the least octets per packet."""
    seen = packets > 0
    least = (octets[seen] / packets[seen]).min() if seen.any() else 0.0
    return [length for length in lengths if length <= least]


def _lengths(rows: Rows) -> Sequence[int]:
    """What acknowledgements may be long: with an Ethernet header where the least of both sides is just that, twice."""
    found = set()
    for octets, packets in ((rows.client_octets, rows.client_packets), (rows.server_octets, rows.server_packets)):
        each = octets[packets > 0] / packets[packets > 0]
        found.add(each.min() if len(each) and (each == each.min()).sum() >= 2 else 0.0)
    return [length for length in FRAMED if found == {length}] or BARE


def _clients(rows: Rows) -> list[Lattice]:
    """What the client's messages may be: nothing, or the few sizes that are best over the lengths of headers."""
    nothing = np.zeros(len(rows.since))
    found: list[Lattice] = []
    for bare in _headers(rows.client_octets, rows.client_packets, _lengths(rows)):
        data = rows.client_octets - bare * rows.client_packets
        with_data = data >= DATA
        if with_data.sum() >= LEAST:
            found += [
                one.spread_out(with_data)
                for one in lattices(data[with_data], _CLIENT, TRIED)
                if one.nats > 0 and one.part() >= WHOLE
            ]
    ranked = sorted(found, key=lambda one: -one.nats)[:TRIED]
    return [Lattice(0, 0.0, nothing, nothing == 0, nothing > 0), *ranked]


def _server(rows: Rows, client: Lattice) -> tuple[float, Lattice]:
    """Octets of an answer (0 for none), and messages that the server pushed, over the rows that the client explains."""
    found = [(0.0, client._replace(size=0, nats=0.0, counts=client.counts * 0, data=client.data & False))]
    for bare in _headers(rows.server_octets, rows.server_packets, _lengths(rows)):
        data = rows.server_octets - bare * rows.server_packets
        with_data = (data >= DATA) & client.held
        shares = client.counts[with_data]
        for answer in _answers(data[with_data], shares):
            pushes = _pushes(data[with_data] - answer * shares, shares)
            found.append((float(answer), pushes.spread_out(with_data)))
    return max(found, key=lambda one: one[1].nats)


def _answers(data: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Octets that each share may be answered with: those for which most records hold answers alone; 0 for no shares."""
    asked = shares > 0
    if asked.sum() < LEAST:
        return np.zeros(1)
    off = data[asked, None] - shares[asked, None] * _ANSWERS
    alone = ((off >= -1) & (off <= 2 * np.minimum(shares[asked, None], 3))).sum(axis=0)
    return _ANSWERS[np.argsort(-alone, kind="stable")[:TRIED]]


def _pushes(left: np.ndarray, shares: np.ndarray) -> Lattice:
    """Messages that make up what answers leave over; records that leave nothing come out as well."""
    alone = (left >= -1.5) & (left <= np.minimum(2 * shares + 1, 7)) & (shares > 0)
    pushed = left >= 3 * DATA
    nats = alone.sum() * np.log(_HIT / _ALONE) + (~alone & ~pushed).sum() * np.log(_MISS) - np.log(len(_ANSWERS))
    nats = float(nats) if shares.any() else 0.0
    counts, held, size = np.zeros(len(left)), alone.copy(), 0
    if pushed.sum() >= 2:
        whole = np.unique(np.rint(left[pushed][:, None] / np.arange(1, 5)).astype(np.int64))
        whole = whole[whole >= 3 * DATA]
        found = lattices(left[pushed], whole)[0]
        counts[pushed], held[pushed], size = found.counts, found.held, found.size
        nats += found.nats + np.log(len(whole)) - np.log(len(_ANSWERS))  # sizes taken from the data are no fewer
    return Lattice(size, nats, counts, held, np.ones(len(left), bool))
