"""The closer look at the few heads that the sieve marked: dialects, values, names, fingerprints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netwatch.errors import Malformed
from netwatch.fingerprint.applications import Sieved
from netwatch.fingerprint.keys import Keyed
from netwatch.fingerprint.ledger import TARGETS, Ledger, Noted
from netwatch.fingerprint.names import PoolNames, reads_like_a_pool
from netwatch.kernels.heads import ALPN, BROWSER, CUT, FRAMES, HELLO, JSON, LISTED, SNI, WORD
from netwatch.model.application import APPLICATIONS
from netwatch.model.application import CODE as APPLICATION
from netwatch.model.flows import Flows
from netwatch.wire import dns, stratum, tls

DIALECTS = (
    ("stratum-equihash", {"equihash"}),
    ("stratum-ethereum", {"ethstratum"}),
    ("stratum-cryptonote", {"cn_login", "cn_job", "cn_submit", "cn_keepalive", "coinhive"}),
    ("stratum-ethproxy", {"eth_login", "eth_submit", "eth_work"}),
    ("stratum", {"sv1_client", "sv1_server", "sv1_notify", "sv1_submit", "grin"}),
    ("getwork", {"gbt", "mining_header"}),
    ("electrum", {"electrum"}),
    ("json-rpc", {"node_rpc", "lsp", "json_rpc", "eth_getwork"}),
)
_CLOSER = JSON | FRAMES | LISTED | WORD
_P2P = {APPLICATION["bitcoin"]: "bitcoin", APPLICATION["levin"]: "levin", APPLICATION["devp2p"]: "devp2p"}
_MINING = set().union(*(names for dialect, names in DIALECTS if dialect not in ("electrum", "json-rpc")))


def look(flows: Flows, sieved: Sieved, keyed: Keyed, names: PoolNames, ledger: Ledger) -> dict[int, int]:
    """Read the marked heads into the ledger; the dialect (an application code) of each flow in which one was found."""
    exchange = flows.exchange
    if exchange is None:
        return {}
    found = {}
    both = sieved.marks[:, 0] | sieved.marks[:, 1]
    p2p = np.isin(sieved.code, list(_P2P)).any(axis=1)
    for at in np.flatnonzero((both & _CLOSER > 0) | p2p):
        flow = int(sieved.flow[at])
        heads = exchange.head(flow, 0), exchange.head(flow, 1)
        sides = (1, 0) if keyed.swapped[flow] else (0, 1)
        marks = int(both[at])
        entry: Noted | None = None
        if marks & (JSON | FRAMES):
            hits, entry = _read_json(flows, flow, (heads[sides[0]], heads[sides[1]]), keyed, ledger)
            if hits:
                found[flow] = _dialect(hits)
        if marks & (LISTED | WORD):
            for kind, name, addresses in _names(heads):
                _note_name(flows, flow, keyed, ledger, names, (kind, name, addresses))
        for code in set(sieved.code[at].tolist()) & _P2P.keys():
            entry = entry or ledger.open(keyed.keys[flow].tobytes())
            entry.hits[_P2P[code]] += 1
            entry.refer(_reference(flows, flow))
    _note_hellos(flows, sieved, keyed, ledger)
    return found


def _dialect(hits: frozenset[str]) -> int:
    return next(APPLICATION[name] for name, words in DIALECTS if words & hits)


def _read_json(
    flows: Flows, flow: int, heads: tuple[bytes, bytes], keyed: Keyed, ledger: Ledger
) -> tuple[frozenset[str], Noted | None]:
    """Messages of both sides, the ledger's entry when there are any. When nothing fits the orientation but all fits
    the other, the flow's ends were told wrongly, which mid-stream happens.
    """
    client, server = stratum.unwrapped(heads[0]), stratum.unwrapped(heads[1])
    straight = stratum.messages(client, stratum.CLIENT) | stratum.messages(server, stratum.SERVER)
    crossed = stratum.messages(server, stratum.CLIENT) | stratum.messages(client, stratum.SERVER)
    flipped = len(crossed & _MINING) > len(straight & _MINING)
    hits = crossed if flipped else straight
    if not hits:
        return hits, None
    entry = ledger.open(keyed.keys[flow].tobytes())
    entry.flipped = entry.flipped or flipped
    for name in hits:
        entry.hits[name] += 1
    if flipped:
        client, server = server, client
    entry.sides |= (1 if client else 0) | (2 if server else 0)
    if hits & _MINING:
        entry.refer(_reference(flows, flow))
        _note_fields(entry, int(flows["flow_start_nanoseconds"][flow]), stratum.fields(client), stratum.fields(server))
    return hits, entry


def _note_fields(entry: Noted, time: int, client: dict[str, str], server: dict[str, str]) -> None:
    for key in ("target", "set_target", "work_boundary", "difficulty", "difficulty_first"):
        if key in server and len(entry.targets) < TARGETS:
            entry.targets.append((time, key, server[key]))
    agent = next((client[k] for k in ("agent", "subscribe", "subscribe_first", "user_agent") if k in client), "")
    if agent and len(entry.agents) < 64:
        entry.agents[agent] += 1
    keys = ("user", "authorize", "authorize_first", "eth_login", "eth_login_first", "submit_worker")
    user = next((client[k] for k in keys if k in client), "")
    if user and (user in entry.users or len(entry.users) < 64):
        entry.users[user] += 1
    if "nonce_range" in client:
        entry.ranges.add(int(client["nonce_range"], 16))
    for key, value in {**server, **client}.items():
        entry.facts.setdefault(key, value)
    for key in ("zip301_host", "socks_host", "host"):
        if key in client:
            entry.names.setdefault((key.removesuffix("_host"), client[key].partition(":")[0].lower()), 0)


def _names(heads: tuple[bytes, bytes]) -> Iterator[tuple[str, str, tuple[bytes, ...]]]:
    """(kind, name, addresses that answer it) in the heads of a flow of DNS, TLS or HTTP."""
    for head in heads:
        try:
            name = tls.client_hello(head).server_name
            if name:
                yield "sni", name, ()
            continue
        except Malformed:
            pass  # not a ClientHello: perhaps HTTP or DNS
        host = stratum.fields(head).get("host") if head[:5].isascii() and b"\r\n" in head else None
        if host:
            yield "host", host.partition(":")[0].lower(), ()
            continue
        for octets in (head, head[2:]):  # over TCP a length stands before (RFC 1035 section 4.2.2)
            try:
                message = dns.decode(octets)
            except Malformed:
                continue
            for name in message.names:
                yield "question", name, message.addresses
            break


def _note_name(
    flows: Flows, flow: int, keyed: Keyed, ledger: Ledger, names: PoolNames, told: tuple[str, str, tuple[bytes, ...]]
) -> None:
    kind, name, addresses = told
    if names.find(name) is None and not reads_like_a_pool(name):
        return
    entry = ledger.open(keyed.keys[flow].tobytes())
    if len(entry.names) < 64:
        entry.names[kind, name] = entry.names.get((kind, name), 0) + 1
    entry.refer(_reference(flows, flow))
    for address in addresses:
        ledger.answer(address, name)


def _note_hellos(flows: Flows, sieved: Sieved, keyed: Keyed, ledger: Ledger) -> None:
    """Hellos without server name, of flows that last: what miners send by default."""
    hello = (sieved.marks & HELLO > 0) & (sieved.marks & (SNI | CUT) == 0)
    lasting = flows["flow_end_nanoseconds"] - flows["flow_start_nanoseconds"] >= 60 * 10**9
    for at in np.flatnonzero(hello.any(axis=1) & lasting[sieved.flow]):
        flow = int(sieved.flow[at])
        marks = int(sieved.marks[at, 0] | sieved.marks[at, 1])
        entry = ledger.open(keyed.keys[flow].tobytes())
        entry.hits["no_sni"] += 1
        entry.hits["no_alpn"] += not marks & ALPN
        entry.hits["browser"] += bool(marks & BROWSER)
        side = 0 if sieved.marks[at, 0] & HELLO else 1
        try:
            hello_read = tls.client_hello(flows.exchange.head(flow, side)) if flows.exchange else None
        except Malformed:
            continue
        if hello_read is not None and hello_read.complete:
            entry.facts.setdefault("ja3", hello_read.ja3())
            entry.facts.setdefault("ja4", hello_read.ja4())


def _reference(flows: Flows, flow: int) -> str:
    return f"{int(flows['input'][flow])}#{int(flows['first_frame'][flow])}"


def application_name(code: int) -> str:
    """The name of an application code."""
    return APPLICATIONS[code].name
