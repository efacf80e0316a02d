"""Feature table of domains: what one address asks of one domain by DNS, where its questions are long."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import re2

from netwatch.errors import Malformed
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.model.flows import Flows
from netwatch.wire import dns

if TYPE_CHECKING:
    import ibis

    from netwatch.fingerprint.applications import Sieved

UDP, DNS = 17, 53
LONG = 52
"""Payload octets per question from which it is read: a header, a type, and a name of 35 octets (benign names are 6 to
16 octets below their domain, those of tunnels 36 to 67)."""
MOST_DOMAINS = 20_000
MOST_NAMES = 1_024
MOST_READ = 200_000
"""Questions that are read, some 20 microseconds each, however many are asked."""
CARRIERS = frozenset({5, 10, 15, 16, 25, 33, 65399})
"""Types whose answers hold much: CNAME, NULL, MX, TXT, KEY, SRV, and iodine's private one."""
FILES = re2.compile(rb"[\x05-\x3f](?:H4sI|UEsDB|JVBERi0|iVBORw0K|/9j/4|N3q8rye|Qlpo[1-9])")
"""Labels that begin as a file does in base64 (RFC 4648): gzip, ZIP, PDF, PNG, JPEG, 7z, bzip2."""
LOOKUPS = ("arpa", "mcafee.com", "sophosxl.net", "spamhaus.org", "e5.sk", "barracudacentral.org", "surbl.org")
"""Domains whose long names are questions about addresses, files or mail, not data."""

DECLARED = {
    "domain.questions": Feature("questions", "questions"),
    "domain.names": Feature("different names", "names"),
    "domain.new": Feature("questions for a name not asked before", "share"),
    "domain.length": Feature("octets of the name below what all the names end with", "octets"),
    "domain.payload": Feature("payload octets of a question, of which most were not read", "octets"),
    "domain.entropy": Feature("entropy of the name below the domain", "bit/character"),
    "domain.carriers": Feature("questions for types that hold much", "share"),
    "domain.rate": Feature("questions a second", "questions/s"),
    "domain.octets": Feature("octets asked", "octets"),
    "domain.returned": Feature("payload octets of an answer beyond its question", "octets"),
    "domain.files": Feature("names that begin as an encoded file does", "names"),
    "domain.lookup": Feature("a service that is asked in long names", "yes/no"),
}


@dataclass(slots=True)
class Asked:
    """What one client asked of one domain. ``read``: questions whose name was read, one a flow."""

    server: tuple[int, int]
    reference: str
    since: int
    until: int
    read: int = 0
    questions: int = 0
    packets: int = 0
    octets: int = 0
    payload: int = 0
    length: int = 0
    entropy: float = 0.0
    carriers: int = 0
    returned: int = 0
    answers: int = 0
    files: int = 0
    names: set[int] = field(default_factory=set)
    ending: str = ""


class Domains(Features):
    """One row per (client, registered domain) with long questions; bounded, the rest are counted in ``left_out``."""

    declared: ClassVar[dict[str, Feature]] = DECLARED

    def __init__(self, options: FingerprintOptions) -> None:
        super().__init__(options)
        self.left_out = 0
        self._read = 0
        self._asked: dict[tuple[int, int, str], Asked] = {}

    def observe(self, flows: Flows, sieved: Sieved) -> None:
        """Read the first question of every flow to a DNS server whose questions are long."""
        exchange = flows.exchange
        if exchange is None or not len(sieved.flow):
            return
        sent = np.maximum(flows["packet_delta_count"], 1)
        asks = (flows["destination_transport_port"] == DNS) & (flows["protocol_identifier"] == UDP)
        chosen = np.flatnonzero(asks & (exchange.row >= 0) & (flows["initiator_octets"] >= LONG * sent))
        read = chosen[: MOST_READ - self._read]
        self._read += len(read)
        self.left_out += len(chosen) - len(read)
        for flow in read:
            head = exchange.head(int(flow), 0)
            try:
                message = dns.decode(head)
            except Malformed:
                continue
            below, domain = registered(message.names[0])
            file = FILES.search(head, 12) is not None
            if below or file:
                self._note(flows, int(flow), (below or domain, domain), message.query_type, file=file)

    def _note(self, flows: Flows, flow: int, name: tuple[str, str], kind: int, *, file: bool) -> None:
        below, domain = name
        source = flows["source_address"][flow]
        key = (int(source[0]), int(source[1]), domain)
        entry = self._asked.get(key)
        since, until = int(flows["flow_start_nanoseconds"][flow]), int(flows["flow_end_nanoseconds"][flow])
        if entry is None:
            if len(self._asked) >= MOST_DOMAINS:
                self.left_out += 1
                return
            server = flows["destination_address"][flow]
            reference = f"{int(flows['input'][flow])}#{int(flows['first_frame'][flow])}"
            entry = self._asked[key] = Asked((int(server[0]), int(server[1])), reference, since, until)
        entry.since, entry.until = min(entry.since, since), max(entry.until, until)
        sent, back = int(flows["packet_delta_count"][flow]), int(flows["reverse_packet_delta_count"][flow])
        entry.ending = shared(entry.ending, below) if entry.read else below
        entry.read += 1
        entry.questions += sent
        entry.packets += sent + back
        entry.octets += int(flows["octet_delta_count"][flow]) + int(flows["reverse_octet_delta_count"][flow])
        entry.payload += int(flows["initiator_octets"][flow])
        entry.length += len(below)
        entry.files += file
        if back:
            entry.answers += back
            entry.returned += int(flows["reverse_octet_delta_count"][flow]) - back * int(
                flows["octet_delta_count"][flow]
            ) // max(1, sent)
        entry.entropy += entropy(below)
        entry.carriers += kind in CARRIERS
        if len(entry.names) < MOST_NAMES:
            entry.names.add(zlib.crc32(below.encode("latin-1")))

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of all that was asked in long names."""
        keys, entries = list(self._asked), list(self._asked.values())
        read = np.array([e.read for e in entries], np.float64)
        asked = np.array([e.questions for e in entries], np.float64)
        seconds = np.array([max(1.0, (e.until - e.since) / 1e9) for e in entries])
        names = np.array([len(e.names) for e in entries], np.float64)
        ending = np.array([len(e.ending) if len(e.names) > 1 else 0 for e in entries], np.float64)
        columns = {
            "domain.questions": asked,
            "domain.names": names,
            "domain.new": names / np.minimum(np.maximum(read, 1.0), MOST_NAMES),
            "domain.length": np.array([e.length for e in entries]) / np.maximum(read, 1.0) - ending,
            "domain.payload": np.where(read * 2 > asked, np.nan, np.array([e.payload for e in entries]) / asked),
            "domain.entropy": np.array([e.entropy for e in entries]) / np.maximum(read, 1.0),
            "domain.carriers": np.array([e.carriers for e in entries]) / np.maximum(read, 1.0),
            "domain.rate": asked / seconds,
            "domain.returned": np.array([e.returned / e.answers if e.answers else math.nan for e in entries]),
            "domain.files": np.array([e.files for e in entries], np.float64),
            "domain.octets": np.array([e.octets for e in entries], np.float64),
            "domain.lookup": np.array([float(key[2].endswith(LOOKUPS)) for key in keys]),
        }
        n = len(keys)
        return FeatureTable(
            subject=np.array([key[:2] for key in keys], np.uint64).reshape(n, 2),
            peer=np.array([e.server for e in entries], np.uint64).reshape(n, 2),
            port=np.full(n, DNS, np.uint16),
            protocol=np.full(n, UDP, np.uint8),
            since=np.array([e.since for e in entries], np.int64),
            until=np.array([e.until for e in entries], np.int64),
            octets=columns["domain.octets"],
            packets=np.array([e.packets for e in entries], np.float64),
            flows=read,
            peers=np.ones(n, np.int64),
            columns=columns,
            facts=lambda row: {"domain": keys[row][2]},
            references=lambda row: (entries[row].reference,),
        )


def registered(name: str) -> tuple[str, str]:
    """What stands below the registered domain, and that domain: two labels, three below such as "co.uk".

    An estimate without the public suffix list: a country's domain with a label of at most three letters before it.
    """
    labels = name.split(".")
    kept = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return ".".join(labels[:-kept]), ".".join(labels[-kept:])


def shared(one: str, other: str) -> str:
    """The labels that two names end with, and the dot before them: what no name of a domain tells apart."""
    pairs = zip(reversed(one.split(".")), reversed(other.split(".")), strict=False)
    common = [label for label, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    return "".join(f".{label}" for label in reversed(common))


def entropy(text: str) -> float:
    """Shannon entropy of the characters, bit per character."""
    counts = Counter(text.replace(".", ""))
    whole = counts.total()
    return -sum(n / whole * math.log2(n / whole) for n in counts.values()) if whole else 0.0
