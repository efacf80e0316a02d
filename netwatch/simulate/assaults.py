"""Attack traffic for captures to detect in, written to files only: never sent, spoofed or otherwise."""

from __future__ import annotations

import numpy as np

from netwatch.simulate.frames import ACK, RST, SYN, Conversation, Endpoint, fragments, tcp, udp
from netwatch.simulate.sessions import Wire

UNUSED_BLOCKS = ("198.18", "198.19")  # benchmarking addresses (RFC 2544), so that nobody real is named


def _somewhere(chance: np.random.Generator) -> str:
    block = UNUSED_BLOCKS[int(chance.integers(2))]
    return f"{block}.{int(chance.integers(256))}.{int(chance.integers(1, 255))}"


def syn_flood(wire: Wire, span: tuple[float, float], target: Endpoint, count: int) -> None:
    """SYNs from spoofed sources; the target answers some until its queue is full."""
    times = np.sort(wire.chance.uniform(*span, count))
    for number, time in enumerate(times):
        source = Endpoint(_somewhere(wire.chance), int(wire.chance.integers(1024, 65535)))
        sequence = int(wire.chance.integers(1 << 32))
        wire.capture.add(time, tcp(source, target, SYN, (sequence, 0)), wire.label)
        if number < 400 or wire.chance.random() < 0.03:
            answer = tcp(target, source, SYN | ACK, (int(wire.chance.integers(1 << 32)), sequence + 1))
            wire.capture.add(time + 2e-4, answer, wire.label)


def dns_reflection(wire: Wire, span: tuple[float, float], target: Endpoint, resolvers: int, count: int) -> None:
    """Large answers, in two fragments each, to questions that the target never asked."""
    from scapy.layers.dns import DNS, DNSQR, DNSRR

    name = "large.example."
    record = DNSRR(rrname=name, type="TXT", ttl=3600, rdata=[b"v" * 250] * 11)
    answer = bytearray(bytes(DNS(id=0, qr=1, rd=1, ra=1, qd=DNSQR(qname=name, qtype="ALL"), an=record)))
    sources = [Endpoint(_somewhere(wire.chance), 53) for _ in range(resolvers)]
    for time in np.sort(wire.chance.uniform(*span, count)):
        source = sources[int(wire.chance.integers(resolvers))]
        number = int(wire.chance.integers(1 << 16))
        answer[:2] = number.to_bytes(2, "big")
        for part, frame in enumerate(fragments(udp(source, target, bytes(answer), number))):
            wire.capture.add(time + part * 2e-5, frame, wire.label)


def sweep(wire: Wire, since: float, scanner: str, targets: list[Endpoint], alive: set[str]) -> None:
    """SYN probes 8 ms apart: those alive refuse, or accept on 22 and 80 and are reset; the others are silent."""
    source = Endpoint(scanner, wire.port())
    for number, target in enumerate(targets):
        time, sequence = since + number * 0.008, int(wire.chance.integers(1 << 32))
        wire.capture.add(time, tcp(source, target, SYN, (sequence, 0)), wire.label)
        if target.address not in alive:
            continue
        listening = target.port in (22, 80)
        flags, mine = (SYN | ACK, int(wire.chance.integers(1 << 32))) if listening else (RST | ACK, 0)
        wire.capture.add(time + 0.0006, tcp(target, source, flags, (mine, sequence + 1)), wire.label)
        if listening:
            wire.capture.add(time + 0.05, tcp(source, target, RST, (sequence + 1, 0)), wire.label)


def guess(wire: Wire, since: float, guesser: str, server: str, tries: int) -> float:
    """SSH passwords tried one connection at a time, every one refused."""
    at = since
    for _ in range(tries):
        ends = (Endpoint(guesser, wire.port()), Endpoint(server, 22))
        talk = Conversation(wire.capture, ends, wire.label, wire.chance, 0.09)
        at = talk.send(talk.open(at), 1, b"SSH-2.0-OpenSSH_7.9\r\n", acknowledged=False)
        at = talk.send(at, 0, b"SSH-2.0-libssh-0.6.3\r\n", acknowledged=False)
        for side, size in ((1, 1080), (0, 640), (0, 144), (1, 720), (0, 16), (0, 44), (1, 44), (0, 60), (1, 52)):
            at = talk.send(at, side, wire.octets(size), acknowledged=False)
        for _ in range(2):
            at = talk.send(at, 0, wire.octets(84 + int(wire.chance.integers(0, 3)) * 8), acknowledged=False)
            at = talk.send(at + 1.4, 1, wire.octets(52), acknowledged=False)
        at = talk.close(at) + float(wire.chance.uniform(0.2, 0.6))
    return at
