"""What is quiet on the wire: a miner inside TLS, a beacon, questions that carry data, and sweeps by ICMP and UDP."""

from __future__ import annotations

import base64
from typing import NamedTuple

import numpy as np

from netwatch.simulate.frames import Endpoint, echo, udp
from netwatch.simulate.sessions import Wire, tls

GROWN = 22
"""Octets that TLS 1.3 adds to a message."""
SHARE, ACCEPTANCE, JOB = 199 + GROWN, 64 + GROWN, 363 + GROWN
"""Octets of XMRig's messages inside TLS 1.3."""


class Session(NamedTuple):
    """One client of one server from ``since`` to ``until`` (s)."""

    client: str
    server: Endpoint
    since: float
    until: float


def encrypted_monero(wire: Wire, session: Session, name: str) -> int:
    """XMRig inside TLS that names some server: shares without memory, jobs at blocks; how many shares."""
    talk, at = tls(wire, session.since, session.client, session.server, name)
    at = talk.send(at, 0, wire.octets(420 + GROWN), acknowledged=False)
    at = talk.send(at, 1, wire.octets(520 + GROWN))
    share, job, shares = at + _wait(wire, 28), at + _wait(wire, 70), 0
    while min(share, job) < session.until:
        if job < share:
            at = talk.send(max(at, job), 1, wire.octets(JOB))
            job = at + _wait(wire, 70)
            continue
        shares += 1
        longer = int(shares > 8) + int(shares > 98)  # the request's number has more digits
        at = talk.send(max(at, share), 0, wire.octets(SHARE + longer), acknowledged=False)
        at = talk.send(at + 0.01, 1, wire.octets(ACCEPTANCE + longer))
        share = at + 0.4 + _wait(wire, 28)
    return shares


def _wait(wire: Wire, mean: float) -> float:
    return float(wire.chance.exponential(mean))


def beacon(wire: Wire, session: Session, every: float) -> int:
    """A visit at an interval with a jitter of a fifth: one size up, one down; how many visits."""
    at, visits = session.since, 0
    while at < session.until:
        talk = wire.conversation(session.client, session.server)
        sent = talk.send(talk.open(at), 0, wire.octets(148), acknowledged=False)
        talk.close(talk.send(sent + 0.02, 1, wire.octets(96)))
        at += every * float(wire.chance.uniform(0.8, 1.2))
        visits += 1
    return visits


def dns_tunnel(wire: Wire, session: Session, domain: str, count: int) -> None:
    """Questions for TXT records whose names carry 60 octets each, in base 32, and answers that carry as much."""
    from scapy.layers.dns import DNS, DNSQR, DNSRR

    for time in np.sort(wire.chance.uniform(session.since, session.until, count)):
        number = int(wire.chance.integers(1 << 16))
        text = base64.b32encode(wire.chance.bytes(60)).decode().lower().rstrip("=")
        question = DNSQR(qname=f"{text[:48]}.{text[48:]}.{domain}", qtype="TXT")
        asked = bytes(DNS(id=number, rd=1, qd=question))
        answer = DNSRR(rrname=question.qname, type="TXT", ttl=0, rdata=[base64.b64encode(wire.chance.bytes(45))])
        told = bytes(DNS(id=number, qr=1, rd=1, ra=1, qd=question, an=answer))
        asker = Endpoint(session.client, wire.port())
        wire.capture.add(float(time), udp(asker, session.server, asked, number), wire.label)
        wire.capture.add(float(time) + 0.04, udp(session.server, asker, told, number), wire.label)


def ping_sweep(wire: Wire, since: float, scanner: str, targets: list[str], alive: set[str]) -> None:
    """One echo request for each address; those alive answer."""
    for number, target in enumerate(targets):
        wire.capture.add(since + number * 0.02, echo(scanner, target, number), wire.label)
        if target in alive:
            wire.capture.add(since + number * 0.02 + 6e-4, echo(target, scanner, number, reply=True), wire.label)


def udp_probe(wire: Wire, since: float, scanner: str, target: str, ports: list[int]) -> None:
    """One empty datagram for each port of a host that answers none."""
    own = wire.port()
    for number, port in enumerate(ports):
        wire.capture.add(since + number * 0.05, udp(Endpoint(scanner, own), Endpoint(target, port), b""), wire.label)
