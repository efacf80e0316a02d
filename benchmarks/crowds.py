"""Ordinary traffic of many at once, as ``innocents.py``: swarms, crawlers, backups, caches, gateways, a power cut.

Tables of biflows for ``scenarios.py``, of which nothing may be told.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from assaults import (
    DAY,
    DONE,
    HOUR,
    SYN,
    UDP,
    VICTIM,
    Traffic,
    flows,
    number,
    outside,
    own_ports,
    together,
)
from bystanders import HOST, Random, web


def seeding(random: Random) -> Traffic:
    """A seed of a torrent inside: 3,000 peers over uTP at its one port, some that it does not answer any more."""
    n = 3000
    here = random.random(n) < 0.8
    taken = here * random.lognormal(5, 2, n).astype(int)
    return flows(
        n,
        at=np.sort(random.uniform(0, HOUR, n)),
        seconds=np.where(here, 240.0, 9.0),
        source=outside(random, n),
        source_port=random.integers(6881, 65_535, n),
        target=VICTIM,
        port=51_413,
        protocol=UDP,
        packets=np.where(here, 6 + taken // 2, 3),
        octets=np.where(here, 480 + taken * 24, 180),
        back=here * (6 + taken),
        back_octets=here * (700 + taken * 1400),
    )


def crawler(random: Random) -> Traffic:
    """A search engine's machine inside visits 6,000 sites, of which one in twelve is gone."""
    n, m = 6000, 500
    there = outside(random, n)
    dead = flows(
        m,
        at=np.sort(random.uniform(0, HOUR, m)),
        seconds=7.0,
        source=HOST,
        source_port=own_ports(random, m),
        target=outside(random, m),
        port=random.choice([80, 443], m),
        packets=3,
        octets=180,
        flags=SYN,
    )
    return together(web(random, n, HOUR, HOST, there), dead)


def crawled(random: Random) -> Traffic:
    """Three search engines read a web server inside, from 60 addresses of three networks."""
    n = 5000
    who = np.repeat([number("66.249.64.0"), number("40.77.167.0"), number("157.55.39.0")], 20) + np.arange(60)
    return web(random, n, HOUR, random.choice(who, n)) | {"target": np.full(n, VICTIM)}


def watched_from_outside(random: Random) -> Traffic:
    """An uptime service tries four web servers and a mail server of ours from 20 places each minute."""
    places, rounds, servers = 20, 60, 5
    n = places * rounds
    turn = np.arange(n)
    return flows(
        n,
        at=np.sort(random.uniform(0, HOUR, n)),
        seconds=0.4,
        source=number("203.0.113.150") + turn % places,
        source_port=own_ports(random, n),
        target=VICTIM + turn // places % servers,
        port=np.where(turn // places % servers == 4, 25, 443),
        packets=7,
        octets=820 + random.integers(0, 5, n),
        back=6,
        back_octets=3600 + random.integers(0, 60, n),
        flags=DONE,
        back_flags=DONE,
    )


def nightly_backup(random: Random) -> Traffic:
    """Ninety hosts send what changed to a store outside each night, for ten nights, some far more than others."""
    parts = []
    for night in range(10):
        n = 90
        size = (random.lognormal(18, 1.2, n)).astype(int)
        parts.append(
            flows(
                n,
                at=night * DAY + np.sort(random.uniform(0, 2 * HOUR, n)),
                seconds=size / 2e6 + 5,
                source=number("10.7.2.1") + np.arange(n),
                source_port=own_ports(random, n),
                target=number("198.51.100.240") + random.integers(0, 4, n),
                port=443,
                packets=20 + size // 1400,
                octets=2000 + size,
                back=20 + size // 3000,
                back_octets=4000 + size // 60,
                flags=DONE,
                back_flags=DONE,
            )
        )
    return together(*parts)


def prefetching(random: Random) -> Traffic:
    """A cache of a content network inside fills itself from 200 origins in bursts, and serves 900 clients at once."""
    fills = web(random, 4000, HOUR, number("10.7.0.77"), 200)
    many = 1 + random.integers(0, 200, 4000)
    fills |= {"back": fills["back"] + many * 1000, "back_octets": fills["back_octets"] + many * 1_400_000}
    n = 9000
    served = web(random, n, HOUR, random.choice(outside(random, 900), n)) | {"target": np.full(n, number("10.7.0.77"))}
    return together(fills, served)


def gateway_of_tunnels(random: Random) -> Traffic:
    """A VPN concentrator inside: 250 people over IPsec through NAT, sessions of up to an hour."""
    n = 250
    lasts = random.uniform(600, HOUR, n)
    sent = (lasts * random.lognormal(2, 1.2, n)).astype(int) + 50
    return flows(
        n,
        at=random.uniform(0, 60, n),
        seconds=lasts,
        source=outside(random, n),
        source_port=random.integers(1024, 65_535, n),
        target=number("10.7.0.5"),
        port=4500,
        protocol=UDP,
        packets=sent,
        octets=sent * 320,
        back=sent * 2,
        back_octets=sent * 1500,
    )


def shared_address(random: Random) -> Traffic:
    """A carrier's translator inside: 400 people behind one address, the web, games, torrents and what is gone."""
    here = number("10.7.0.200")
    n, m = 1500, 900
    heard = random.random(n) < 0.5
    swarm = flows(
        n,
        at=np.sort(random.uniform(0, HOUR, n)),
        source=here,
        source_port=random.integers(1024, 65_535, n),
        target=outside(random, n),
        port=random.integers(1024, 65_535, n),
        protocol=UDP,
        octets=132,
        back=heard * 1,
        back_octets=heard * 320,
    )
    gone = flows(
        m,
        at=np.sort(random.uniform(0, HOUR, m)),
        seconds=15.0,
        source=here,
        source_port=random.integers(1024, 65_535, m),
        target=outside(random, m),
        port=random.choice([443, 80, 6881, 5222, 993, 8333], m),
        packets=4,
        octets=240,
        flags=SYN,
    )
    return together(web(random, 20_000, HOUR, here), swarm, gone)


def clocks(random: Random) -> Traffic:
    """Nine hundred hosts ask four time servers outside, every 64 to 1,024 s."""
    parts = []
    for host in range(900):
        every = float(random.choice([64, 128, 256, 1024]))
        n = int(HOUR / every)
        parts.append(
            flows(
                n,
                at=random.uniform(0, every) + every * np.arange(n),
                source=number("10.7.0.1") + host,
                source_port=123,
                target=number("198.51.100.123") + host % 4,
                port=123,
                protocol=UDP,
                octets=76,
                back=1,
                back_octets=76,
            )
        )
    return together(*parts)


def rebooted(random: Random) -> Traffic:
    """After a power cut 300 hosts come back at once: addresses, names, time, sign-on, and updates."""
    n = 300
    who = number("10.7.1.0") + np.arange(n)
    at = random.uniform(0, 40, n)
    given: dict[str, object] = {"source": who, "protocol": UDP}
    return together(
        flows(n, at=at, source=0, source_port=68, target=number("255.255.255.255"), port=67, protocol=UDP,
              packets=2, octets=656),
        flows(n, at=at + 1, source_port=own_ports(random, n), target=number("10.7.0.2"), port=53, octets=70, back=1,
              back_octets=150, **given),
        flows(n, at=at + 2, source_port=123, target=number("10.7.0.2"), port=123, octets=76, back=1, back_octets=76,
              **given),
        flows(n, at=at + 3, source=who, source_port=own_ports(random, n), target=number("10.7.0.3"), port=445,
              packets=40, octets=9000, back=38, back_octets=16_000, flags=DONE, back_flags=DONE, seconds=3.0),
        web(random, 3 * n, 600, np.repeat(who, 3), 4),
    )  # fmt: skip


def telemetry(random: Random) -> Traffic:
    """Two hundred meters each open a connection every five minutes to a collector outside, one reading each."""
    rounds, n = 12, 200
    who = np.tile(np.arange(n), rounds)
    return flows(
        rounds * n,
        at=np.repeat(np.arange(rounds) * 300.0, n) + np.tile(random.uniform(0, 300, n), rounds),
        seconds=1.2,
        source=number("10.7.1.0") + who,
        source_port=own_ports(random, rounds * n),
        target=number("198.51.100.61"),
        port=8883,
        packets=9,
        octets=1300 + random.integers(0, 8, rounds * n),
        back=8,
        back_octets=4100 + random.integers(0, 8, rounds * n),
        flags=DONE,
        back_flags=DONE,
    )


CROWDS: dict[str, Callable[[Random], Traffic]] = {
    "torrent, seeding": seeding,
    "crawler inside": crawler,
    "crawled by search engines": crawled,
    "uptime service outside": watched_from_outside,
    "nightly backup of 90 hosts": nightly_backup,
    "cache that fetches ahead": prefetching,
    "VPN concentrator": gateway_of_tunnels,
    "a carrier's shared address": shared_address,
    "time of 900 hosts": clocks,
    "300 hosts after a power cut": rebooted,
    "meters that report every five minutes": telemetry,
}
