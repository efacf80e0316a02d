"""Long flows of few small messages of ordinary services, drawn from the ranges of their protocols and programs.

A service is a list of streams: who speaks, in what sizes, how often and by what clock, and what answers. Each session
draws what an implementation or an administrator may choose: a period, a fixed size, a mean. Sizes are of TCP payload or
of UDP datagrams before encryption. Services are where they usually are; at a port of a pool is one in 400, about what
was counted of real conversations (4 of 1,537: docs/fingerprints.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

import numpy as np
from lookalikes import POOL_PORTS, Span

from netwatch.simulate.frames import Conversation, Endpoint, udp
from netwatch.simulate.sessions import Wire, client_hello, record

AT_POOLS = 1 / 400
TLS = 22
"""Octets that a TLS 1.3 record adds."""


class Sizes(NamedTuple):
    """From ``low`` to ``high``: one of them a session ("fixed", ``wobble`` octets either way), any ("even") or mostly
    low ones ("text").
    """

    low: int
    high: int
    how: str = "fixed"
    wobble: int = 0


class Stream(NamedTuple):
    """Messages of ``side`` (0 client, 1 server) every ``every`` s (a range of which a session draws one).

    ``clock``: "period" (``jitter`` of it), "chance" (without memory), "bursts" (several at once, without memory).
    ``reply``: sizes of the answer, None for an acknowledgement alone.
    """

    side: int
    sizes: Sizes
    every: tuple[float, float]
    clock: str = "period"
    reply: Sizes | None = None
    jitter: float = 0.02


class Service(NamedTuple):
    """``ports`` where it is; ``over``: "tcp", "tls" or "udp"; ``says``: where sizes and periods are from.

    ``lasts``: s at most, of what sends much.
    """

    ports: tuple[int, ...]
    over: str
    streams: tuple[Stream, ...]
    says: str
    lasts: float = 7200.0


def fixed(low: int, high: int, wobble: int = 0) -> Sizes:
    """One size for a session."""
    return Sizes(low, high, "fixed", wobble)


def even(low: int, high: int) -> Sizes:
    """Any size of a range."""
    return Sizes(low, high, "even")


def text(low: int, high: int) -> Sizes:
    """Sizes of what people or programs write: mostly short."""
    return Sizes(low, high, "text")


def serve(wire: Wire, span: Span, service: Service) -> None:
    """One session of a service."""
    chance = wire.chance
    span = span._replace(until=min(span.until, span.since + service.lasts))
    at_pool = chance.random() < AT_POOLS
    server = Endpoint(span.server, int(chance.choice(POOL_PORTS if at_pool else service.ports)))
    if service.over == "udp":
        client = Endpoint(span.client, wire.port())
        for at, side, octets, reply in _messages(service, chance, span.since, span.until):
            ends = (client, server) if side == 0 else (server, client)
            wire.capture.add(at, udp(*ends, wire.octets(octets)), wire.label)
            if reply:
                back = at + float(chance.uniform(0.01, 0.2))
                wire.capture.add(back, udp(*ends[::-1], wire.octets(reply)), wire.label)
        return
    talk = wire.conversation(span.client, server, float(chance.uniform(0.002, 0.25)))
    at = talk.open(span.since)
    grown = TLS if service.over == "tls" else 0
    if grown:
        at = talk.send(at, 0, client_hello("service.example", chance))
        at = talk.send(at, 1, record(wire.octets(122), 22) + record(wire.octets(int(chance.integers(1500, 4200)))))
        at = talk.send(at, 0, record(wire.octets(53)))
    _talk(wire, talk, _messages(service, chance, at, span.until), at, grown)


def _talk(
    wire: Wire, talk: Conversation, messages: Iterator[tuple[float, int, int, int]], at: float, grown: int
) -> None:
    for time, side, octets, reply in messages:
        at = max(at, time)
        at = talk.send(at, side, wire.octets(octets + grown), acknowledged=not reply)
        if reply:
            at += float(wire.chance.uniform(0.001, 0.05))
            at = talk.send(at, 1 - side, wire.octets(reply + grown))


def _messages(
    service: Service, chance: np.random.Generator, since: float, until: float
) -> Iterator[tuple[float, int, int, int]]:
    """(time, side, octets, octets of the reply) of all streams, in order of time."""
    return merge(*(iter(list(_stream(stream, chance, since, until))) for stream in service.streams))


def _stream(
    stream: Stream, chance: np.random.Generator, since: float, until: float
) -> Iterator[tuple[float, int, int, int]]:
    low, high = stream.every
    every = float(np.exp(chance.uniform(np.log(low), np.log(high)))) if high > low else low
    size, reply = _drawn(stream.sizes, chance), stream.reply and _drawn(stream.reply, chance)
    at = since + float(chance.uniform(0, min(every, 60)))
    while at < until:
        for _ in range(int(chance.integers(1, 6)) if stream.clock == "bursts" else 1):
            yield (
                at,
                stream.side,
                _octets(stream.sizes, size, chance),
                _octets(stream.reply, reply, chance) if stream.reply else 0,
            )
            at += float(chance.uniform(0.05, 0.6)) if stream.clock == "bursts" else 0.0
        away = chance.exponential(every) if stream.clock != "period" else every * (1 + stream.jitter * chance.normal())
        at += max(1e-3, float(away))


def _drawn(sizes: Sizes, chance: np.random.Generator) -> int:
    return int(chance.integers(sizes.low, sizes.high + 1))


def _octets(sizes: Sizes | None, drawn: int | None, chance: np.random.Generator) -> int:
    if sizes is None or drawn is None:
        return 0
    if sizes.how == "fixed":
        return max(1, drawn + (int(chance.integers(-sizes.wobble, sizes.wobble + 1)) if sizes.wobble else 0))
    if sizes.how == "even":
        return int(chance.integers(sizes.low, sizes.high + 1))
    middle = np.log(sizes.low) + 0.35 * (np.log(sizes.high) - np.log(sizes.low))
    return int(np.clip(chance.lognormal(middle, 0.5), sizes.low, sizes.high))
