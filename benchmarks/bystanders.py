"""Ordinary traffic that fails, floods or repeats by itself, as ``innocents.py``: broken paths, discovery, streams that
nobody answers, probes. Tables of biflows for ``scenarios.py``, of which nothing may be told.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from assaults import (
    ACK,
    DONE,
    HOUR,
    ICMP,
    RST,
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

Random = np.random.Generator
HOST, WEB = number("10.7.2.40"), number("198.51.100.0")


def web(random: Random, count: int, over: float, source: object, targets: np.ndarray | int = 300) -> Traffic:
    """Visits to web servers that are answered."""
    size = random.lognormal(9.5, 1.5, count).astype(int) + 400
    there = WEB + random.zipf(1.6, count) % targets if isinstance(targets, int) else random.choice(targets, count)
    return flows(
        count,
        at=np.sort(random.uniform(0, over, count)),
        seconds=random.lognormal(1.5, 1.2, count),
        source=source,
        source_port=own_ports(random, count),
        target=there,
        port=443,
        packets=6 + size // 3000,
        octets=900 + size // 20,
        back=6 + size // 1200,
        back_octets=size,
        flags=DONE,
        back_flags=DONE,
    )


def silent_quic(random: Random) -> Traffic:
    """A firewall drops QUIC: each site is tried over UDP 443 four times in vain, then visited over TCP."""
    visits = web(random, 400, HOUR, HOST)
    tried = visits | {name: visits[name] * 0 for name in ("back", "back_octets", "back_flags", "flags")}
    n = len(visits["at"])
    tried |= {
        "at": visits["at"] - 0.3,
        "protocol": np.full(n, UDP),
        "packets": np.full(n, 4),
        "octets": np.full(n, 5120),
        "source_port": own_ports(random, n),
        "seconds": np.full(n, 1.8),
    }
    return together(visits, tried)


def broken_path(random: Random) -> Traffic:
    """A laptop whose way out is down for ten minutes: 60 sites are asked for, each again and again, none answers."""
    n = 60
    site = WEB + random.permutation(300)[:n]
    at = random.uniform(0, 500, n)
    again = [
        flows(
            n,
            at=at + wait,
            seconds=15.0,
            source=HOST,
            source_port=own_ports(random, n),
            target=site,
            port=443,
            packets=5,
            octets=300,
            flags=SYN,
        )
        for wait in (0.0, 0.25, 30.0, 62.0)
    ]
    return together(*again, web(random, 200, HOUR, HOST) | {"at": np.sort(random.uniform(700, HOUR, 200))})


def discovery(protocol_port: int, answers: int, every: float) -> Callable[[Random], Traffic]:
    """A host asks a group of multicast; each device answers it from its own address (SSDP, WS-Discovery, mDNS)."""

    def make(random: Random) -> Traffic:
        rounds = int(HOUR / every)
        at = np.arange(rounds) * every + 5
        asked = flows(
            rounds,
            at=at,
            seconds=2.0,
            source=HOST,
            source_port=50_200,
            target=number("239.255.255.250"),
            port=protocol_port,
            protocol=UDP,
            packets=3,
            octets=3 * 174,
        )
        n = rounds * answers
        told = flows(
            n,
            at=np.repeat(at, answers) + random.uniform(0.05, 3, n),
            source=number("10.7.1.10") + np.tile(np.arange(answers), rounds),
            source_port=protocol_port,
            target=HOST,
            port=50_200,
            protocol=UDP,
            packets=4,
            octets=4 * 380,
        )
        return together(asked, told)

    return make


def cameras(random: Random) -> Traffic:
    """Forty cameras stream RTP to one recorder, 350 datagrams a second each; a report back now and then."""
    n = 40
    sent = 350 * 1700
    video = flows(
        n,
        at=random.uniform(0, 40, n),
        seconds=1700.0,
        source=number("10.7.1.100") + np.arange(n),
        source_port=6970,
        target=number("10.7.0.9"),
        port=20_000 + 2 * np.arange(n),
        protocol=UDP,
        packets=sent,
        octets=sent * 1250,
    )
    reports = flows(
        n,
        at=video["at"],
        seconds=1700.0,
        source=video["source"],
        source_port=6971,
        target=number("10.7.0.9"),
        port=video["port"] + 1,
        protocol=UDP,
        packets=340,
        octets=340 * 80,
        back=340,
        back_octets=340 * 80,
    )
    return together(video, reports)


def television(random: Random) -> Traffic:
    """Twelve channels of IPTV come by multicast, 700 datagrams a second each, and nobody answers a group."""
    n = 12
    return flows(
        n,
        at=random.uniform(0, 20, n),
        seconds=1750.0,
        source=number("203.0.113.30"),
        source_port=5000,
        target=number("239.1.1.1") + np.arange(n),
        port=5000,
        protocol=UDP,
        packets=700 * 1750,
        octets=700 * 1750 * 1356,
    )


def calls(random: Random) -> Traffic:
    """A switchboard: 300 calls of three minutes, RTP both ways, one in ten on hold so that one side is silent."""
    n = 300
    lasts = random.exponential(180, n) + 5
    sent = (lasts * 50).astype(int)
    heard = random.random(n) > 0.1
    return flows(
        n,
        at=np.sort(random.uniform(0, HOUR, n)),
        seconds=lasts,
        source=number("203.0.113.60") + random.integers(0, 6, n),
        source_port=random.integers(16_384, 32_768, n) // 2 * 2,
        target=number("10.7.0.60"),
        port=random.integers(10_000, 20_000, n) // 2 * 2,
        protocol=UDP,
        packets=sent,
        octets=sent * 200,
        back=heard * sent,
        back_octets=heard * sent * 200,
    )


def server_browser(random: Random) -> Traffic:
    """A player's list of game servers: 1,500 are asked, each at a port of its own or a usual one; many are gone."""
    n = 1500
    up = random.random(n) < 0.7
    return flows(
        n,
        at=np.sort(random.uniform(0, 40, n)),
        seconds=0.2,
        source=HOST,
        source_port=27_005,
        target=outside(random, n),
        port=27_015 + random.integers(0, 40, n) * (random.random(n) < 0.5),
        protocol=UDP,
        packets=2,
        octets=2 * 53,
        back=up * 2,
        back_octets=up * 2 * 210,
    )


def peers_for_updates(random: Random) -> Traffic:
    """Delivery of updates among PCs: each of 60 tries five others at port 7680, of which few listen."""
    n = 300
    who = np.repeat(np.arange(60), 5)
    here = random.random(n) < 0.35
    size = here * random.lognormal(13, 1, n).astype(int)
    return flows(
        n,
        at=np.sort(random.uniform(0, HOUR, n)),
        seconds=np.where(here, 30.0, 9.0),
        source=number("10.7.2.1") + who,
        source_port=own_ports(random, n),
        target=number("10.7.2.1") + random.integers(0, 200, n),
        port=7680,
        packets=np.where(here, 12 + size // 2800, 4),
        octets=np.where(here, 900 + size // 25, 208),
        back=here * (10 + size // 1400),
        back_octets=size,
        flags=np.where(here, DONE, SYN),
        back_flags=here * DONE,
    )


def watched_by_ping(random: Random) -> Traffic:
    """A monitor pings 250 hosts each minute, a quarter of which are switched off."""
    hosts, rounds = 250, 60
    n = hosts * rounds
    up = np.tile(random.random(hosts) < 0.75, rounds)
    return flows(
        n,
        at=np.repeat(np.arange(rounds) * 60.0, hosts) + np.tile(np.arange(hosts) * 0.2, rounds),
        source=number("10.7.0.8"),
        target=number("10.7.1.0") + np.tile(np.arange(hosts), rounds),
        port=2048,
        protocol=ICMP,
        octets=84,
        back=up * 1,
        back_octets=up * 84,
    )


def refused_at_once(random: Random) -> Traffic:
    """A service is restarted: for two minutes 120 clients are refused and try again each second or two."""
    n = 6000
    return flows(
        n,
        at=np.sort(random.uniform(0, 120, n)),
        source=number("10.7.2.1") + random.integers(0, 120, n),
        source_port=own_ports(random, n),
        target=number("10.7.0.30"),
        port=8443,
        octets=60,
        back=1,
        back_octets=40,
        flags=SYN,
        back_flags=RST | ACK,
    )


def half_open(random: Random) -> Traffic:
    """A table of a firewall was lost: 500 connections of long ago send on, and are reset or not answered."""
    n = 500
    reset = random.random(n) < 0.5
    return flows(
        n,
        at=np.sort(random.uniform(0, 120, n)),
        seconds=random.uniform(0, 20, n),
        source=random.choice(outside(random, 300), n),
        source_port=own_ports(random, n),
        target=VICTIM,
        port=443,
        packets=3,
        octets=360,
        flags=ACK,
        back=reset * 1,
        back_octets=reset * 40,
        back_flags=np.where(reset, RST, 0),
    )


BYSTANDERS: dict[str, Callable[[Random], Traffic]] = {
    "QUIC dropped by a firewall": silent_quic,
    "a way out that is down for ten minutes": broken_path,
    "SSDP: 60 devices answer": discovery(1900, 60, 120),
    "WS-Discovery: 40 devices answer": discovery(3702, 40, 300),
    "mDNS: 30 devices answer": discovery(5353, 30, 60),
    "cameras and their recorder": cameras,
    "television by multicast": television,
    "switchboard, 300 calls": calls,
    "list of game servers": server_browser,
    "updates among PCs": peers_for_updates,
    "monitor that pings, a quarter off": watched_by_ping,
    "restart of a service": refused_at_once,
    "connections that a firewall forgot": half_open,
}
