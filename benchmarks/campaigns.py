"""More attacks for ``scenarios.py``: of several kinds at once, in pulses, very slow, of and among the small."""

from __future__ import annotations

import numpy as np
from assaults import (
    ACK,
    RST,
    SYN,
    UDP,
    Assault,
    Make,
    Traffic,
    flood,
    flows,
    number,
    outside,
    own_ports,
    reflection,
    together,
)
from intrusions import slow, tries

SCANNER = number("10.7.2.9")


def pulses(rate: float, on: float, every: float, count: int, **like: object) -> Make:
    """A flood that comes for ``on`` s, ``count`` times, every so many s."""

    def make(random: np.random.Generator) -> Traffic:
        parts = []
        for nth in range(count):
            one = flood(rate, on, **like)(random)  # type: ignore[arg-type]
            one["at"] = one["at"] + nth * every
            parts.append(one)
        return together(*parts)

    return make


def at_once(*makes: Make) -> Make:
    """All of them at one time."""
    return lambda random: together(*(make(random) for make in makes))


def from_within(make: Make) -> Make:
    """The same with one of our hosts as its source."""

    def made(random: np.random.Generator) -> Traffic:
        attack = make(random)
        attack["source"][:] = SCANNER
        return attack

    return made


def reset(make: Make) -> Make:
    """The same, where the target resets what belongs to no connection."""

    def made(random: np.random.Generator) -> Traffic:
        attack = make(random)
        attack |= {"back": attack["packets"], "back_octets": attack["packets"] * 40}
        return attack | {"back_flags": np.full(len(attack["at"]), RST)}

    return made


def anywhere(count: int, every: float, ports: tuple[int, ...]) -> Make:
    """One of our hosts tries addresses of the whole Internet, as bots that spread do; hardly one answers."""

    def make(random: np.random.Generator) -> Traffic:
        up = random.random(count) < 0.02
        return flows(
            count,
            at=np.arange(count) * every,
            source=number("10.7.2.90"),
            source_port=own_ports(random, count),
            target=outside(random, count),
            port=random.choice(ports, count),
            flags=SYN,
            packets=1,
            back=up * 1,
            back_octets=up * 40,
            back_flags=np.where(up, RST | ACK, 0),
        )

    return make


def crawl_over(hosts: int, rate: float, seconds: float) -> Make:
    """UDP to all of so many addresses, little to each."""

    def make(random: np.random.Generator) -> Traffic:
        packets = int(rate * seconds)
        count = packets // 10
        return flows(
            count,
            at=np.sort(random.uniform(0, seconds, count)),
            source=random.choice(outside(random, 400), count),
            source_port=random.integers(1024, 65_535, count),
            target=number("10.7.0.0") + random.integers(0, hosts, count),
            port=random.integers(1024, 65_535, count),
            protocol=UDP,
            packets=10,
            octets=10 * 900,
            seconds=1.0,
        )

    return make


_WIDE = ("scan.horizontal", "scan.block")
_SERVICES = (21, 22, 23, 25, 53, 80, 110, 135, 139, 143, 161, 389, 443, 445, 1433, 3306, 3389, 5432, 5900, 8080)
CAMPAIGNS: dict[str, Assault] = {
    "SYN 2,000/s, 10 s of each minute": Assault(pulses(2000, 10, 60, 6), ("dos.flood.syn",), "target"),
    "UDP 4,000/s of 300, 5 s of each minute": Assault(
        pulses(4000, 5, 60, 6, sources=300, protocol=UDP, flags=0, port="any", size=900), ("dos.flood.udp",), "target"
    ),
    "SYN, UDP and DNS answers at once": Assault(
        at_once(flood(400, 120), flood(800, 120, 200, protocol=UDP, flags=0, size=700), reflection("dns", 300, 120)),
        ("dos.flood.syn", "dos.reflection.dns"),
        "target",
    ),
    "ACK with data 800/s, reset": Assault(reset(flood(800, 60, flags=ACK, size=540)), ("dos.flood.ack",), "target"),
    "SYN-ACK 1,000/s, spoofed": Assault(
        flood(1000, 60, flags=SYN | ACK), ("dos.flood.", "dos.reflection.tcp"), "target"
    ),
    "SYN 500/s among our own": Assault(from_within(flood(500, 60, 1)), ("dos.flood.syn",), "target"),
    "slow bodies, 120 connections of 3": Assault(slow(120, 3, 1200, 1), ("dos.slow",), "target"),
    "UDP over /22, 3 a second each": Assault(crawl_over(1024, 3000, 120), ("dos.carpet",), "target", 1000),
    "UDP over /28, 60 a second each": Assault(crawl_over(16, 960, 120), ("dos.carpet", "dos.flood.udp"), "target"),
    "horizontal, 1 in 10 minutes": Assault(tries(140, 600, (22,), 140), _WIDE, "target", 20),
    "horizontal, all of a /28": Assault(tries(14, 5, (3389,), 14, 0.2), _WIDE, "target", 10),
    "vertical, 1 in 10 minutes": Assault(tries(100, 600, _SERVICES * 5, 1, 1.0), ("scan.",), "target", 15),
    "scanner inside, 20 ports of 200": Assault(
        from_within(tries(4000, 0.2, _SERVICES, 200, 0.5)), ("scan.block", "scan.horizontal"), "source", 50
    ),
    "scanner inside, one port of 250, most answer": Assault(
        from_within(tries(250, 0.4, (9100,), 250, 0.8)), _WIDE, "source", 50
    ),
    "a bot looks for telnet anywhere": Assault(anywhere(3000, 0.1, (23, 2323)), _WIDE, "source", 50),
    "a bot looks for telnet anywhere, slowly": Assault(anywhere(300, 12, (23, 2323)), _WIDE, "source", 50),
}
"""By name."""
