"""Mining sessions of many pools and programs, by their messages' sizes and times, in the clear, in TLS or in a tunnel.

Sizes are those of the protocols' texts (docs/fingerprints.md); what a pool or a program may choose is drawn for each
session. ``netwatch.simulate.miners`` writes sessions whose content matters; here only what encryption leaves does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from typing import NamedTuple

import numpy as np
from lookalikes import POOL_PORTS, Span

from netwatch.simulate.frames import Capture, Endpoint, udp
from netwatch.simulate.sessions import Wire, client_hello, record

PORTS = (*POOL_PORTS, 443, 3334, 3357, 5222, 6688, 9050, 10128, 12020, 13531, 14433, 20535, 33333)


class Message(NamedTuple):
    """``octets`` from ``side`` (0 miner, 1 pool) at ``time``; ``reply`` octets that answer it, 0 none."""

    time: float
    side: int
    octets: int
    reply: int = 0


Talk = Callable[[np.random.Generator, float, float], Iterator[Message]]


def _poisson(chance: np.random.Generator, since: float, until: float, mean: float) -> Iterator[float]:
    at = since + chance.exponential(mean)
    while at < until:
        yield float(at)
        at += chance.exponential(mean)


def _jobs(chance: np.random.Generator, since: float, until: float, block: float, cap: float) -> Iterator[float]:
    """A push at each block and, at the latest, every ``cap`` seconds."""
    at = since
    while at < until:
        at += float(min(chance.exponential(block), cap + chance.normal() * 0.3))
        if at < until:
            yield at


def cryptonote(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """XMRig and xmr-stak: shares without memory, jobs at blocks and refreshes, keepalives at some pools."""
    session, job = ((15, 4), (36, 28), (6, 4), (15, 15))[int(chance.integers(4))]
    share = 164 + session + job - 4 + 14 * int(chance.random() < 0.3)
    pushed = int(chance.choice([253, 279, 310, 363, 378, 442]))
    mean, cap = float(chance.choice([8, 15, 30, 30, 60])), float(chance.choice([22, 45, 60, 120, 120]))
    yield Message(since, 0, int(chance.integers(260, 550)), int(chance.integers(300, 560)))
    shares = (Message(at, 0, share + (i > 9) + (i > 99), 63 + (i > 9) + (i > 99))
              for i, at in enumerate(_poisson(chance, since, until, mean)))  # fmt: skip
    jobs = (Message(at, 1, pushed) for at in _jobs(chance, since, until, 120, cap))
    yield from merge(shares, jobs)


def silent(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """A weak miner at a pool of high difficulty: jobs, hardly a share."""
    pushed, cap = int(chance.integers(250, 480)), float(chance.choice([22, 30, 60, 120]))
    yield Message(since, 0, int(chance.integers(260, 650)), int(chance.integers(300, 560)))
    jobs = (Message(at, 1, pushed + 2 * int(chance.random() < 0.2)) for at in _jobs(chance, since, until, 100, cap))
    shares = (Message(at, 0, 235, 64) for at in _poisson(chance, since, until, 500))
    yield from merge(shares, jobs)


def stratum(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """Stratum v1: long jobs every half minute, shares of a hundred octets."""
    share, job = int(chance.integers(97, 122)), int(chance.integers(650, 1374))
    yield Message(since, 0, 75, int(chance.integers(100, 180)))
    yield Message(since + 0.3, 0, int(chance.integers(77, 120)), 36)
    shares = (Message(at, 0, share + (i > 9), 36 + (i > 9))
              for i, at in enumerate(_poisson(chance, since, until, float(chance.choice([3, 6, 12, 30])))))  # fmt: skip
    jobs = (Message(at, 1, job - 65 * int(chance.integers(3))) for at in _jobs(chance, since, until, 600, 31))
    yield from merge(shares, jobs)


def equihash(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """Zcash: shares of 2.9 kB in two segments, short answers, jobs of some 300 octets."""
    yield Message(since, 0, int(chance.integers(98, 107)), int(chance.integers(60, 120)))
    yield Message(since + 0.3, 0, int(chance.integers(81, 109)), 36)
    share, answer = int(chance.integers(2850, 2885)), int(chance.integers(25, 36))
    shares = (Message(at, 0, share, answer) for at in _poisson(chance, since, until, float(chance.choice([6, 15, 30]))))
    job = int(chance.integers(294, 310))
    yield from merge(shares, (Message(at, 1, job) for at in _jobs(chance, since, until, 75, 90)))


def polled(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """eth-proxy: work asked for at a period, hash rate reported, shares without memory."""
    period, report = float(chance.choice([2, 5, 10])), float(chance.choice([10, 20, 60]))
    yield Message(since, 0, int(chance.integers(96, 174)), 38)
    ask, share = int(chance.integers(44, 81)), int(chance.integers(205, 222))
    works = (Message(float(at), 0, ask, 243) for at in np.arange(since + 1, until, period))
    rates = (Message(float(at), 0, 148, 38) for at in np.arange(since + 3.3, until, report))
    shares = (Message(at, 0, share, 38) for at in _poisson(chance, since, until, float(chance.choice([20, 60, 180]))))
    yield from merge(works, rates, shares)


def pushed(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """Ethash work pushed every few seconds; shares and hash rates now and then."""
    mean, size = float(chance.choice([1.6, 4, 10])), int(chance.integers(236, 300))
    yield Message(since, 0, int(chance.integers(96, 174)), 38)
    jobs = (Message(at, 1, size) for at in _poisson(chance, since, until, mean))
    rates = (Message(float(at), 0, 148, 38) for at in np.arange(since + 3.3, until, 60))
    shares = (Message(at, 0, 212, 38) for at in _poisson(chance, since, until, float(chance.choice([30, 90]))))
    yield from merge(jobs, rates, shares)


def kawpow(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """Ravencoin: jobs with target and seed, shares with header and mix hash."""
    yield Message(since, 0, int(chance.integers(60, 90)), 80)
    shares = (Message(at, 0, 252 + (i > 9), 36 + (i > 9))
              for i, at in enumerate(_poisson(chance, since, until, float(chance.choice([5, 10, 20])))))  # fmt: skip
    jobs = (Message(at, 1, 320 + int(chance.integers(3))) for at in _jobs(chance, since, until, 60, 60))
    yield from merge(shares, jobs)


def stratum2(chance: np.random.Generator, since: float, until: float) -> Iterator[Message]:
    """Stratum v2 over Noise: handshake of 64 and 234 octets, frames of exact lengths."""
    yield Message(since, 0, 64, 234)
    yield Message(since + 0.5, 0, int(chance.integers(120, 190)), 44)
    yield Message(since + 1.0, 0, int(chance.integers(70, 110)), int(chance.integers(85, 120)))
    share = int(chance.choice([62, 67, 71]))
    shares = (Message(at, 0, share, 58) for at in _poisson(chance, since, until, float(chance.choice([5, 10, 20]))))
    jobs = (Message(at, 1, 87 if chance.random() < 0.8 else 83 + 86) for at in _jobs(chance, since, until, 600, 30))
    yield from merge(shares, jobs)


TALKS: dict[str, Talk] = {
    "cryptonote": cryptonote, "silent": silent, "stratum": stratum, "equihash": equihash, "polled": polled,
    "pushed": pushed, "kawpow": kawpow, "stratum2": stratum2,
}  # fmt: skip
"""Kinds by name."""


def mine(wire: Wire, span: Span, kind: str, port: int, grown: int = 0) -> None:
    """One session; ``grown`` octets are added to each message by encryption, after a TLS handshake."""
    talk = wire.conversation(span.client, Endpoint(span.server, port), float(wire.chance.uniform(0.02, 0.25)))
    at = talk.open(span.since)
    if grown:
        at = talk.send(at, 0, client_hello("pool.example", wire.chance)[:297])
        at = talk.send(at, 1, record(wire.octets(122), 22) + record(wire.octets(1300)))
        at = talk.send(at, 0, record(wire.octets(53)))
    for message in TALKS[kind](wire.chance, at, span.until):
        at = max(at, message.time)
        at = talk.send(at, message.side, wire.octets(message.octets + grown), acknowledged=not message.reply)
        if message.reply:
            at += float(wire.chance.uniform(0.001, 0.03))
            at = talk.send(at, 1 - message.side, wire.octets(message.reply + grown))


def tunnel(inner: Capture, outer: Capture, ends: tuple[Endpoint, Endpoint], label: str, grown: int) -> None:
    """The frames of one client inside UDP datagrams between two endpoints, each frame grown by ``grown`` octets."""
    client = bytes(int(part) for part in ends[0].address.split("."))
    for time, frame in inner.frames():
        source, sink = ends if frame[26:30] == client else ends[::-1]
        outer.add(time, udp(source, sink, bytes(len(frame) + grown - 42)), label)
