"""Ordinary sessions on the wire: DNS, NTP, TLS, HTTP, QUIC, SSH, IMAP, MQTT and a harmless JSON-RPC service."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from netwatch.simulate.frames import Capture, Conversation, Endpoint, udp


class Wire(NamedTuple):
    """Where a session is written: the capture, its label, and the source of chance."""

    capture: Capture
    label: str
    chance: np.random.Generator

    def port(self) -> int:
        """An ephemeral port."""
        return int(self.chance.integers(32768, 61000))

    def octets(self, size: int) -> bytes:
        """Octets as of an encrypted payload; past the first 600 they repeat, so that captures pack well."""
        fresh = self.chance.bytes(min(size, 600))
        return (fresh * (size // 600 + 1))[:size]

    def conversation(self, client: str, server: Endpoint, round_trip: float = 0.04) -> Conversation:
        """A new TCP connection from a port of the client's own."""
        return Conversation(self.capture, (Endpoint(client, self.port()), server), self.label, self.chance, round_trip)


def dns(wire: Wire, time: float, client: str, name: str, answer: str, resolver: str = "8.8.8.8") -> float:
    """A question for an address and its answer (RFC 1035)."""
    from scapy.layers.dns import DNS, DNSQR, DNSRR

    number = int(wire.chance.integers(1 << 16))
    asker, server = Endpoint(client, wire.port()), Endpoint(resolver, 53)
    question = DNSQR(qname=name)
    asked = bytes(DNS(id=number, rd=1, qd=question))
    told = bytes(DNS(id=number, qr=1, rd=1, ra=1, qd=question, an=DNSRR(rrname=name, ttl=300, rdata=answer)))
    wire.capture.add(time, udp(asker, server, asked, number), wire.label)
    wire.capture.add(time + 0.021, udp(server, asker, told, number), wire.label)
    return time + 0.022


def ntp(wire: Wire, time: float, client: str, server: str) -> None:
    """One client and server exchange (RFC 5905, mode 3 and 4)."""
    asker, answerer = Endpoint(client, 123), Endpoint(server, 123)
    stamp = struct.pack(">II", (int(time) + 2_208_988_800) & 0xFFFF_FFFF, 0)
    wire.capture.add(time, udp(asker, answerer, b"\x23\x00\x06\xec" + bytes(36) + stamp), wire.label)
    body = struct.pack(">BBBbII4s", 0x24, 2, 6, -20, 0x100, 0x200, b"\x0a\x00\x00\x01") + stamp * 4
    wire.capture.add(time + 0.03, udp(answerer, asker, body), wire.label)


def client_hello(name: str, chance: np.random.Generator, protocols: tuple[bytes, ...] = (b"h2", b"http/1.1")) -> bytes:
    """A TLS 1.2/1.3 ClientHello record with server name and ALPN (RFC 8446 section 4.1.2, RFC 6066 section 3)."""
    host = name.encode("ascii")
    listed = b"".join(bytes([len(p)]) + p for p in protocols)
    extensions = [
        (0, struct.pack(">HBH", len(host) + 3, 0, len(host)) + host),
        (10, struct.pack(">HHHH", 6, 29, 23, 24)),
        (11, b"\x01\x00"),
        (13, struct.pack(">HHHHH", 8, 0x0403, 0x0804, 0x0401, 0x0503)),
        (16, struct.pack(">H", len(listed)) + listed),
        (43, b"\x04\x03\x04\x03\x03"),
        (51, struct.pack(">HHH", 36, 29, 32) + chance.bytes(32)),
    ]
    body = b"".join(struct.pack(">HH", kind, len(data)) + data for kind, data in extensions)
    ciphers = struct.pack(">6H", 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC030)
    hello = b"\x03\x03" + chance.bytes(32) + b"\x20" + chance.bytes(32) + struct.pack(">H", len(ciphers)) + ciphers
    hello += b"\x01\x00" + struct.pack(">H", len(body)) + body
    handshake = b"\x01" + len(hello).to_bytes(3, "big") + hello
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


def record(payload: bytes, kind: int = 23) -> bytes:
    """TLS records of at most 16,384 octets each."""
    parts = [payload[at : at + 16384] for at in range(0, len(payload), 16384)]
    return b"".join(struct.pack(">BHH", kind, 0x0303, len(part)) + part for part in parts)


def tls(wire: Wire, time: float, client: str, server: Endpoint, name: str) -> tuple[Conversation, float]:
    """A connection after its TLS handshake."""
    talk = wire.conversation(client, server)
    at = talk.open(time)
    at = talk.send(at, 0, client_hello(name, wire.chance))
    hello = (
        b"\x02\x00\x00\x4c\x03\x03" + wire.octets(32) + b"\x20" + wire.octets(32) + b"\x13\x01\x00\x00\x04" + bytes(4)
    )
    at = talk.send(at, 1, record(hello, 22) + record(wire.octets(2900)))
    return talk, talk.send(at, 0, record(wire.octets(53)))


def web(wire: Wire, time: float, client: str, server: Endpoint, name: str) -> float:
    """A page over TLS: a few requests, answers of many sizes."""
    talk, at = tls(wire, time, client, server, name)
    for _ in range(int(wire.chance.integers(1, 5))):
        at = talk.send(at, 0, record(wire.octets(int(wire.chance.integers(180, 900)))))
        at = talk.send(at + 0.03, 1, record(wire.octets(int(min(30_000, wire.chance.lognormal(8.0, 1.0))))))
        at += float(wire.chance.exponential(0.8))
    return talk.close(at)


def http(wire: Wire, time: float, client: str, server: Endpoint, host: str) -> float:
    """A plain HTTP/1.1 request for a page of text (RFC 9112)."""
    talk = wire.conversation(client, server)
    path = f"/news/{int(wire.chance.integers(1000))}.html"
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n"
    at = talk.send(talk.open(time), 0, request.encode())
    page = b"<html><body><p>weather, sport and the day's programme</p></body></html>\n" * int(
        wire.chance.integers(5, 300)
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"
    at = talk.send(at + 0.02, 1, head.encode() + page)
    return talk.close(at + 0.5)


def quic(wire: Wire, time: float, client: str, server: str) -> None:
    """A QUIC version 1 connection: padded Initials, then short-header packets (RFC 9000 section 17)."""
    here, there = Endpoint(client, wire.port()), Endpoint(server, 443)
    name, other = wire.octets(8), wire.octets(8)
    at = time
    for source, sink, mine, theirs in ((here, there, other, name), (there, here, name, other)):
        head = b"\xc3\x00\x00\x00\x01" + bytes([8]) + theirs + bytes([8]) + mine + b"\x00" + b"\x44\x9e"
        wire.capture.add(at, udp(source, sink, head + wire.octets(1200 - len(head))), wire.label)
        at += 0.03
    for _ in range(int(wire.chance.integers(6, 40))):
        wire.capture.add(at, udp(there, here, b"\x41" + other + wire.octets(1191)), wire.label)
        wire.capture.add(
            at + 0.012, udp(here, there, b"\x47" + name + wire.octets(int(wire.chance.integers(24, 60)))), wire.label
        )
        at += float(wire.chance.exponential(0.06))


def ssh(wire: Wire, time: float, client: str, server: str, keys: int) -> float:
    """An interactive login with ``keys`` keystrokes, each echoed (RFC 4253)."""
    talk = wire.conversation(client, Endpoint(server, 22))
    at = talk.send(talk.open(time), 1, b"SSH-2.0-OpenSSH_7.9\r\n")
    at = talk.send(at, 0, b"SSH-2.0-OpenSSH_7.6\r\n")
    for side, size in (
        (0, 1360),
        (1, 1080),
        (0, 48),
        (1, 452),
        (0, 16),
        (0, 44),
        (1, 44),
        (0, 68),
        (1, 52),
        (0, 372),
        (1, 28),
    ):
        at = talk.send(at, side, wire.octets(size))
    for _ in range(keys):
        at += float(wire.chance.exponential(0.9))
        at = talk.send(at, 0, wire.octets(36), acknowledged=False)
        at = talk.send(at, 1, wire.octets(int(wire.chance.choice([36, 36, 44, 132, 420]))))
    return talk.close(at)


def imap(wire: Wire, time: float, client: str, server: str, until: float) -> None:
    """A mailbox watched over TLS with IDLE renewed every 28 minutes (RFC 2177)."""
    talk, at = tls(wire, time, client, Endpoint(server, 993), "imap.mail.example")
    for size, answer in ((90, 140), (66, 410), (58, 92)):
        at = talk.send(at, 0, record(wire.octets(size)))
        at = talk.send(at, 1, record(wire.octets(answer)))
    while at + 1680 < until:
        at = talk.send(at + 1680, 0, record(wire.octets(28)))
        at = talk.send(at, 1, record(wire.octets(61)))
        at = talk.send(at, 0, record(wire.octets(33)))
        at = talk.send(at, 1, record(wire.octets(37)))


def mqtt(wire: Wire, time: float, client: str, server: str, until: float) -> None:
    """A sensor: CONNECT, then PINGREQ every 60 s and now and then a reading (MQTT 3.1.1)."""
    talk = wire.conversation(client, Endpoint(server, 1883))
    at = talk.send(talk.open(time), 0, b"\x10\x1a\x00\x04MQTT\x04\x02\x00\x3c\x00\x0esensor-kitchen")
    at = talk.send(at, 1, b"\x20\x02\x00\x00")
    while at + 60 < until:
        at += 60
        talk.send(at, 0, b"\xc0\x00", acknowledged=False)
        talk.send(at + 0.03, 1, b"\xd0\x00")
        if wire.chance.random() < 0.2:
            reading = b"\x30\x17\x00\x0dkitchen/meter" + f"{wire.chance.normal(21, 1):08.3f}".encode()
            talk.send(at + 0.2, 0, reading)


def json_rpc(wire: Wire, time: float, client: str, server: Endpoint, until: float) -> None:
    """A media player's remote control: JSON-RPC 2.0 lines over TCP that have nothing to do with mining."""
    talk = wire.conversation(client, server, 0.004)
    at, number = talk.open(time), 0
    while at < until:
        number += 1
        asked = f'{{"jsonrpc":"2.0","method":"Player.GetProperties","params":{{"playerid":1}},"id":{number}}}\n'
        told = (
            f'{{"id":{number},"jsonrpc":"2.0","result":{{"percentage":{wire.chance.random() * 100:.2f},"speed":1}}}}\n'
        )
        at = talk.send(at, 0, asked.encode(), acknowledged=False)
        at = talk.send(at, 1, told.encode())
        if wire.chance.random() < 0.1:
            at = talk.send(
                at, 1, b'{"jsonrpc":"2.0","method":"Player.OnPause","params":{"data":null,"sender":"xbmc"}}\n'
            )
        at += 5.0 + float(wire.chance.normal(0, 0.05))
