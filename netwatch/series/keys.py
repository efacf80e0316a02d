"""Which entity of each kind a flow belongs to: a number per flow and direction, and its words."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from netwatch.model.address import MAPPED
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows
from netwatch.model.taxonomy import CLASSES, FAMILIES, family

NONE = -1
OTHER = -2
_AHEAD = 1 << 62
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6", 132: "sctp"}
_FAMILY = np.array([FAMILIES.index(family(name)) for name in CLASSES], np.int64)
_OPPOSITE = np.array([Direction.OUTSIDE, Direction.OUTBOUND, Direction.INBOUND, Direction.INTERNAL, Direction.TRANSIT])


class Keys(NamedTuple):
    """int64 (n,) for each direction of the flows; ``NONE`` where there is nothing to say."""

    forward: np.ndarray
    reverse: np.ndarray


def _same(key: np.ndarray) -> Keys:
    return Keys(key, key)


def direction_of(flows: Flows) -> np.ndarray:
    """The flows' direction, int64; TRANSIT where no scope was asked."""
    if "direction" not in flows:
        return np.full(len(flows), Direction.TRANSIT, np.int64)
    return flows["direction"].astype(np.int64)


def own_is_source(flows: Flows) -> np.ndarray:
    """Whether the watched side is the source; of flows between foreigners the source is taken for it."""
    owns: np.ndarray = direction_of(flows) != Direction.INBOUND
    return owns


def _scope(flows: Flows) -> Keys:
    return _same(np.zeros(len(flows), np.int64))


def _direction(flows: Flows) -> Keys:
    forward = direction_of(flows)
    return Keys(forward, _OPPOSITE[forward])


def _class(flows: Flows) -> Keys:
    return _same(
        flows["traffic_class"].astype(np.int64) if "traffic_class" in flows else np.zeros(len(flows), np.int64)
    )


def _family(flows: Flows) -> Keys:
    return _same(_FAMILY[_class(flows).forward])


def _watch(flows: Flows) -> Keys:
    if "watch" not in flows:
        return _same(np.full(len(flows), NONE, np.int64))
    group = flows["watch"].astype(np.int64)
    return _same(np.where(group == 65535, NONE, group))


def _asn(flows: Flows) -> Keys:
    """AS of the other side; 0 (not known) is an entity too."""
    names = ("source_as", "destination_as")
    if names[0] not in flows:
        names = ("bgp_source_as_number", "bgp_destination_as_number")
    return _same(np.where(own_is_source(flows), flows[names[1]], flows[names[0]]).astype(np.int64))


def _port(flows: Flows) -> Keys:
    """Protocol and service port: the destination's where the flow was oriented, else the lower one that is not 0."""
    source, destination = (flows[f"{s}_transport_port"].astype(np.int64) for s in ("source", "destination"))
    lower = np.where(source == 0, destination, np.where(destination == 0, source, np.minimum(source, destination)))
    service = np.where(flows["orientation"] == 0, lower, destination)
    protocol = flows["protocol_identifier"].astype(np.int64)
    has_ports = (protocol == 6) | (protocol == 17) | (protocol == 132)
    return _same(protocol << 16 | np.where(has_ports, service, 0))


def _prefix(flows: Flows) -> Keys:
    """The watched side's /24 or /48."""
    own = np.where(own_is_source(flows)[:, None], flows["source_address"], flows["destination_address"])
    mapped = (own[:, 0] == 0) & (own[:, 1] >> np.uint64(32) == np.uint64(MAPPED >> 32))
    v4 = (own[:, 1] & np.uint64(0xFFFFFF00)).astype(np.int64)
    return _same(np.where(mapped, v4, (own[:, 0] >> np.uint64(16)).astype(np.int64) | _AHEAD))


def _upstream(flows: Flows) -> Keys:
    """Of what leaves or passes: the next AS, else the next hop's IPv4 address (or the last 61 bits of an IPv6 one).

    What comes in has the watched side's own router as its next hop, so it tells of no upstream; nor does a biflow's
    reverse direction, whose way in is not in the record.
    """
    adjacent = flows["bgp_next_adjacent_as_number"].astype(np.int64)
    low = flows["next_hop_address"][:, 1]
    known = flows["next_hop_address"].any(axis=1) & (low != np.uint64(MAPPED))
    hop = (low & np.uint64((1 << 61) - 1)).astype(np.int64)
    mapped = low >> np.uint64(32) == np.uint64(MAPPED >> 32)
    hop = np.where(mapped, hop & 0xFFFFFFFF, hop | (1 << 61)) | _AHEAD
    key = np.where(adjacent > 0, adjacent, np.where(known, hop, NONE))
    leaves = np.isin(direction_of(flows), (Direction.OUTBOUND, Direction.TRANSIT))
    return Keys(np.where(leaves, key, NONE), np.full(len(key), NONE, np.int64))


KEYS: dict[str, Callable[[Flows], Keys]] = {
    "scope": _scope,
    "direction": _direction,
    "family": _family,
    "watch": _watch,
    "class": _class,
    "asn": _asn,
    "port": _port,
    "prefix": _prefix,
    "upstream": _upstream,
}


def words(kind: str, key: int, watch: tuple[str, ...]) -> str:
    """The entity's value as people write it."""
    if key == OTHER:
        return "other"
    if kind == "watch":
        return watch[key] if key < len(watch) else f"group {key}"
    if kind in ("prefix", "upstream"):
        return _network(key) if kind == "prefix" else _next(key)
    if kind == "asn":
        return f"AS{key}" if key else "unknown"
    if kind == "port":
        protocol, port = key >> 16, key & 0xFFFF
        name = _PROTOCOLS.get(protocol, f"protocol {protocol}")
        return f"{name}/{port}" if protocol in (6, 17, 132) else name
    names = {"scope": ("all",), "direction": Direction.names, "family": FAMILIES, "class": CLASSES}[kind]
    return names[key]


def _network(key: int) -> str:
    if key & _AHEAD:
        return str(ipaddress.IPv6Network(((key & ~_AHEAD) << 80, 48)))
    return str(ipaddress.IPv4Network((key, 24)))


def _next(key: int) -> str:
    if not key & _AHEAD:
        return f"AS{key}"
    rest = key & ~_AHEAD
    return f"next hop …{rest & ((1 << 61) - 1):x}" if rest >> 61 else f"next hop {ipaddress.IPv4Address(rest)}"
