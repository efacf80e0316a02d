"""Ordinary traffic that resembles attacks, as tables of biflows for ``scenarios.py``: nothing of it may be told of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from assaults import DONE, HOUR, ICMP, SYN, UDP, VICTIM, Traffic, flows, inside, number, outside, own_ports, together

Random = np.random.Generator
HOST, RESOLVER = number("10.7.2.40"), number("10.7.0.2")


def stream(
    packets: int, seconds: float, size: int, back: int, back_size: int, port: int, **like: object
) -> Callable[[Random], Traffic]:
    """One exchange of datagrams from an inside host, or as told."""
    given = {"source": HOST, "target": number("198.51.100.77"), "source_port": 50_123, "protocol": UDP} | like
    return lambda _: flows(
        1,
        seconds=seconds,
        packets=packets,
        octets=packets * size,
        back=back,
        back_octets=back * back_size,
        port=port,
        **given,
    )


def clients(count: int, over: float, port: int, **like: object) -> Callable[[Random], Traffic]:
    """A service inside and clients from everywhere, each now and then, who are answered."""

    def make(random: Random) -> Traffic:
        who = random.choice(outside(random, max(5, count // 6)), count)
        return flows(
            count,
            at=np.sort(random.uniform(0, over, count)),
            source=who,
            source_port=own_ports(random, count),
            target=VICTIM,
            port=port,
            **like,
        )

    return make


def polls(
    targets: int, every: float, over: float, port: int, base: str, spread: float = 0.02, **like: object
) -> Callable[[Random], Traffic]:
    """One inside host asks each of so many others at a period and is answered."""

    def make(random: Random) -> Traffic:
        rounds = int(over / every)
        n = rounds * targets
        at = np.repeat(np.arange(rounds) * every, targets) + np.tile(np.arange(targets) * every / targets, rounds)
        given = {"source_port": own_ports(random, n)} | like
        return flows(
            n,
            at=at + random.normal(0, spread * every, n) + every,
            source=HOST,
            target=number(base) + np.tile(np.arange(targets), rounds),
            port=port,
            **given,
        )

    return make


def busy_server(random: Random) -> Traffic:
    """A web server inside: 5,000 visits an hour over TCP, 2,000 over QUIC."""
    n = 5000
    size = random.lognormal(9, 1.4, n).astype(int) + 500
    web = clients(
        n,
        HOUR,
        443,
        packets=6 + size // 2800,
        octets=900 + size // 30,
        back=6 + size // 1300,
        back_octets=size,
        flags=DONE,
        back_flags=DONE,
        seconds=random.lognormal(1, 1, n),
    )(random)
    m = 2000
    more = random.lognormal(10, 1.5, m).astype(int) + 3000
    quic = clients(
        m,
        HOUR,
        443,
        protocol=UDP,
        packets=8 + more // 3000,
        octets=2500 + more // 20,
        back=8 + more // 1250,
        back_octets=more,
        seconds=random.lognormal(1, 1, m),
    )(random)
    return together(web, quic)


def resolver(random: Random) -> Traffic:
    """A resolver asks 400 servers 20 names a second; some never answer."""
    n = 36_000
    answered = random.random(n) < 0.97
    return flows(
        n,
        at=np.sort(random.uniform(0, 1800, n)),
        source=RESOLVER,
        source_port=random.integers(1024, 65_535, n),
        target=number("192.0.2.0") + random.zipf(1.3, n) % 400,
        port=53,
        protocol=UDP,
        octets=72,
        back=answered * 1,
        back_octets=answered * random.integers(90, 900, n),
    )


def torrent(random: Random) -> Traffic:
    """A BitTorrent client: DHT from one port, TCP to peers of which two in three are gone."""
    n, m = 4000, 500
    heard = random.random(n) < 0.45
    dht = flows(
        n,
        at=np.sort(random.uniform(0, HOUR, n)),
        source=HOST,
        source_port=51413,
        target=random.choice(outside(random, 1500), n),
        port=random.integers(1024, 65_535, n),
        protocol=UDP,
        octets=132,
        back=heard * 1,
        back_octets=heard * 320,
    )
    here = random.random(m) < 0.33
    size = here * random.lognormal(12, 2, m).astype(int)
    peers = flows(
        m,
        at=np.sort(random.uniform(0, HOUR, m)),
        source=HOST,
        source_port=own_ports(random, m),
        target=outside(random, m),
        port=random.integers(6881, 60_000, m),
        packets=np.where(here, 8 + size // 2800, 4),
        octets=np.where(here, 900 + size // 20, 240),
        back=here * (8 + size // 1400),
        back_octets=size,
        flags=np.where(here, DONE, SYN),
        back_flags=here * DONE,
        seconds=np.where(here, 300.0, 15.0),
    )
    return together(dht, peers)


def mail_server(random: Random) -> Traffic:
    """Outgoing mail to 600 servers; one in eight is down and tried four times."""
    n = 900
    up = random.random(n) < 0.88
    size = random.lognormal(9.5, 1.3, n).astype(int)
    return flows(
        n,
        at=np.sort(random.uniform(0, HOUR, n)),
        source=number("10.7.0.25"),
        source_port=own_ports(random, n),
        port=25,
        target=number("198.18.0.0") + random.integers(0, 600, n),
        packets=np.where(up, 14 + size // 1400, 4),
        octets=np.where(up, 1200 + size, 240),
        back=up * 14,
        back_octets=up * 1500,
        flags=np.where(up, DONE, SYN),
        back_flags=up * DONE,
        seconds=np.where(up, 3.0, 21.0),
    )


def players(random: Random) -> Traffic:
    """A game server inside, 64 players at 30 datagrams a second for half an hour."""
    n = 64
    return flows(
        n,
        at=random.uniform(0, 60, n),
        seconds=1740.0,
        source=outside(random, n),
        source_port=own_ports(random, n),
        target=VICTIM,
        port=27015,
        protocol=UDP,
        packets=52_000,
        octets=52_000 * 90,
        back=52_000,
        back_octets=52_000 * 210,
    )


def syslog(random: Random) -> Traffic:
    """Thirty devices log to one host, half a thousand datagrams a second together, unanswered as syslog is."""
    n = 30
    return flows(
        n,
        at=random.uniform(0, 20, n),
        seconds=1700.0,
        source=number("10.7.1.100") + np.arange(n),
        source_port=514,
        target=number("10.7.0.9"),
        port=514,
        protocol=UDP,
        packets=28_000,
        octets=28_000 * 260,
    )


INNOCENTS: dict[str, Callable[[Random], Traffic]] = {
    "download over QUIC": stream(9_000, 30, 60, 42_000, 1280, 443),
    "upload over QUIC": stream(60_000, 60, 1280, 14_000, 60, 443),
    "video call": stream(180_000, 1200, 700, 180_000, 900, 3478),
    "call through a relay": stream(30_000, 600, 200, 30_000, 200, 50_004),
    "broadcast watched over UDP": stream(2, 900, 60, 400_000, 1350, 5004),
    "WireGuard, busy": stream(200_000, 900, 400, 500_000, 1200, 51_820),
    "IPsec through NAT": stream(120_000, 1200, 500, 150_000, 900, 4500, source_port=4500),
    "OpenVPN": stream(90_000, 1500, 300, 160_000, 900, 1194),
    "speed test": stream(700_000, 15, 1400, 90_000, 60, 8080, protocol=6, flags=DONE, back_flags=DONE),
    "busy web server": busy_server,
    "names answered for others, 300 a second": clients(
        36_000, 120, 53, protocol=UDP, octets=70, back=1, back_octets=180
    ),
    "time told to others, 100 a second": clients(12_000, 120, 123, protocol=UDP, octets=76, back=1, back_octets=76),
    "resolver": resolver,
    "torrent": torrent,
    "mail server": mail_server,
    "game server": players,
    "syslog": syslog,
    "SNMP polls of 200": polls(
        200, 60, HOUR, 161, "10.7.1.0", protocol=UDP, packets=6, octets=540, back=6, back_octets=1500
    ),
    "ssh checks of 60": polls(
        60, 300, 2 * HOUR, 22, "10.7.1.0", packets=6, octets=420, back=5, back_octets=900, flags=DONE, back_flags=DONE
    ),
    "playbook over ssh, 80 hosts": polls(
        80,
        60,
        600,
        22,
        "10.7.1.0",
        packets=60,
        octets=9000,
        back=50,
        back_octets=14_000,
        flags=DONE,
        back_flags=DONE,
        seconds=8.0,
    ),
    "health checks of 10": polls(
        10, 5, HOUR, 8080, "10.7.1.0", packets=5, octets=380, back=4, back_octets=420, flags=DONE, back_flags=DONE
    ),
    "mailboxes looked at every 5 minutes": polls(
        1,
        300,
        10 * HOUR,
        993,
        "198.51.100.90",
        packets=12,
        octets=1500,
        back=11,
        back_octets=5200,
        flags=DONE,
        back_flags=DONE,
    ),
    "database asked 5 times a second": polls(
        1, 0.2, 600, 5432, "10.7.0.30", packets=9, octets=1100, back=8, back_octets=1900, flags=DONE, back_flags=DONE
    ),
    "pings of 100 hosts, 20 each": polls(
        100,
        300,
        HOUR,
        2048,
        "10.7.1.0",
        protocol=ICMP,
        source_port=0,
        packets=20,
        octets=1680,
        back=20,
        back_octets=1680,
        seconds=20.0,
    ),
    "backup": stream(7_000_000, 3000, 1400, 900_000, 60, 443, protocol=6, flags=DONE, back_flags=DONE),
    "long polls of 60 tabs": lambda r: flows(
        60,
        at=r.uniform(0, 30, 60),
        seconds=r.uniform(600, 3000, 60),
        source=HOST,
        source_port=own_ports(r, 60),
        target=number("198.51.100.60"),
        port=443,
        packets=120,
        octets=30_000,
        back=120,
        back_octets=90_000,
        flags=DONE,
        back_flags=DONE,
    ),
    "a crowd behind one address": lambda r: flows(
        3000,
        at=np.sort(r.uniform(0, HOUR, 3000)),
        seconds=r.lognormal(2, 1, 3000),
        source=number("203.0.113.201"),
        source_port=r.integers(1024, 65_535, 3000),
        target=VICTIM,
        port=443,
        packets=12 + r.integers(0, 30, 3000),
        octets=2000 + r.integers(0, 9000, 3000),
        back=14,
        back_octets=9000,
        flags=DONE,
        back_flags=DONE,
    ),
    "QUIC at ports of control systems": lambda r: flows(
        400,
        at=np.sort(r.uniform(0, HOUR, 400)),
        seconds=0.4,
        source=inside(r, 400),
        port=443,
        protocol=UDP,
        source_port=r.choice([20_000, 44_818, 47_808, 27_015, 32_414, 37_810, 10_001, 5353, 3702], 400),
        target=outside(r, 400),
        packets=30,
        octets=2400,
        back=80,
        back_octets=90_000,
    ),
}
