"""Feature table of payloads: between a client and a service, which patterns of the rules were seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from netwatch.fingerprint.applications import service_is_source
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.fingerprint.pattern import Pattern, PatternSet
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows

if TYPE_CHECKING:
    import ibis

    from netwatch.fingerprint.applications import Sieved

MOST_PAIRS = 20_000
MOST_LOOKED_AT = 400_000
"""Heads that are looked at one by one, some 5 microseconds each, however many may match."""
REFERENCES = 8


@dataclass(slots=True)
class Seen:
    """Of one client and service: flows by pattern, and what they count."""

    inbound: bool
    outbound: bool
    since: int
    until: int
    octets: int = 0
    packets: int = 0
    flows: int = 0
    hits: Counter[int] = field(default_factory=Counter)
    references: list[str] = field(default_factory=list)


class Payloads(Features):
    """One row per (client, server, service port, protocol) in whose first payload octets a pattern was found."""

    declared: ClassVar[dict[str, Feature]] = {
        "payload.flows": Feature("flows in whose payload something was found", "flows"),
        "scope.inbound": Feature("from outside to the watched network", "yes/no"),
        "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    }

    def __init__(self, options: FingerprintOptions) -> None:
        super().__init__(options)
        self.left_out = 0
        self._looked = 0
        self._set = PatternSet(())
        self._seen: dict[tuple[int, ...], Seen] = {}

    def prepare(self, patterns: Sequence[Pattern]) -> None:
        """Take over what to look for."""
        self._set = PatternSet(patterns)

    def observe(self, flows: Flows, sieved: Sieved) -> None:
        """Find the patterns in the batch's heads."""
        exchange = flows.exchange
        if exchange is None or not len(exchange) or not self._set.patterns:
            return
        flow = np.flatnonzero(exchange.row >= 0)
        at = exchange.row[flow]
        start, length = exchange.head_start[at].ravel(), exchange.head_length[at].astype(np.int64).ravel()
        held = np.flatnonzero(length > 0)
        heads = held[self._set.candidates(exchange.heads, start[held], length[held])]
        read = heads[: MOST_LOOKED_AT - self._looked]
        self._looked += len(read)
        self.left_out += len(heads) - len(read)
        if not len(read):
            return
        swapped = service_is_source(flows)
        for row, direction in zip(flow[read // 2].tolist(), (read % 2).tolist(), strict=True):
            hits = self._set.matches(exchange.head(row, direction), direction ^ int(swapped[row]))
            if hits:
                self._note(flows, row, hits, swapped=bool(swapped[row]))

    def _note(self, flows: Flows, row: int, hits: list[int], *, swapped: bool) -> None:
        names = ("source", "destination")[:: -1 if swapped else 1]
        client, server = (flows[f"{end}_address"][row].tolist() for end in names)
        port, protocol = int(flows[f"{names[1]}_transport_port"][row]), int(flows["protocol_identifier"][row])
        key = (*client, *server, port, protocol)
        since, until = int(flows["flow_start_nanoseconds"][row]), int(flows["flow_end_nanoseconds"][row])
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= MOST_PAIRS:
                self.left_out += 1
                return
            direction = int(flows["direction"][row]) if "direction" in flows else Direction.OUTSIDE
            towards = (Direction.INBOUND, Direction.OUTBOUND)[:: -1 if swapped else 1]
            seen = self._seen[key] = Seen(direction == towards[0], direction == towards[1], since, until)
        seen.since, seen.until = min(seen.since, since), max(seen.until, until)
        seen.flows += 1
        for way in ("", "reverse_"):
            seen.octets += int(flows[f"{way}octet_delta_count"][row])
            seen.packets += int(flows[f"{way}packet_delta_count"][row])
        seen.hits.update(hits)
        if len(seen.references) < REFERENCES:
            seen.references.append(f"{int(flows['input'][row])}#{int(flows['first_frame'][row])}")

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every pair of client and service in which something was found."""
        kept = sorted(self._seen.items())
        keys = np.array([key for key, _ in kept], np.uint64).reshape(len(kept), 6)
        seen = [one for _, one in kept]
        inbound = np.array([s.inbound for s in seen], bool)
        client, server = keys[:, :2], keys[:, 2:4]
        columns = {p.feature: np.array([s.hits[i] for s in seen], float) for i, p in enumerate(self._set.patterns)}
        columns |= {
            "payload.flows": np.array([s.flows for s in seen], np.float64),
            "scope.inbound": inbound.astype(np.float64),
            "scope.outbound": np.array([s.outbound for s in seen], np.float64),
        }
        return FeatureTable(
            subject=np.where(inbound[:, None], server, client),
            peer=np.where(inbound[:, None], client, server),
            port=keys[:, 4].astype(np.uint16),
            protocol=keys[:, 5].astype(np.uint8),
            since=np.array([s.since for s in seen], np.int64),
            until=np.array([s.until for s in seen], np.int64),
            octets=np.array([s.octets for s in seen], np.float64),
            packets=np.array([s.packets for s in seen], np.float64),
            flows=columns["payload.flows"],
            peers=np.ones(len(seen), np.int64),
            columns=columns,
            references=lambda row: tuple(seen[row].references),
        )
