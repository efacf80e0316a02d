"""Scans, password guessing, slow requests, beacons, uploads and worms as tables of biflows for ``scenarios.py``."""

from __future__ import annotations

import numpy as np
from assaults import (
    ACK,
    DAY,
    DONE,
    PSH,
    RST,
    SYN,
    TCP,
    VICTIM,
    Make,
    Traffic,
    flows,
    number,
    outside,
    own_ports,
    together,
)


def tries(
    count: int,
    every: float,
    ports: tuple[int, ...],
    hosts: int,
    alive: float = 0.1,
    leaving: bool = False,
    packets: int = 1,
    **like: object,
) -> Make:
    """A scan: one try every so many seconds, of ``hosts`` addresses in turn at each of ``ports``."""

    def make(random: np.random.Generator) -> Traffic:
        turn = np.arange(count)
        base = number("198.19.0.0") if leaving else number("10.7.0.1")
        there = random.random(hosts) < alive
        target = turn % hosts
        made = flows(
            count,
            at=turn * every * random.uniform(0.9, 1.1, count),
            source=number("10.7.2.9") if leaving else number("45.155.205.9"),
            target=base + target,
            port=np.array(ports)[turn // hosts % len(ports)],
            packets=packets,
            **{"source_port": own_ports(random, count), "flags": SYN, "octets": 44 * packets, **like},
        )
        answers = there[target]
        made["back"], made["back_octets"] = answers.astype(int), answers * 40
        made["back_flags"] = np.where(answers & (made["protocol"] == TCP), RST | ACK, 0)
        return made

    return make


LOGINS: dict[str, tuple[int, int, int, int]] = {
    "ssh": (22, 15, 2200, 14),
    "rdp": (3389, 24, 3800, 22),
    "ftp": (21, 9, 560, 9),
    "telnet": (23, 14, 700, 13),
    "smb": (445, 9, 1500, 8),
    "mail": (143, 10, 640, 9),
    "http": (443, 10, 1400, 9),
    "db": (3306, 7, 480, 6),
}
"""Port, packets and octets that a refused login sends, and packets back."""


def guesses(name: str, count: int, every: float, sources: int = 1, servers: int = 1, found: bool = False) -> Make:
    """Passwords tried at one service, one connection each."""
    port, packets, octets, back = LOGINS[name]

    def make(random: np.random.Generator) -> Traffic:
        turn = np.arange(count)
        sent = packets + random.integers(0, 3, count)
        sources_of = number("91.240.118.0") + turn % sources
        made = flows(
            count,
            at=turn * every * random.uniform(0.95, 1.05, count),
            seconds=np.minimum(2.5, every * 0.9 + 0.4),
            source=sources_of,
            source_port=own_ports(random, count),
            target=VICTIM + turn // sources % servers,
            port=port,
            packets=sent,
            octets=octets + 52 * (sent - packets) + random.integers(-12, 12, count),
            back=back + sent - packets,
            back_octets=(back + sent - packets) * 150,
            flags=DONE,
            back_flags=DONE,
        )
        if found:
            for name, value in (
                ("packets", 900),
                ("octets", 80_000),
                ("back", 1_100),
                ("back_octets", 900_000),
                ("seconds", 240.0),
            ):
                made[name][-1] = value
        return made

    return make


def slow(connections: int, sources: int, lasts: float, size: int = 52) -> Make:
    """Connections to a web server held open by a line of a header every 10 to 15 s (slowloris)."""

    def make(random: np.random.Generator) -> Traffic:
        seconds = lasts * random.uniform(0.8, 1.0, connections)
        sent = 4 + (seconds / 12).astype(int)
        return flows(
            connections,
            at=random.uniform(0, 10, connections),
            seconds=seconds,
            target=VICTIM,
            port=80,
            packets=sent,
            source=number("45.155.205.7") + np.arange(connections) % sources,
            source_port=own_ports(random, connections),
            octets=220 + sent * (size + 12),
            back=sent - 1,
            back_octets=(sent - 1) * 52,
            flags=SYN | PSH | ACK,
            back_flags=SYN | ACK,
        )

    return make


def beacon(period: float, jitter: float, count: int, port: int = 443) -> Make:
    """Visits to one server, the interval drawn evenly around the period."""

    def make(random: np.random.Generator) -> Traffic:
        at = np.cumsum(period * random.uniform(1 - jitter, 1 + jitter, count))
        return flows(
            count,
            at=at,
            seconds=0.6,
            source=number("10.7.2.77"),
            source_port=own_ports(random, count),
            packets=8,
            target=number("203.0.113.66"),
            port=port,
            octets=900 + random.integers(0, 9, count),
            back=7,
            back_octets=1400 + random.integers(0, 9, count),
            flags=DONE,
            back_flags=DONE,
        )

    return make


def upload(random: np.random.Generator) -> Traffic:
    """A host that has taken for ten days sends 1.2 GB to a stranger within half an hour."""
    usual = 240 * 4
    people = flows(
        usual,
        at=np.sort(random.uniform(0, 10 * DAY, usual)),
        seconds=20.0,
        source=number("10.7.2.50"),
        packets=300,
        source_port=own_ports(random, usual),
        target=number("198.51.100.8"),
        port=443,
        octets=30_000,
        back=900,
        back_octets=random.integers(200_000, 2_000_000, usual),
        flags=DONE,
        back_flags=DONE,
    )
    out = flows(
        1,
        at=10 * DAY + 99,
        seconds=1800.0,
        source=number("10.7.2.50"),
        source_port=50_505,
        port=443,
        octets=1_200_000_000,
        target=number("203.0.113.5"),
        packets=830_000,
        back=400_000,
        back_octets=21_000_000,
        flags=DONE,
        back_flags=DONE,
    )
    return together(people, out)


def worm(random: np.random.Generator) -> Traffic:
    """Inside hosts that scan one port, each after an earlier one has reached it."""
    parts, began = [], {0: 0.0}
    for host in range(1, 10):
        by = int(random.integers(0, host))
        began[host] = began[by] + float(random.uniform(90, 400))
        parts.append(
            flows(
                1,
                at=began[host] - 20,
                source=number("10.7.3.1") + by,
                target=number("10.7.3.1") + host,
                source_port=50_000 + host,
                port=445,
                packets=30,
                octets=9000,
                back=24,
                back_octets=4000,
                flags=DONE,
                back_flags=DONE,
                seconds=3.0,
            )
        )
    for host, since in began.items():
        n = 300
        parts.append(
            flows(
                n,
                at=since + np.arange(n) * 0.4,
                source=number("10.7.3.1") + host,
                port=445,
                flags=SYN,
                target=outside(random, n),
                source_port=own_ports(random, n),
            )
        )
    return together(*parts)
