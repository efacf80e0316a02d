"""The column ``application``: protocol by the first payload octets, else by the service port."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from netwatch.kernels.heads import Codes, Heads, Signatures, sift
from netwatch.model.application import CODE, TCP, UDP, by_port
from netwatch.model.elements import Orientation
from netwatch.model.flows import Flows

_SIGNATURES: tuple[tuple[str, bytes, int, int], ...] = (
    *(("http", word, 0, TCP) for word in (
        b"GET ", b"POST ", b"HEAD ", b"PUT ", b"CONNECT ", b"DELETE ", b"PATCH ", b"OPTIONS /", b"HTTP/1.",
        b"PRI * HTTP/2")),
    ("ssh", b"SSH-", 0, TCP),
    ("levin", b"\x01\x21\x01\x01\x01\x01\x01\x01", 0, TCP),
    ("bittorrent", b"\x13BitTorrent protocol", 0, 0),
    ("bittorrent", b"d1:ad2:id20:", 0, UDP),
    ("bittorrent", b"d1:rd2:id20:", 0, UDP),
    ("bittorrent", b"d2:ip", 0, UDP),
    *(("sip", word, 0, 0) for word in (b"SIP/2.0 ", b"INVITE sip:", b"REGISTER sip", b"OPTIONS sip")),
    ("rtsp", b"RTSP/1.0", 0, TCP), ("rtsp", b"OPTIONS rtsp", 0, TCP), ("rtsp", b"DESCRIBE rtsp", 0, TCP),
    ("smb", b"\xffSMB", 4, TCP), ("smb", b"\xfeSMB", 4, TCP),
    ("vnc", b"RFB 00", 0, TCP), ("mqtt", b"MQTT", 4, TCP), ("mqtt", b"MQIsdp", 4, TCP),
    ("xmpp", b"<stream:", 0, TCP), ("xmpp", b"<?xml version='1.0'", 0, TCP),
    ("smtp", b"EHLO ", 0, TCP), ("smtp", b"HELO ", 0, TCP), ("pop3", b"+OK", 0, TCP), ("imap", b"* OK", 0, TCP),
    ("rdp", b"\x03\x00\x00", 0, TCP), ("stun", b"\x21\x12\xa4\x42", 4, UDP), ("ssdp", b"M-SEARCH * ", 0, UDP),
    ("ssdp", b"NOTIFY * ", 0, UDP), ("wireguard", b"\x01\x00\x00\x00", 0, UDP),
    ("redis", b"*1\r\n$", 0, TCP), ("redis", b"*2\r\n$", 0, TCP), ("redis", b"*3\r\n$", 0, TCP),
    ("dnp3", b"\x05\x64", 0, TCP), ("irc", b"NICK ", 0, TCP), ("rsync", b"@RSYNCD:", 0, TCP),
    ("socks", b"\x05\x01\x00", 0, TCP), ("socks", b"\x05\x02\x00", 0, TCP), ("dtls", b"\x16\xfe", 0, UDP),
    ("game", b"\xff\xff\xff\xff", 0, UDP),
)  # fmt: skip
"""Protocol, octets, where in the head they stand, and IP protocol (0 either)."""
_CODES = Codes(CODE["tls"], CODE["http"], CODE["quic"], CODE["bitcoin"], CODE["devp2p"])
_DNS = (53, 5353, 5355)


class Sieved(NamedTuple):
    """Of the m flows with payload: ``flow`` int64 (m,) index into the batch, ``code`` and ``marks`` uint16 (m, 2)."""

    flow: np.ndarray
    code: np.ndarray
    marks: np.ndarray


@cache
def _signatures() -> Signatures:
    begin = np.cumsum([0, *(len(octets) for _, octets, _, _ in _SIGNATURES)])
    return Signatures(
        np.frombuffer(b"".join(octets for _, octets, _, _ in _SIGNATURES), np.uint8),
        begin.astype(np.int64),
        np.array([offset for _, _, offset, _ in _SIGNATURES], np.int64),
        np.array([protocol for *_, protocol in _SIGNATURES], np.uint8),
        np.array([CODE[name] for name, *_ in _SIGNATURES], np.uint16),
    )


@cache
def _ports() -> np.ndarray:
    return by_port()


def sieve(flows: Flows, listed: np.ndarray) -> Sieved:
    """Protocols and marks of the heads in ``flows.exchange``; ``listed``: hashes of listed names, ascending."""
    exchange = flows.exchange
    if exchange is None or not len(exchange):
        return Sieved(np.zeros(0, np.int64), np.zeros((0, 2), np.uint16), np.zeros((0, 2), np.uint16))
    held = np.flatnonzero(exchange.row >= 0)
    order = exchange.row[held]
    source, destination = flows["source_transport_port"][held], flows["destination_transport_port"][held]
    heads = Heads(
        exchange.heads,
        exchange.head_start[order],
        exchange.head_length[order],
        flows["protocol_identifier"][held],
        np.isin(source, _DNS) | np.isin(destination, _DNS),
    )
    code, marks = np.zeros((len(held), 2), np.uint16), np.zeros((len(held), 2), np.uint16)
    sift(heads, _signatures(), listed, _CODES, code, marks)
    return Sieved(held, code, marks)


DYNAMIC = 32768
"""Ports from here on are clients' own on most systems, so that a service's is not told from them."""
HIGH_SERVICES = (
    33333, 33337, 33338, 34254, 37888, 37889, 37890, 40573, 42343, 44818, 45550, 45560, 45590, 45700, 47808, 51820,
)  # fmt: skip
"""Ports of services among them: pools of ``knowledge/pools.csv`` and Stratum v2's, p2pool, EtherNet/IP, BACnet,
WireGuard."""


def service_is_source(flows: Flows) -> np.ndarray:
    """Boolean (n,): the source is the server.

    A SYN tells who opened a flow; else the lower port is taken for the service's, the destination's when equal. Of two
    ports that could both be a client's own, it is the one that a service is known by.
    """
    told = flows["orientation"] == Orientation.SYN
    source, destination = flows["source_transport_port"], flows["destination_transport_port"]
    service: np.ndarray = (source < destination) & (source > 0)
    unclear = np.flatnonzero((np.minimum(source, destination) >= DYNAMIC) & ~told)
    if len(unclear):
        known = [np.isin(port[unclear], HIGH_SERVICES) for port in (source, destination)]
        service[unclear] = np.where(known[0] != known[1], known[0], service[unclear])
    service &= ~told
    return service


def port_codes(flows: Flows) -> np.ndarray:
    """uint16 (n,): application by port: the service's, else the other's."""
    protocol = flows["protocol_identifier"]
    codes = np.zeros(len(flows), np.uint16)
    swapped = service_is_source(flows)
    service = np.where(swapped, flows["source_transport_port"], flows["destination_transport_port"])
    other = np.where(swapped, flows["destination_transport_port"], flows["source_transport_port"])
    for row, number in enumerate((TCP, UDP)):
        mine = protocol == number
        first = _ports()[row, service[mine]]
        codes[mine] = np.where(first > 0, first, _ports()[row, other[mine]])
    codes[(protocol == 1) | (protocol == 58)] = CODE["icmp"]
    codes[(protocol == 50) | (protocol == 51)] = CODE["ipsec"]
    codes[protocol == 47] = CODE["pptp"]
    return codes


def application_codes(flows: Flows, sieved: Sieved) -> np.ndarray:
    """uint16 (n,): by payload of either direction (the client's first), else by port."""
    codes = port_codes(flows)
    seen = np.where(sieved.code[:, 0] > 0, sieved.code[:, 0], sieved.code[:, 1])
    known = seen > 0
    codes[sieved.flow[known]] = seen[known]
    return codes
