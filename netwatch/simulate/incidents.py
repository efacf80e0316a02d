"""What happens on ``three-years`` beside ordinary use: a Monero proxy, floods in and out, scans, password guessing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.simulate.exporter import seconds
from netwatch.simulate.flowtable import (
    ACK,
    ACTIVE,
    COMPLETE,
    ENDED,
    IDLE,
    PSH,
    RST,
    SYN,
    TCP,
    UDP,
    answers,
    ipv4,
    records,
)
from netwatch.simulate.nation import AS_NUMBER, FROM, UNTIL

PROXY, POOL, POOL_AS, POOL_PORT = "175.45.178.19", "51.68.1.77", 16276, 14444
UPSTREAM_CONNECTIONS = 2  # of the proxy to the pool; its miners share them
SUBMIT, ACCEPT, JOB = 236, 65, 378  # payload octets of a share, its answer and a job push (XMRig behind xmrig-proxy)
SHARE_EVERY, JOB_EVERY = 12.5, 70.0  # s, per miner and per connection
RECORD_SPAN = 1800  # s: the exporter's active timeout


class Mining(NamedTuple):
    """Miners behind the proxy from one instant on (s)."""

    since: int
    miners: int


MINING = (Mining(seconds("2018-09-03T02:00"), 6), Mining(seconds("2019-05-06T02:00"), 60), Mining(UNTIL, 0))


class Flood(NamedTuple):
    """One episode. ``sources``: how many addresses it comes from; ``rate``: octets/s."""

    class_id: str
    role: str
    since: int
    until: int
    victim: str
    port: int
    sources: int
    rate: float


FLOODS = (
    Flood("dos.reflection.dns", "target", seconds("2017-08-15T12:00"), seconds("2017-08-15T15:00"),
          "175.45.176.80", 53, 320, 5.0e6),
    Flood("dos.flood.syn", "source", seconds("2018-01-22T09:00"), seconds("2018-01-22T13:00"),
          "203.0.113.80", 80, 1, 1.2e5),
    Flood("dos.reflection.ntp", "target", seconds("2019-02-10T20:00"), seconds("2019-02-11T08:00"),
          "175.45.177.33", 123, 210, 3.1e6),
    Flood("dos.flood.udp", "source", seconds("2019-06-25T01:00"), seconds("2019-06-25T05:00"),
          "198.51.100.40", 27015, 1, 2.2e6),
)  # fmt: skip
ATTACKER = {"dos.flood.syn": "175.45.177.23", "dos.flood.udp": "175.45.179.7"}
SCANS, SCANNED = 120, 180  # scans over the years, addresses each
GUESSES, GUESSED_FROM, GUESSED_AT = 30, "203.0.113.45", "175.45.176.22"


def miners(times: np.ndarray) -> np.ndarray:
    """How many miners work behind the proxy at each time (s)."""
    since = np.array([m.since for m in MINING])
    count = np.array([0, *(m.miners for m in MINING)])
    working: np.ndarray = count[np.searchsorted(since, times, "right")]
    return working


def monero(chance: np.random.Generator) -> np.ndarray:
    """The proxy's connections to its pool: memoryless shares, pushed jobs, records cut by the active timeout."""
    made = []
    for connection in range(UPSTREAM_CONNECTIONS):
        start = np.arange(MINING[0].since + 41 * connection, UNTIL - RECORD_SPAN, RECORD_SPAN + 2)
        shares = chance.poisson(miners(start) * RECORD_SPAN / SHARE_EVERY / UPSTREAM_CONNECTIONS)
        jobs = chance.poisson(RECORD_SPAN / JOB_EVERY, len(start))
        # A connection lives for hours; each new one takes a new port.
        life = np.cumsum(chance.random(len(start)) < 0.03)
        port = chance.integers(32768, 61000, life[-1] + 1)[life]
        up = records(
            len(start), start=start, end=start + RECORD_SPAN, source=ipv4(PROXY), destination=ipv4(POOL),
            source_port=port, destination_port=POOL_PORT, protocol=TCP, flags=PSH | ACK, reason=ACTIVE,
            source_as=AS_NUMBER, destination_as=POOL_AS,
        )  # fmt: skip
        down = answers(up)
        bare = chance.binomial(shares, 0.6)  # answers that the client acknowledged at once, without data
        up["packets"], up["octets"] = shares + jobs + bare, shares * (40 + SUBMIT) + (jobs + bare) * 40
        down["packets"], down["octets"] = shares + jobs, shares * (40 + ACCEPT) + jobs * (40 + JOB)
        made += [up, down]
    return np.concatenate(made)


def flood(episode: Flood, chance: np.random.Generator) -> np.ndarray:
    """Records of one episode."""
    kind = episode.class_id.rpartition(".")[2]
    return _reflected(episode, chance) if "reflection" in episode.class_id else _direct(episode, kind, chance)


def _reflected(episode: Flood, chance: np.random.Generator) -> np.ndarray:
    """Large answers from many servers' service port to one of ours that had asked nothing."""
    steps = np.arange(episode.since, episode.until, 900)
    n = len(steps) * episode.sources
    start = np.repeat(steps, episode.sources) + chance.integers(0, 60, n)
    lasts = chance.integers(500, 830, n)
    reflectors = ipv4("198.18.0.0") + chance.choice(1 << 16, episode.sources, replace=False)
    size = 1420 if episode.port == 53 else 468
    weights = chance.lognormal(0, 0.4, n)
    packets = np.maximum(1, np.rint(episode.rate * (episode.until - episode.since) * weights / weights.sum() / size))
    return records(
        n, start=start, end=start + lasts, source=np.tile(reflectors, len(steps)), destination=ipv4(episode.victim),
        source_port=episode.port, destination_port=chance.integers(1024, 65535, n), protocol=UDP, reason=IDLE,
        packets=packets, octets=packets * size, source_as=64511, destination_as=AS_NUMBER,
    )  # fmt: skip


def _direct(episode: Flood, kind: str, chance: np.random.Generator) -> np.ndarray:
    """A flood from one of ours with a new source port for every record and hardly an answer."""
    n = 9000 if kind == "syn" else 3000
    size = 40 if kind == "syn" else 1052
    start = np.sort(chance.integers(episode.since, episode.until - 30, n))
    weights = chance.lognormal(0, 0.5, n)
    packets = np.maximum(1, np.rint(episode.rate * (episode.until - episode.since) * weights / weights.sum() / size))
    out = records(
        n, start=start, end=start + chance.integers(2, 30, n), source=ipv4(ATTACKER[episode.class_id]),
        destination=ipv4(episode.victim), source_port=chance.integers(1024, 65535, n), destination_port=episode.port,
        protocol=TCP if kind == "syn" else UDP, flags=SYN if kind == "syn" else 0, reason=IDLE, packets=packets,
        octets=packets * size, source_as=AS_NUMBER, destination_as=64500,
    )  # fmt: skip
    if kind != "syn":
        return out
    answered = answers(out[chance.random(n) < 0.05])
    answered["flags"], answered["packets"], answered["octets"] = SYN | ACK, 1, 44
    return np.concatenate([out, answered])


def scans(chance: np.random.Generator) -> np.ndarray:
    """Sweeps of the prefix from outside, one port each; a few of the addresses refuse."""
    made = []
    for since in np.sort(chance.integers(FROM, UNTIL - 7200, SCANS)):
        targets = ipv4("175.45.176.0") + chance.choice(1024, SCANNED, replace=False)
        start = since + np.sort(chance.integers(0, 600, SCANNED))
        probes = records(
            SCANNED, start=start, end=start, source=ipv4("192.0.2.0") + int(chance.integers(1, 255)),
            destination=targets, source_port=int(chance.integers(32768, 61000)),
            destination_port=int(chance.choice([22, 23, 445, 3389, 6379])), protocol=TCP, flags=SYN, reason=IDLE,
            packets=1, octets=44, source_as=64499, destination_as=AS_NUMBER,
        )  # fmt: skip
        refused = answers(probes[chance.random(SCANNED) < 0.1])
        refused["flags"], refused["octets"], refused["reason"] = RST | ACK, 40, ENDED
        made += [probes, refused]
    return np.concatenate(made)


def guesses(chance: np.random.Generator) -> np.ndarray:
    """SSH passwords tried on one of ours: flows alike in packets and octets, one after another."""
    made = []
    for since in np.sort(chance.integers(FROM, UNTIL - 7200, GUESSES)):
        n = int(chance.integers(90, 160))
        start = since + np.arange(n) * 7 + chance.integers(0, 3, n)
        tries = records(
            n, start=start, end=start + chance.integers(3, 6, n), source=ipv4(GUESSED_FROM),
            destination=ipv4(GUESSED_AT), source_port=chance.integers(32768, 61000, n), destination_port=22,
            protocol=TCP, flags=COMPLETE, reason=ENDED, source_as=64498, destination_as=AS_NUMBER,
        )  # fmt: skip
        replies = answers(tries)
        tries["packets"] = 14 + chance.integers(0, 3, n)
        tries["octets"] = 1510 + tries["packets"] * 12 + chance.integers(0, 40, n)
        replies["packets"] = 13 + chance.integers(0, 3, n)
        replies["octets"] = 2380 + replies["packets"] * 10 + chance.integers(0, 40, n)
        made += [tries, replies]
    return np.concatenate(made)
