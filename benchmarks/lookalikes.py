"""Ordinary services that resemble mining: long, thin, a few message sizes, answered polls, pushes; each with variation.

Sizes, periods and framing are those of the protocols; what an implementation may choose is drawn for each session.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from netwatch.simulate.frames import Conversation, Endpoint, udp
from netwatch.simulate.sessions import Wire, client_hello, record

POOL_PORTS = (3333, 4444, 5555, 7777, 8080, 8888, 9000, 9999, 14444)
"""Ports that pools and harmless services share."""


class Span(NamedTuple):
    """One client of one server from ``since`` to ``until`` (s)."""

    client: str
    server: str
    since: float
    until: float


def _port(wire: Wire, *usual: int) -> int:
    """A usual port; one time in five one that pools use as well."""
    return int(wire.chance.choice(POOL_PORTS if wire.chance.random() < 0.2 else usual))


def _open(wire: Wire, span: Span, *usual: int) -> tuple[Conversation, float]:
    server = Endpoint(span.server, _port(wire, *usual))
    talk = wire.conversation(span.client, server, float(wire.chance.uniform(0.002, 0.25)))
    return talk, talk.open(span.since)


def _open_tls(wire: Wire, span: Span, *usual: int) -> tuple[Conversation, float]:
    talk, at = _open(wire, span, *usual)
    at = talk.send(at, 0, client_hello("service.example", wire.chance))
    at = talk.send(at, 1, record(wire.octets(122), 22) + record(wire.octets(int(wire.chance.integers(1500, 4200)))))
    return talk, talk.send(at, 0, record(wire.octets(53)))


def _line(**message: object) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _between(wire: Wire, low: float, high: float) -> float:
    return float(wire.chance.uniform(low, high))


def json_rpc(wire: Wire, span: Span) -> None:
    """Remote control by JSON-RPC 2.0 lines: polls at a period with jitter, now and then a notification."""
    talk, at = _open(wire, span, 9090, 6800, 1337)
    period, jitter, noise = _between(wire, 2, 40), _between(wire, 0, 0.5), _between(wire, 0, 0.4)
    method = str(wire.chance.choice(["Player.GetProperties", "aria2.tellActive", "status", "login", "job.list"]))
    number = 0
    while at < span.until:
        number += 1
        asked = _line(jsonrpc="2.0", id=number, method=method, params={"token": "secret", "keys": ["speed"]})
        at = talk.send(at, 0, asked, acknowledged=False)
        result = {"percentage": round(float(wire.chance.random()) * 100, 2), "speed": 1, "status": "OK"}
        at = talk.send(at + 0.01, 1, _line(jsonrpc="2.0", id=number, result=result))
        if wire.chance.random() < noise:
            talk.send(at + 0.5, 1, _line(jsonrpc="2.0", method="System.OnEvent", params={"data": wire.octets(8).hex()}))
        steady = jitter < 0.4
        at += period * max(0.1, 1 + jitter * wire.chance.normal() / 2) if steady else wire.chance.exponential(period)


def electrum(wire: Wire, span: Span) -> None:
    """A wallet at an ElectrumX server: pings, scripthash notices, a header pushed at each Bitcoin block."""
    talk, at = _open(wire, span, 50001)
    at = talk.send(at, 0, _line(id=0, method="server.version", params=["electrum/4.5", "1.4"]))
    at = talk.send(at, 1, _line(jsonrpc="2.0", id=0, result=["ElectrumX 1.16.0", "1.4"]))
    at = talk.send(at, 0, _line(id=1, method="blockchain.headers.subscribe", params=[]))
    header = wire.octets(80).hex()
    at = talk.send(at, 1, _line(jsonrpc="2.0", id=1, result={"hex": header, "height": 800000}))
    ping, block = at + _between(wire, 50, 450), at + wire.chance.exponential(600)
    while min(ping, block) < span.until:
        if ping < block:
            later = talk.send(ping, 0, _line(id=2, method="server.ping", params=[]), acknowledged=False)
            talk.send(later, 1, _line(jsonrpc="2.0", id=2, result=None))
            ping += _between(wire, 55, 65)
        else:
            pushed = {"hex": wire.octets(80).hex(), "height": 800001}
            talk.send(block, 1, _line(jsonrpc="2.0", method="blockchain.headers.subscribe", params=[pushed]))
            block += wire.chance.exponential(600)


def node_rpc(wire: Wire, span: Span) -> None:
    """A wallet polls an Ethereum node over HTTP on one connection."""
    talk, at = _open(wire, span, 8545, 8546)
    period, number = _between(wire, 1, 15), 0
    calls = ("eth_blockNumber", "eth_getBalance", "eth_call", "eth_gasPrice")
    while at < span.until:
        number += 1
        call = str(wire.chance.choice(calls, p=[0.7, 0.1, 0.15, 0.05]))
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": call, "params": []})
        head = f"POST / HTTP/1.1\r\nHost: node:8545\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        head += "\r\n\r\n"
        at = talk.send(at, 0, (head + body).encode(), acknowledged=False)
        told = json.dumps({"jsonrpc": "2.0", "id": number, "result": "0x" + wire.octets(3).hex()})
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(told)}\r\n\r\n{told}"
        at = talk.send(at + 0.01, 1, answer.encode()) + period


def language_server(wire: Wire, span: Span) -> None:
    """An editor and a language server over TCP: bursts of requests of many sizes, diagnostics pushed."""
    talk, at = _open(wire, span, 2087, 6009)
    while at < span.until:
        for _ in range(int(wire.chance.integers(1, 6))):
            body = _line(jsonrpc="2.0", id=1, method="textDocument/completion",
                         params={"text": wire.octets(int(wire.chance.integers(5, 200))).hex()})  # fmt: skip
            at = talk.send(at, 0, b"Content-Length: %d\r\n\r\n" % len(body) + body)
            body = _line(jsonrpc="2.0", id=1, result=wire.octets(int(wire.chance.integers(10, 2000))).hex())
            at = talk.send(at + 0.02, 1, b"Content-Length: %d\r\n\r\n" % len(body) + body)
        at += wire.chance.exponential(20)


def mqtt(wire: Wire, span: Span) -> None:
    """A sensor: PINGREQ at a period, readings of one size, commands now and then (MQTT 3.1.1)."""
    talk, at = _open(wire, span, 1883)
    at = talk.send(at, 0, b"\x10\x1a\x00\x04MQTT\x04\x02\x00\x3c\x00\x0esensor-kitchen")
    at = talk.send(at, 1, b"\x20\x02\x00\x00")
    period, reading, often = _between(wire, 15, 120), int(wire.chance.integers(20, 180)), wire.chance.random()
    while at < span.until:
        if wire.chance.random() < often:
            talk.send(at, 0, b"\x30" + bytes([reading & 0x7F]) + wire.octets(reading))
        if wire.chance.random() < 0.1:
            talk.send(at + 1, 1, b"\x30" + bytes([40]) + wire.octets(40))
        later = talk.send(at + 2, 0, b"\xc0\x00", acknowledged=False)
        at = talk.send(later, 1, b"\xd0\x00") + period


def scada(wire: Wire, span: Span) -> None:
    """A master polls registers of a field device in turn (Modbus/TCP); a few request and answer sizes."""
    talk, at = _open(wire, span, 502, 20000, 2404)
    period = _between(wire, 0.5, 15)
    counts = [int(c) for c in wire.chance.integers(1, 120, int(wire.chance.integers(1, 4)))]
    turn = 0
    while at < span.until:
        registers, turn = counts[turn % len(counts)], turn + 1
        at = talk.send(at, 0, b"\0\1\0\0\0\6\1\3\0\0" + registers.to_bytes(2, "big"), acknowledged=False)
        size = 3 + 2 * registers
        at = talk.send(at + 0.01, 1, b"\0\1\0\0" + size.to_bytes(2, "big") + b"\1\3" + wire.octets(size - 2))
        at += period


def tor(wire: Wire, span: Span) -> None:
    """A Tor client and its guard: cells of 514 octets in records, padding when idle."""
    talk, at = _open_tls(wire, span, 9001, 443)
    while at < span.until:
        if wire.chance.random() < 0.3:
            at = talk.send(at, 0, record(wire.octets(514 * int(wire.chance.integers(1, 4)) + 22)))
            at = talk.send(at + 0.1, 1, record(wire.octets(514 * int(wire.chance.integers(1, 20)) + 22)))
        else:
            at = talk.send(at, int(wire.chance.integers(2)), record(wire.octets(536)))
        at += _between(wire, 1.5, 9.5)


def push_service(wire: Wire, span: Span) -> None:
    """A phone's notification channel: heartbeats of the client, notices of all sizes, acknowledged."""
    talk, at = _open_tls(wire, span, 5228, 5223, 443)
    beat, mean = _between(wire, 60, 600), _between(wire, 30, 900)
    heart, notice = at + beat, at + wire.chance.exponential(mean)
    while min(heart, notice) < span.until:
        if heart < notice:
            later = talk.send(heart, 0, record(wire.octets(28)), acknowledged=False)
            talk.send(later, 1, record(wire.octets(30)))
            heart += beat
        else:
            size = int(min(3000, wire.chance.lognormal(5.8, 0.6)))
            later = talk.send(notice, 1, record(wire.octets(size)))
            talk.send(later, 0, record(wire.octets(34)))
            notice += wire.chance.exponential(mean)


def chat(wire: Wire, span: Span) -> None:
    """A chat over TLS: messages of both sides, sizes of text, typing notices of one size."""
    talk, at = _open_tls(wire, span, 443, 5222)
    while at < span.until:
        side = int(wire.chance.integers(2))
        at = talk.send(at, side, record(wire.octets(96)))
        at = talk.send(at + 2, side, record(wire.octets(int(min(1800, wire.chance.lognormal(5.3, 0.5))))))
        at = talk.send(at, 1 - side, record(wire.octets(62))) + wire.chance.exponential(40)


def ntp(wire: Wire, span: Span) -> None:
    """An NTP association polled every 64 to 256 s."""
    here, there = Endpoint(span.client, 123), Endpoint(span.server, 123)
    period, at = float(wire.chance.choice([16, 64, 128])), span.since
    while at < span.until:
        wire.capture.add(at, udp(here, there, b"\x23\x00\x06\xec" + wire.octets(44)), wire.label)
        wire.capture.add(at + 0.03, udp(there, here, b"\x24\x02\x06\xec" + wire.octets(44)), wire.label)
        at += period


def irc(wire: Wire, span: Span) -> None:
    """A channel: PING by the server, lines of text of many sizes (RFC 2812)."""
    talk, at = _open(wire, span, 6667)
    at = talk.send(at, 0, b"NICK anna\r\nUSER anna 0 * :Anna\r\n")
    mean, ping = _between(wire, 5, 90), at + 90
    while at < span.until:
        text = b":bob!b@h PRIVMSG #c :" + wire.octets(int(wire.chance.integers(4, 90))).hex().encode() + b"\r\n"
        at = talk.send(at, 1, text)
        if wire.chance.random() < 0.1:
            said = wire.octets(int(wire.chance.integers(4, 60))).hex().encode()
            talk.send(at + 1, 0, b"PRIVMSG #c :" + said + b"\r\n")
        if at > ping:
            later = talk.send(at + 2, 1, b"PING :irc.example.org\r\n")
            talk.send(later, 0, b"PONG :irc.example.org\r\n")
            ping = at + 90
        at += wire.chance.exponential(mean)


def ssh_idle(wire: Wire, span: Span) -> None:
    """A session left open: keepalives at a period, now and then a minute of keystrokes."""
    talk, at = _open(wire, span, 22, 2222)
    at = talk.send(at, 1, b"SSH-2.0-OpenSSH_9.6\r\n")
    at = talk.send(at, 0, b"SSH-2.0-OpenSSH_9.6\r\n")
    for side, size in ((0, 1360), (1, 1080), (0, 48), (1, 452), (0, 16), (1, 44), (0, 372), (1, 28)):
        at = talk.send(at, side, wire.octets(size))
    period = _between(wire, 10, 60)
    while at < span.until:
        later = talk.send(at, 0, wire.octets(84), acknowledged=False)
        at = talk.send(later, 1, wire.octets(28)) + period
        if wire.chance.random() < 0.05:
            for _ in range(int(wire.chance.integers(5, 60))):
                at = talk.send(at, 0, wire.octets(36), acknowledged=False)
                at = talk.send(at, 1, wire.octets(int(wire.chance.choice([36, 36, 44, 132, 420])))) + 0.4


def heartbeat(wire: Wire, span: Span) -> None:
    """A device reports to its cloud over TLS: one size up, one down, at a period; settings pushed seldom."""
    talk, at = _open_tls(wire, span, 8883, 443)
    period, jitter = _between(wire, 5, 60), _between(wire, 0, 0.08)
    up, down = int(wire.chance.integers(60, 400)), int(wire.chance.integers(30, 420))
    while at < span.until:
        later = talk.send(at, 0, record(wire.octets(up)), acknowledged=False)
        at = talk.send(later + 0.03, 1, record(wire.octets(down)))
        if wire.chance.random() < 0.02:
            at = talk.send(at + 3.5, 1, record(wire.octets(int(wire.chance.integers(100, 900)))))
        at += period * (1 + jitter * float(wire.chance.normal()))


def ticker(wire: Wire, span: Span) -> None:
    """Prices over a WebSocket in TLS: frames of many sizes, close together; a ping now and then."""
    talk, at = _open_tls(wire, span, 443, 9443)
    mean, ping, middle, spread = _between(wire, 0.3, 12), at + 30, _between(wire, 4.5, 6.5), _between(wire, 0.15, 0.6)
    while at < span.until:
        at = talk.send(at, 1, record(wire.octets(int(min(4000, 24 + wire.chance.lognormal(middle, spread))))))
        if at > ping:
            later = talk.send(at + 0.2, 1, record(wire.octets(20)))
            talk.send(later, 0, record(wire.octets(24)))
            ping = at + 30
        at += wire.chance.exponential(mean)


def dashboard(wire: Wire, span: Span) -> None:
    """Server-sent events in TLS: a status of about one size at a period, silent client."""
    talk, at = _open_tls(wire, span, 443, 8443)
    period, size, wide = _between(wire, 2, 30), int(wire.chance.integers(60, 900)), int(wire.chance.integers(1, 40))
    while at < span.until:
        at = talk.send(at, 1, record(wire.octets(size + int(wire.chance.integers(0, wide + 1)))))
        at += period * (1 + 0.02 * float(wire.chance.normal()))


def poller(wire: Wire, span: Span) -> None:
    """A TLS client that asks and is told in the same two sizes, at a period."""
    talk, at = _open_tls(wire, span, 443)
    period, up, down = float(wire.chance.choice([5, 10, 30, 60])), *(int(n) for n in wire.chance.integers(150, 420, 2))
    while at < span.until:
        later = talk.send(at, 0, record(wire.octets(up)), acknowledged=False)
        at = talk.send(later + 0.02, 1, record(wire.octets(down))) + period * (1 + 0.01 * float(wire.chance.normal()))


def dns_over_tls(wire: Wire, span: Span) -> None:
    """A resolver behind TLS: questions without memory, padded to 128, answers to 468 octets (RFC 8467)."""
    talk, at = _open_tls(wire, span, 853)
    mean = _between(wire, 3, 30)
    while at < span.until:
        later = talk.send(at, 0, record(wire.octets(128 + 2 + 17)), acknowledged=False)
        at = talk.send(later + 0.02, 1, record(wire.octets(468 * int(wire.chance.choice([1, 1, 1, 2])) + 2 + 17)))
        at += wire.chance.exponential(mean)


def imap_idle(wire: Wire, span: Span) -> None:
    """A mailbox watched over TLS; mail comes without memory and is fetched."""
    talk, at = _open_tls(wire, span, 993)
    mean = _between(wire, 60, 600)
    while at < span.until:
        at = talk.send(at, 1, record(wire.octets(int(wire.chance.integers(36, 44)))))
        at = talk.send(at, 0, record(wire.octets(27)))
        at = talk.send(at + 0.1, 1, record(wire.octets(int(wire.chance.integers(300, 30000)))))
        at = talk.send(at, 0, record(wire.octets(30))) + wire.chance.exponential(mean)


def database(wire: Wire, span: Span) -> None:
    """A pool of connections to a database: a probe at a period, statements of many sizes at times."""
    talk, at = _open(wire, span, 5432, 3306)
    period = _between(wire, 5, 60)
    while at < span.until:
        at = talk.send(at, 0, b"Q\0\0\0\x0dSELECT 1\0", acknowledged=False)
        at = talk.send(at, 1, b"T" + bytes(65))
        if wire.chance.random() < 0.2:
            at = talk.send(at + 1, 0, b"Q\0\0\1\0SELECT " + wire.octets(int(wire.chance.integers(60, 300))))
            at = talk.send(at + 0.02, 1, b"T" + wire.octets(int(wire.chance.integers(100, 4000))))
        at += period


LOOKALIKES: dict[str, Callable[[Wire, Span], None]] = {
    "json-rpc": json_rpc, "electrum": electrum, "node-rpc": node_rpc, "language-server": language_server, "mqtt": mqtt,
    "scada": scada, "tor": tor, "push-service": push_service, "chat": chat, "ntp": ntp, "irc": irc,
    "ssh-idle": ssh_idle, "heartbeat": heartbeat, "ticker": ticker, "dashboard": dashboard, "poller": poller,
    "dns-over-tls": dns_over_tls, "imap-idle": imap_idle, "database": database,
}  # fmt: skip
"""Kinds by name; each writes one session."""
