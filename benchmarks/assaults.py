"""Attacks as tables of biflows for ``scenarios.py``: sizes, rates and places other than those of any sample.

Watched is 10.7.0.0/22. Sizes and exchanges are those of the protocols and tools; what a tool may choose is drawn.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Traffic = dict[str, np.ndarray]
Make = Callable[[np.random.Generator], Traffic]
HOUR, DAY = 3600.0, 86_400.0
TCP, UDP, ICMP, GRE = 6, 17, 1, 47
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
DONE = FIN | SYN | PSH | ACK
USUAL = {
    "at": 0.0,
    "seconds": 0.0,
    "source": 0,
    "target": 0,
    "source_port": 0,
    "port": 0,
    "protocol": TCP,
    "packets": 1,
    "octets": 44,
    "back": 0,
    "back_octets": 0,
    "flags": 0,
    "back_flags": 0,
    "fragments": 0,
}
"""Columns of a biflow and what stands in them unless told; ``source`` began it, addresses are IPv4 numbers."""


class Assault(NamedTuple):
    """``make(random)`` gives the attack's biflows; any of ``classes`` (beginnings) with ``role`` is right.

    ``packets``: how many of it a sampled view must have seen before silence is a miss.
    """

    make: Make
    classes: tuple[str, ...]
    role: str
    packets: int = 100


def number(address: str) -> int:
    """An IPv4 address as a number."""
    return int(ipaddress.IPv4Address(address))


def flows(count: int, **columns: object) -> Traffic:
    """``count`` biflows."""
    return {name: np.broadcast_to(np.asarray(columns.get(name, usual)), count).copy() for name, usual in USUAL.items()}


def together(*parts: Traffic) -> Traffic:
    """All of them, in order of time."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in USUAL}
    order = np.argsort(joined["at"], kind="stable")
    return {name: column[order] for name, column in joined.items()}


def outside(random: np.random.Generator, count: int) -> np.ndarray:
    """Addresses of anywhere outside."""
    return random.integers(number("11.0.0.0"), number("223.255.0.0"), count)


def inside(random: np.random.Generator, count: int, hosts: int = 1000) -> np.ndarray:
    """Addresses of the watched network."""
    return number("10.7.0.1") + random.integers(0, hosts, count)


def own_ports(random: np.random.Generator, count: int) -> np.ndarray:
    """Ports that clients take."""
    return random.integers(32_768, 61_000, count)


VICTIM = number("10.7.1.20")


def flood(rate: float, seconds: float, sources: int = 0, leaving: bool = False, **like: object) -> Make:
    """``rate`` packets/s: a flow each of spoofed sources, or a flow a minute of each of so many ``sources``."""

    def make(random: np.random.Generator) -> Traffic:
        packets = int(rate * seconds)
        count = min(packets, sources * max(1, int(seconds // 60))) if sources else packets
        each = np.maximum(1, random.multinomial(packets, np.full(count, 1 / count))) if sources else np.ones(count, int)
        at = np.sort(random.uniform(0, max(1e-3, seconds - (60 if sources else 0)), count))
        pool = outside(random, sources) if sources else outside(random, count)
        given = dict(like)
        size = given.pop("size", 44)
        if given.get("port") == "any":
            given["port"] = random.integers(1, 65_535, count)
        made = flows(
            count,
            at=at,
            packets=each,
            source=random.choice(pool, count) if sources else pool,
            target=VICTIM,
            octets=each * size,
            seconds=min(60.0, seconds) if sources else 0.0,
            **{"flags": SYN, "port": 80, "source_port": random.integers(1024, 65_535, count), **given},
        )
        answered = random.random(count) < float(given.get("answered", 0.0))  # type: ignore[arg-type]
        made["back"] = np.where(answered, made["packets"], 0)
        made["back_octets"], made["back_flags"] = made["back"] * 44, np.where(answered, SYN | ACK, 0)
        if leaving:
            made["source"] = inside(random, count) if not sources else np.resize(inside(random, sources), count)
            made["target"][:] = number("198.51.100.20")
        return made

    return make


REFLECTED: dict[str, tuple[int, int]] = {
    "dns": (53, 1350),
    "ntp": (123, 468),
    "ssdp": (1900, 330),
    "memcached": (11211, 1428),
    "cldap": (389, 1450),
    "chargen": (19, 1100),
    "qotd": (17, 180),
    "snmp": (161, 1300),
    "netbios": (137, 220),
    "rip": (520, 532),
    "portmap": (111, 520),
    "mdns": (5353, 310),
    "quake": (27960, 820),
    "steam": (27015, 190),
    "wsd": (3702, 1250),
    "arms": (3283, 1062),
    "coap": (5683, 540),
    "slp": (427, 1450),
    "stun": (3478, 140),
    "ike": (500, 320),
    "openvpn": (1194, 86),
    "ubiquiti": (10001, 190),
    "plex": (32414, 230),
    "dvr": (37810, 420),
    "jenkins": (33848, 180),
    "rdp": (3389, 1280),
    "tp240": (10074, 320),
    "vxworks": (17185, 150),
    "sip": (5060, 520),
}
"""Port that answers, and octets of an answer with headers (section 4.2 of the sources that the rules name)."""


def reflection(name: str, rate: float, seconds: float = 60.0, servers: int = 200, hosts: int = 1) -> Make:
    """Answers of so many servers to ``hosts`` addresses that asked nothing."""
    port, size = REFLECTED[name]

    def make(random: np.random.Generator) -> Traffic:
        packets = int(rate * seconds)
        count = min(packets, servers * max(1, hosts // 4))
        each = np.maximum(1, random.multinomial(packets, np.full(count, 1 / count)))
        last = random.uniform(seconds / 2, seconds, count)
        return flows(
            count,
            at=random.uniform(0, seconds / 2, count),
            seconds=last - seconds / 2,
            packets=each,
            octets=each * np.maximum(60, (size * random.normal(1, 0.05, count)).astype(int)),
            protocol=UDP,
            source=random.choice(outside(random, servers), count),
            source_port=port,
            target=VICTIM if hosts == 1 else number("10.7.0.0") + random.integers(0, hosts, count),
            port=random.integers(1024, 65_535, count),
        )

    return make


def reflecting(name: str, rate: float, seconds: float, gain: int) -> Make:
    """Servers of the watched network are asked in the name of one victim outside and answer it."""
    port, size = REFLECTED[name]

    def make(random: np.random.Generator) -> Traffic:
        count = int(rate * seconds)
        return flows(
            count,
            at=np.sort(random.uniform(0, seconds, count)),
            protocol=UDP,
            source=number("198.51.100.44"),
            source_port=random.integers(1024, 65_535, count),
            target=inside(random, count, 5),
            port=port,
            octets=64,
            back=gain,
            back_octets=gain * size,
        )

    return make


def backscatter(random: np.random.Generator) -> Traffic:
    """SYN-ACKs of one server outside to addresses of ours that its flooder wrote as senders."""
    n = 600
    return flows(
        n,
        at=np.sort(random.uniform(0, 900, n)),
        source=number("203.0.113.80"),
        source_port=443,
        flags=SYN | ACK,
        target=number("10.7.0.0") + random.integers(0, 1024, n),
        port=random.integers(1024, 65_535, n),
    )


def answered_by_tcp(random: np.random.Generator) -> Traffic:
    """SYN-ACKs of many servers to one address that asked none of them."""
    n = 12_000
    return flows(
        n,
        at=np.sort(random.uniform(0, 90, n)),
        source=random.choice(outside(random, 900), n),
        packets=2,
        source_port=random.choice([80, 443, 179, 22], n),
        flags=SYN | ACK,
        target=VICTIM,
        octets=88,
        port=random.integers(1024, 65_535, n),
    )
