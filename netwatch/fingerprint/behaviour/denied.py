"""Feature table of names that do not exist: what one client asks of DNS that is answered with NXDOMAIN."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from netwatch.errors import Malformed
from netwatch.fingerprint.behaviour.domains import LOOKUPS, entropy, registered
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows
from netwatch.wire import dns

if TYPE_CHECKING:
    import ibis

    from netwatch.fingerprint.applications import Sieved
    from netwatch.model.exchange import Exchange

UDP, DNS = 17, 53
NO_SUCH_NAME = 3
"""RCODE 3, RFC 1035 section 4.1.1."""
LEAST_NAMES = 10
MOST_CLIENTS = 20_000
MOST_NAMES = 1_024
"""Names that are told apart, per client and domain; more are counted as if new."""
MOST_READ = 200_000
"""Answers whose names are read, some 20 microseconds each, however many there are."""

DECLARED = {
    "denied.names": Feature("different names that do not exist", "names"),
    "denied.new": Feature("of those answers, for a name not asked before", "share"),
    "denied.domains": Feature("registered domains that they lie in", "domains"),
    "denied.share": Feature("of the client's answers, that a name does not exist", "share"),
    "denied.rate": Feature("such answers a second", "answers/s"),
    "denied.entropy": Feature("entropy of the registered label", "bit/character"),
    "denied.length": Feature("characters of the registered label", "characters"),
    "denied.lookup": Feature("a service that is asked about addresses or files", "yes/no"),
    "denied.one_domain": Feature("all in one domain", "yes/no"),
    "scope.inbound": Feature("asked from outside of a server of the watched network", "yes/no"),
}


@dataclass(slots=True)
class Denied:
    """Answers "no such name" to one client, about one domain or (``domain`` empty) about any."""

    server: tuple[int, int]
    reference: str
    inbound: bool
    since: int
    until: int
    answers: int = 0
    octets: int = 0
    names: set[int] = field(default_factory=set)
    domains: set[int] = field(default_factory=set)
    entropy: float = 0.0
    length: int = 0


class DeniedNames(Features):
    """One row per client, and one per (client, registered domain), with enough names that do not exist.

    Bounded in clients, names and names read; what is beyond is counted in ``left_out``.
    """

    declared: ClassVar[dict[str, Feature]] = DECLARED

    def __init__(self, options: FingerprintOptions) -> None:
        super().__init__(options)
        self.left_out = 0
        self._read = 0
        self._denied: dict[tuple[int, int, str], Denied] = {}
        self._answers: dict[tuple[int, int], int] = {}

    def observe(self, flows: Flows, sieved: Sieved) -> None:
        """Look at the head of every answer for its code, and read the names of those that say "no such name"."""
        exchange = flows.exchange
        if exchange is None or not len(sieved.flow):
            return
        asked = (flows["destination_transport_port"] == DNS) & (flows["protocol_identifier"] == UDP)
        told = (flows["source_transport_port"] == DNS) & (flows["protocol_identifier"] == UDP) & ~asked
        for chosen, side in ((asked, 1), (told, 0)):
            rows = np.flatnonzero(chosen & (exchange.row >= 0))
            code = codes(exchange, rows, side)
            denied = rows[code == NO_SUCH_NAME]
            read = denied[: MOST_READ - self._read]
            # What came after the last name that was read is in neither part of a share.
            last = len(flows) if len(read) == len(denied) else int(read[-1]) if len(read) else -1
            self._count(flows, rows[(code >= 0) & (rows <= last)], side)
            self._read += len(read)
            self.left_out += len(denied) - len(read)
            for flow in read:
                try:
                    message = dns.decode(exchange.head(int(flow), side))
                except Malformed:
                    continue
                self._note(flows, int(flow), side, message.names[0])

    def _count(self, flows: Flows, rows: np.ndarray, side: int) -> None:
        """Answers of any kind by client."""
        clients = flows["source_address" if side else "destination_address"][rows]
        each, count = np.unique(clients, axis=0, return_counts=True)
        for (high, low), number in zip(each.tolist(), count.tolist(), strict=True):
            key = (int(high), int(low))
            if key in self._answers or len(self._answers) < MOST_CLIENTS:
                self._answers[key] = self._answers.get(key, 0) + number

    def _note(self, flows: Flows, flow: int, side: int, name: str) -> None:
        below, domain = registered(name)
        if "." not in name:
            return  # a browser's question whether a resolver lies, or a machine's bare name
        ends = ("source_address", "destination_address")
        client, server = (flows[end][flow].tolist() for end in (ends if side else ends[::-1]))
        label = domain.partition(".")[0]
        for key in ((*client, domain), (*client, "")):
            entry = self._entry(key, flows, flow, side, server)
            if entry is None:
                continue
            entry.since = min(entry.since, int(flows["flow_start_nanoseconds"][flow]))
            entry.until = max(entry.until, int(flows["flow_end_nanoseconds"][flow]))
            entry.answers += 1
            entry.octets += int(flows["octet_delta_count"][flow]) + int(flows["reverse_octet_delta_count"][flow])
            entry.entropy += entropy(label)
            entry.length += len(label)
            if len(entry.names) < MOST_NAMES:
                entry.names.add(zlib.crc32((name if below else domain).encode("latin-1")))
            if len(entry.domains) < MOST_NAMES:
                entry.domains.add(zlib.crc32(domain.encode("latin-1")))

    def _entry(self, key: tuple[int, int, str], flows: Flows, flow: int, side: int, server: list[int]) -> Denied | None:
        entry = self._denied.get(key)
        if entry is None:
            if len(self._denied) >= MOST_CLIENTS:
                self.left_out += 1
                return None
            towards = Direction.INBOUND if side else Direction.OUTBOUND
            inbound = "direction" in flows and int(flows["direction"][flow]) == towards
            reference = f"{int(flows['input'][flow])}#{int(flows['first_frame'][flow])}"
            since, until = int(flows["flow_start_nanoseconds"][flow]), int(flows["flow_end_nanoseconds"][flow])
            entry = self._denied[key] = Denied((server[0], server[1]), reference, inbound, since, until)
        return entry

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every client and domain with enough names that do not exist."""
        kept = [(key, e) for key, e in sorted(self._denied.items()) if len(e.names) >= LEAST_NAMES]
        keys, entries, n = [k for k, _ in kept], [e for _, e in kept], len(kept)
        answers = np.array([e.answers for e in entries], np.float64)
        names = np.array([len(e.names) for e in entries], np.float64)
        seconds = np.array([max(1.0, (e.until - e.since) / 1e9) for e in entries])
        inbound = np.array([e.inbound for e in entries], bool)
        client = np.array([key[:2] for key in keys], np.uint64).reshape(n, 2)
        server = np.array([e.server for e in entries], np.uint64).reshape(n, 2)
        columns = {
            "denied.names": names,
            "denied.new": names / np.minimum(np.maximum(answers, 1.0), MOST_NAMES),
            "denied.domains": np.array([len(e.domains) for e in entries], np.float64),
            "denied.share": answers / np.array([max(1, self._answers.get(key[:2], e.answers)) for key, e in kept]),
            "denied.rate": answers / seconds,
            "denied.entropy": np.array([e.entropy for e in entries]) / np.maximum(answers, 1.0),
            "denied.length": np.array([e.length for e in entries]) / np.maximum(answers, 1.0),
            "denied.lookup": np.array([float(key[2].endswith(LOOKUPS) and bool(key[2])) for key in keys]),
            "denied.one_domain": np.array([float(bool(key[2])) for key in keys]),
            "scope.inbound": inbound.astype(np.float64),
        }
        return FeatureTable(
            subject=np.where(inbound[:, None], server, client),
            peer=np.where(inbound[:, None], client, server),
            port=np.full(n, DNS, np.uint16),
            protocol=np.full(n, UDP, np.uint8),
            since=np.array([e.since for e in entries], np.int64),
            until=np.array([e.until for e in entries], np.int64),
            octets=np.array([e.octets for e in entries], np.float64),
            packets=answers,
            flows=answers,
            peers=np.ones(n, np.int64),
            columns=columns,
            facts=lambda row: _facts(keys[row][2], entries[row]),
            references=lambda row: (entries[row].reference,),
        )


def _facts(domain: str, entry: Denied) -> dict[str, object]:
    return {"domain": domain, "service": "NXDOMAIN"} if domain else {"domains": len(entry.domains)}


def codes(exchange: Exchange, rows: np.ndarray, side: int) -> np.ndarray:
    """int16 (k,): the answer's code in the heads of these flows, -1 where there is no answer's header."""
    at = exchange.row[rows]
    start, length = exchange.head_start[at, side], exchange.head_length[at, side]
    whole = length >= 12
    found = np.full(len(rows), -1, np.int16)
    start = start[whole]
    answer = exchange.heads[start + 2] & 0x80 > 0
    found[whole] = np.where(answer, (exchange.heads[start + 3] & 0x0F).astype(np.int16), -1)
    return found
