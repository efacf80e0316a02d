"""Frames of simulated packet captures: headers come once from scapy, what varies is set in the octets."""

from __future__ import annotations

import gzip
import struct
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

SEGMENT = 1448  # octets of payload a TCP segment carries at most
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Endpoint(NamedTuple):
    """An IPv4 address and a port."""

    address: str
    port: int


class Capture:
    """Frames with their times; ``label`` says which part of the truth a frame belongs to."""

    def __init__(self) -> None:
        self._frames: list[tuple[float, bytes]] = []
        self.packets: Counter[str] = Counter()
        self.octets: Counter[str] = Counter()

    def add(self, time: float, frame: bytes, label: str) -> None:
        """One frame at a time (s since 1970)."""
        self._frames.append((time, frame))
        self.packets[label] += 1
        self.octets[label] += int.from_bytes(frame[16:18], "big")  # IP total length behind 14 octets of Ethernet

    def __len__(self) -> int:
        return len(self._frames)

    def span(self) -> tuple[float, float]:
        """Times of the first and the last frame."""
        times = [time for time, _ in self._frames]
        return min(times), max(times)

    def frames(self) -> list[tuple[float, bytes]]:
        """All frames in order of time."""
        return sorted(self._frames, key=lambda frame: frame[0])

    def write(self, path: Path) -> Path:
        """Write all frames in order of time, as pcap with microseconds in gzip."""
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            packed.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for time, frame in self.frames():
                at = round(time * 1e6)
                packed.write(struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(frame), len(frame)) + frame)
        return path


@lru_cache(maxsize=3)
def _template(protocol: str) -> bytes:
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.l2 import Ether

    upper = {"tcp": TCP, "udp": UDP, "icmp": ICMP}[protocol](chksum=0)
    return bytes(Ether(src=bytes(6), dst=bytes(6)) / IP(src="0.0.0.0", dst="0.0.0.0", len=0, chksum=0) / upper)  # noqa: S104 - written over below


def _header(source: str, destination: str, protocol: str) -> bytearray:
    """Ethernet, IPv4 and transport header with addresses and hop limit set."""
    frame = bytearray(_template(protocol))
    frame[0:6], frame[6:12] = _mac(destination), _mac(source)
    frame[22] = 57 if _outside(source) else 64
    frame[26:30], frame[30:34] = _octets(source), _octets(destination)
    return frame


def _octets(address: str) -> bytes:
    return bytes(int(part) for part in address.split("."))


def _outside(address: str) -> bool:
    return not address.startswith("175.45.17")


def _mac(address: str) -> bytes:
    """A locally administered address; all of the outside is behind one router."""
    return b"\x02\0\0\0\0\x01" if _outside(address) else b"\x02\0" + _octets(address)


def _sum(octets: bytes) -> int:
    """Ones' complement sum (RFC 1071): a number modulo 65535, for 65536 is 1 there."""
    return int.from_bytes(octets + b"\0" * (len(octets) % 2), "big") % 0xFFFF


def _finished(frame: bytearray, identification: int, protocol: int, checksum_at: int) -> bytes:
    struct.pack_into(">HH", frame, 16, len(frame) - 14, identification & 0xFFFF)
    frame[24:26] = b"\0\0"
    struct.pack_into(">H", frame, 24, 0xFFFF - _sum(bytes(frame[14:34])))
    upper = bytes(frame[34:])
    pseudo = bytes(frame[26:34]) + struct.pack(">HH", protocol, len(upper))
    value = 0xFFFF - _sum(pseudo + upper)
    struct.pack_into(">H", frame, checksum_at, value or 0xFFFF)
    return bytes(frame)


def udp(source: Endpoint, destination: Endpoint, payload: bytes, identification: int = 0) -> bytes:
    """A UDP datagram in one frame (RFC 768)."""
    frame = _header(source.address, destination.address, "udp") + payload
    struct.pack_into(">HHHH", frame, 34, source.port, destination.port, 8 + len(payload), 0)
    return _finished(frame, identification, 17, 40)


def echo(source: str, destination: str, number: int, *, reply: bool = False) -> bytes:
    """An echo request or reply with 56 octets of payload (RFC 792)."""
    frame = _header(source, destination, "icmp") + bytes(range(8, 64))
    struct.pack_into(">BBHHH", frame, 34, 0 if reply else 8, 0, 0, 0x4E57, number)
    struct.pack_into(">H", frame, 36, 0xFFFF - _sum(bytes(frame[34:])))
    struct.pack_into(">HH", frame, 16, len(frame) - 14, number & 0xFFFF)
    frame[24:26] = b"\0\0"
    struct.pack_into(">H", frame, 24, 0xFFFF - _sum(bytes(frame[14:34])))
    return bytes(frame)


def fragments(whole: bytes, size: int = 1480) -> list[bytes]:
    """The IPv4 fragments of a frame whose payload exceeds ``size`` octets (RFC 791 section 3.2)."""
    header, body = whole[:34], whole[34:]
    parts = []
    for at in range(0, len(body), size):
        piece = bytearray(header + body[at : at + size])
        more = at + size < len(body)
        struct.pack_into(">H", piece, 16, len(piece) - 14)
        struct.pack_into(">H", piece, 20, (0x2000 if more else 0) | at // 8)
        struct.pack_into(">H", piece, 24, 0)
        struct.pack_into(">H", piece, 24, 0xFFFF - _sum(bytes(piece[14:34])))
        parts.append(bytes(piece))
    return parts


def tcp(source: Endpoint, destination: Endpoint, flags: int, numbers: tuple[int, int], payload: bytes = b"") -> bytes:
    """A TCP segment; ``numbers`` are sequence and acknowledgement (RFC 9293)."""
    options = b"\x02\x04\x05\xb4\x04\x02\x01\x01" if flags & SYN else b""  # MSS 1460, SACK permitted
    frame = _header(source.address, destination.address, "tcp") + options + payload
    sequence, acknowledged = (n & 0xFFFF_FFFF for n in numbers)
    struct.pack_into(">HHIIBBHHH", frame, 34, source.port, destination.port, sequence, acknowledged,
                     (5 + len(options) // 4) << 4, flags, 64240, 0, 0)  # fmt: skip
    return _finished(frame, sequence ^ sequence >> 16, 6, 50)


class Conversation:
    """A TCP connection that is captured whole: handshake, data in segments, acknowledgements, end."""

    def __init__(self, capture: Capture, ends: tuple[Endpoint, Endpoint], label: str, chance: np.random.Generator,
                 round_trip: float = 0.04) -> None:  # fmt: skip
        self._capture, self._ends, self._label, self._round_trip = capture, ends, label, round_trip
        self._next = [int(chance.integers(1 << 32)), int(chance.integers(1 << 32))]

    def open(self, time: float) -> float:
        """SYN, SYN-ACK, ACK; the time when data can flow."""
        self._emit(time, 0, SYN)
        self._next[0] += 1
        self._emit(time + self._round_trip, 1, SYN | ACK)
        self._next[1] += 1
        self._emit(time + self._round_trip + 1e-4, 0, ACK)
        return time + self._round_trip + 2e-4

    def send(self, time: float, side: int, payload: bytes, *, acknowledged: bool = True) -> float:
        """Data from ``side`` (0 client, 1 server); every second segment and the last are acknowledged."""
        last = max(0, len(payload) - 1) // SEGMENT
        for number in range(last + 1):
            segment = payload[number * SEGMENT : (number + 1) * SEGMENT]
            self._emit(time, side, ACK | (PSH if number == last else 0), segment)
            self._next[side] += len(segment)
            if acknowledged and (number % 2 or number == last):
                self._emit(time + self._round_trip / 2, 1 - side, ACK)
            time += 1.2e-4
        return time + self._round_trip / 2

    def close(self, time: float, side: int = 0) -> float:
        """FIN from ``side``, FIN from the other, the last ACK."""
        self._emit(time, side, FIN | ACK)
        self._next[side] += 1
        self._emit(time + self._round_trip / 2, 1 - side, FIN | ACK)
        self._next[1 - side] += 1
        self._emit(time + self._round_trip, side, ACK)
        return time + self._round_trip

    def _emit(self, time: float, side: int, flags: int, payload: bytes = b"") -> None:
        source, destination = self._ends[side], self._ends[1 - side]
        numbers = (self._next[side], self._next[1 - side] if flags & ACK else 0)
        self._capture.add(time, tcp(source, destination, flags, numbers, payload), self._label)
