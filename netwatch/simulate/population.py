"""Ordinary traffic of ``three-years``: every service's expected octets an hour, split into plausible Flow Records."""

from __future__ import annotations

import numpy as np

from netwatch.simulate.flowtable import ACTIVE, COMPLETE, ENDED, IDLE, TCP, answers, ipv4, records
from netwatch.simulate.nation import (
    AS_NUMBER,
    FROM,
    HOURS,
    NEW_UPSTREAM,
    NEW_UPSTREAM_SHARE,
    PEERS,
    SERVICES,
    Service,
    level,
    rhythm,
    share,
)

HOUR_STARTS = FROM + 3600 * np.arange(HOURS, dtype=np.int64)
CLIENTS = 60  # inside addresses in use, the first ones most
EPHEMERAL = 49152  # first of the few ephemeral ports in use; fewer differing values pack better
SERVERS = {"web-served": "175.45.176.80", "dns": "175.45.176.15"}


def noise(chance: np.random.Generator) -> np.ndarray:
    """Factor of mean 1 per hour: a daily AR(1) level with Student-t(4) innovations, and hours of their own."""
    days = HOURS // 24
    innovations = np.clip(chance.standard_t(4, days), -4, 4) * 0.035
    daily = np.zeros(days)
    for day in range(1, days):
        daily[day] = 0.6 * daily[day - 1] + innovations[day]
    factor = np.exp(np.repeat(daily, 24) + chance.normal(0, 0.08, HOURS))
    scaled: np.ndarray = factor / factor.mean()
    return scaled


def ordinary(chance: np.random.Generator) -> np.ndarray:
    """Records of all services over the three years, unsorted."""
    expected = level(HOUR_STARTS + 1800.0) * rhythm(HOUR_STARTS + 1800.0) * 3600
    volume = expected * noise(chance)
    return np.concatenate([_service(service, volume * share(service, HOUR_STARTS), chance) for service in SERVICES])


def _service(service: Service, volume: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    hour, octets = _split(volume, service.pairs, chance)
    n = len(hour)
    lasts = chance.integers(40, 1780, n)
    start = HOUR_STARTS[hour] + (chance.random(n) * (3600 - lasts)).astype(np.int64)
    peers, peer_as = _peers(service, n, chance)
    inside = _inside(service, n, chance)
    ephemeral = EPHEMERAL + chance.integers(0, 2048, n)
    ports = (service.port, ephemeral) if service.served else (ephemeral, service.port)
    outwards = records(
        n, start=start, end=start + lasts, source=inside, destination=peers, source_port=ports[0],
        destination_port=ports[1], protocol=service.protocol, source_as=AS_NUMBER, destination_as=peer_as,
        upstream=chance.random(n) < np.where(start >= NEW_UPSTREAM, NEW_UPSTREAM_SHARE, 0.0),
    )  # fmt: skip
    if service.protocol == TCP:
        outwards["flags"] = COMPLETE
        outwards["reason"] = np.where(lasts > 1700, ACTIVE, ENDED)
    else:
        outwards["reason"] = np.where(lasts > 1700, ACTIVE, IDLE)
    inwards = answers(outwards)
    for table, part, size in (
        (inwards, service.inbound, service.sizes[0]),
        (outwards, 1 - service.inbound, service.sizes[1]),
    ):
        table["packets"] = np.maximum(1, np.rint(octets * part / (size * chance.normal(1, 0.04, n).clip(0.85, 1.05))))
        table["octets"] = np.clip(np.rint(octets * part), table["packets"] * 40, table["packets"] * 1500)
    return np.concatenate([outwards, inwards])


def _split(volume: np.ndarray, pairs: float, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(hour index, octets) of each flow: the hours' volumes in lognormal parts, nothing lost.

    Services with less than a flow an hour are pooled over a few hours, and fall more often into the busy ones.
    """
    width = max(1, round(1.2 / pairs))
    edges = np.arange(0, HOURS, width)
    block_volume = np.add.reduceat(volume, edges)
    relative = block_volume / block_volume.mean()
    counts = np.maximum(1, chance.poisson(pairs * width * np.sqrt(relative)))
    block = np.repeat(np.arange(len(edges)), counts)
    weights = chance.lognormal(0, 0.7, len(block))
    octets = block_volume[block] * weights / np.bincount(block, weights)[block]
    reached = np.concatenate([[0.0], np.cumsum(volume)])
    ends = np.append(edges[1:], HOURS)
    at = reached[edges[block]] + chance.random(len(block)) * (reached[ends[block]] - reached[edges[block]])
    hour = np.clip(np.searchsorted(reached, at, "right") - 1, edges[block], ends[block] - 1)
    return hour, octets


def _peers(service: Service, n: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Addresses and AS numbers of the other side; the first peers named carry most."""
    ranks = np.arange(1, len(service.peers) + 1)
    which = chance.choice(len(service.peers), n, p=(1 / ranks) / (1 / ranks).sum())
    numbers = np.array([PEERS[name][0] for name in service.peers])
    first = np.array([ipv4(PEERS[name][1]) for name in service.peers])
    in_use = np.array([PEERS[name][2] for name in service.peers])
    host = (chance.random(n) ** 2 * in_use[which]).astype(np.int64)
    return first[which] + 1 + host, numbers[which]


def _inside(service: Service, n: int, chance: np.random.Generator) -> np.ndarray:
    if service.name in SERVERS:
        return np.full(n, ipv4(SERVERS[service.name]))
    inside: np.ndarray = ipv4("175.45.176.64") + (chance.random(n) ** 2 * CLIENTS).astype(np.int64) * 13
    return inside
