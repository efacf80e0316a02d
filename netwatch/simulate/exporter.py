"""The simulated exporter: records to IPFIX messages laid end to end, one gzip file a month (RFC 7011, RFC 5655).

Written apart from the readers, so that each can be held against the other.
"""

from __future__ import annotations

import datetime as dt
import gzip
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

DOMAIN = 131279
TEMPLATE, SAMPLING_TEMPLATE = 256, 257
PER_MESSAGE = 24  # 16 + 4 + 24 * 55 = 1,340 octets: what fits an Ethernet frame
TEMPLATES_EVERY = 400  # messages

# (element, octets in the record, column of the wire array); IANA IPFIX registry.
FIELDS: tuple[tuple[int, int, str], ...] = (
    (150, 4, "start"),  # flowStartSeconds
    (151, 4, "end"),  # flowEndSeconds
    (8, 4, "source"),  # sourceIPv4Address
    (12, 4, "destination"),  # destinationIPv4Address
    (7, 2, "source_port"),  # sourceTransportPort
    (11, 2, "destination_port"),  # destinationTransportPort
    (4, 1, "protocol"),  # protocolIdentifier
    (6, 1, "flags"),  # tcpControlBits, reduced to one octet
    (136, 1, "reason"),  # flowEndReason
    (1, 8, "octets"),  # octetDeltaCount
    (2, 4, "packets"),  # packetDeltaCount, reduced to four octets
    (10, 2, "ingress"),  # ingressInterface, reduced
    (14, 2, "egress"),  # egressInterface, reduced
    (16, 4, "source_as"),  # bgpSourceAsNumber
    (17, 4, "destination_as"),  # bgpDestinationAsNumber
    (128, 4, "next_as"),  # bgpNextAdjacentAsNumber
    (15, 4, "next_hop"),  # ipNextHopIPv4Address
)
WIRE = np.dtype([(name, f">u{size}") for _, size, name in FIELDS])
INSIDE_INTERFACE = 1


@dataclass(frozen=True, slots=True)
class Upstream:
    """A neighbour over which traffic leaves: AS, interface index and next hop address."""

    as_number: int
    interface: int
    next_hop: int


@dataclass(frozen=True, slots=True)
class Exporter:
    """``inside``: (first, last) of the exporter's own addresses. ``outage``: messages that never arrived, s.

    ``sampled_from``: instant (s) from which one packet in ``interval`` is metered.
    """

    inside: tuple[int, int]
    upstreams: Sequence[Upstream]
    outage: tuple[int, int]
    sampled_from: int
    interval: int

    def thinned(self, table: np.ndarray, chance: np.random.Generator) -> np.ndarray:
        """What random 1-in-``interval`` packet sampling leaves of the records that end once it is on."""
        sampled = table["end"] >= self.sampled_from
        left = chance.binomial(table["packets"][sampled], 1 / self.interval)
        size = table["octets"][sampled] / table["packets"][sampled]
        table = table.copy()
        table["packets"][sampled] = left
        table["octets"][sampled] = np.rint(left * size)
        return table[table["packets"] > 0]

    def write(self, table: np.ndarray, out: Path) -> list[Path]:
        """Write the records, sorted by end, as ``<year>-<month>.ipfix.gz``; sequence numbers run on through it all."""
        months = table["end"].astype("M8[s]").astype("M8[M]")
        cuts = [*np.flatnonzero(np.r_[True, months[1:] != months[:-1]]), len(table)]
        paths, sent = [], 0
        for first, last in pairwise(cuts):
            path = out / f"{months[first]}.ipfix.gz"
            with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
                for message, reached in self._messages(table[first:last], sent):
                    packed.write(message)
                    sent = reached
            paths.append(path)
        return paths

    def _messages(self, table: np.ndarray, sent: int) -> Iterator[tuple[bytes, int]]:
        """Messages of one file, each with the Data Records sent up to its end, those of options included.

        ``sent``: Data Records before this file, which is the sequence number (RFC 7011 section 3.1).
        """
        wire = self._wire(table)
        change = int(np.searchsorted(table["end"], self.sampled_from))
        starts = sorted({*range(0, change, PER_MESSAGE), *range(change, len(table), PER_MESSAGE)})
        for number, (at, until) in enumerate(pairwise([*starts, len(table)])):
            time = int(table["end"][until - 1])
            arrives = not self.outage[0] <= time < self.outage[1]
            after_gap = at > 0 and int(table["end"][at - 1]) < self.outage[1] <= time
            if arrives and (number % TEMPLATES_EVERY == 0 or at == change or after_gap):
                yield _message(_templates() + self._sampling(time), time, sent), sent + 1
                sent += 1
            sent += until - at
            if arrives:
                yield _message(_set(TEMPLATE, wire[at:until].tobytes()), time, sent - (until - at)), sent

    def _wire(self, table: np.ndarray) -> np.ndarray:
        wire = np.zeros(len(table), WIRE)
        for name in WIRE.names or ():
            if name in (table.dtype.names or ()):
                wire[name] = table[name]
        leaves = (table["source"] >= self.inside[0]) & (table["source"] <= self.inside[1])
        interface = np.array([u.interface for u in self.upstreams])[table["upstream"]]
        wire["ingress"] = np.where(leaves, INSIDE_INTERFACE, interface)
        wire["egress"] = np.where(leaves, interface, INSIDE_INTERFACE)
        wire["next_as"] = np.where(leaves, np.array([u.as_number for u in self.upstreams])[table["upstream"]], 0)
        next_hop = np.array([u.next_hop for u in self.upstreams])[table["upstream"]]
        wire["next_hop"] = np.where(leaves, next_hop, self.inside[0] + 1)
        return wire

    def _sampling(self, time: int) -> bytes:
        """Options data: random sampling of one packet in N (samplingAlgorithm 2, samplingInterval N)."""
        interval = self.interval if time >= self.sampled_from else 1
        return _set(SAMPLING_TEMPLATE, struct.pack(">IIB", DOMAIN, interval, 2))


def _set(number: int, body: bytes) -> bytes:
    return struct.pack(">HH", number, 4 + len(body)) + body


def _message(sets: bytes, time: int, sequence: int) -> bytes:
    return struct.pack(">HHIII", 10, 16 + len(sets), time, sequence & 0xFFFF_FFFF, DOMAIN) + sets


def _templates() -> bytes:
    fields = b"".join(struct.pack(">HH", element, size) for element, size, _ in FIELDS)
    template = struct.pack(">HH", TEMPLATE, len(FIELDS)) + fields
    # Scope observationDomainId; then samplingInterval and samplingAlgorithm (section 3.4.2.2).
    options = struct.pack(">HHH6H", SAMPLING_TEMPLATE, 3, 1, 149, 4, 34, 4, 35, 1)
    return _set(2, template) + _set(3, options)


def seconds(written: str) -> int:
    """``2018-03-12`` or ``2018-03-12T06:00`` in UTC as seconds since 1970."""
    return int(dt.datetime.fromisoformat(written).replace(tzinfo=dt.UTC).timestamp())
