"""Frames, tunnels and containers made octet by octet, each in the most obvious way."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable

MAC = bytes.fromhex("020000000002020000000001")
BEGIN = 1_546_300_800


def ipv4(payload: bytes, protocol: int, source="10.1.2.3", destination="192.0.2.9", *, ident=7, place=0, options=b""):
    header = 20 + len(options)
    word = struct.pack(">BBHHHBBH", 0x40 | header // 4, 0x10, header + len(payload), ident, place, 61, protocol, 0)
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return word + addresses + options + payload


def ipv6(payload: bytes, protocol: int, source="2001:db8::1", destination="2001:db8::2"):
    head = struct.pack(">IHBB", 0x6010_0000, len(payload), protocol, 61)
    return head + ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed + payload


def tcp(payload: bytes, source=40000, destination=3333, flags=0x18, sequence=1000):
    return struct.pack(">HHIIBBHHH", source, destination, sequence, 1, 0x50, flags, 8192, 0, 0) + payload


def udp(payload: bytes, source=40000, destination=53):
    return struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload


def ethernet(payload: bytes, kind=0x0800):
    return MAC + struct.pack(">H", kind) + payload


def kind_of(packet: bytes) -> int:
    return 0x86DD if packet[0] >> 4 == 6 else 0x0800


def vlan(packet: bytes, *tags: tuple[int, int]) -> bytes:
    """Ethernet with tags: (TPID, VLAN identifier), outermost first."""
    body = packet
    following = kind_of(packet)
    for tpid, identifier in reversed(tags):
        body = struct.pack(">HH", 0xE000 | identifier, following) + body
        following = tpid
    return ethernet(body, following)


def labels(*numbers: int) -> bytes:
    last = len(numbers) - 1
    return b"".join(struct.pack(">I", n << 12 | (1 << 8 if i == last else 0) | 64) for i, n in enumerate(numbers))


def in_snap(packet: bytes) -> bytes:
    return b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", kind_of(packet)) + packet


def wireless(packet: bytes, *, qos=False, relayed=False) -> bytes:
    control = 0x88 if qos else 0x08
    head = (
        bytes([control, 3 if relayed else 1]) + bytes(22) + (bytes(6) if relayed else b"") + (bytes(2) if qos else b"")
    )
    return head + in_snap(packet)


def nflog(packet: bytes) -> bytes:
    return b"\x02\0\0\0" + struct.pack("<HH4s", 8, 1, bytes(4)) + struct.pack("<HH", len(packet) + 4, 9) + packet


def in_ppp(packet: bytes) -> bytes:
    return (b"\x00\x57" if packet[0] >> 4 == 6 else b"\x00\x21") + packet


LINKS = {
    "ethernet": (1, lambda p: ethernet(p, kind_of(p))),
    "802.1Q": (1, lambda p: vlan(p, (0x8100, 5))),
    "QinQ 88a8": (1, lambda p: vlan(p, (0x88A8, 5), (0x8100, 6))),
    "QinQ 9100": (1, lambda p: vlan(p, (0x9100, 5), (0x8100, 6))),
    "QinQ 8100": (1, lambda p: vlan(p, (0x8100, 5), (0x8100, 6))),
    "LLC SNAP": (1, lambda p: MAC + struct.pack(">H", len(p) + 8) + in_snap(p)),
    "MPLS": (1, lambda p: ethernet(labels(17, 18) + p, 0x8847)),
    "MPLS pseudowire": (1, lambda p: ethernet(labels(17) + ethernet(p, kind_of(p)), 0x8847)),
    "MPLS control word": (1, lambda p: ethernet(labels(17) + bytes(4) + ethernet(p, kind_of(p)), 0x8847)),
    "PPPoE": (1, lambda p: ethernet(struct.pack(">BBHH", 0x11, 0, 9, len(p) + 2) + in_ppp(p), 0x8864)),
    "802.1ah": (1, lambda p: ethernet(b"\0\0\1\0" + ethernet(p, kind_of(p)), 0x88E7)),
    "NSH": (1, lambda p: ethernet(struct.pack(">HBBI", 0x0FC2, 2, 3, 1) + ethernet(p, kind_of(p)), 0x894F)),
    "FabricPath": (1, lambda p: ethernet(b"\0\x41" + ethernet(p, kind_of(p)), 0x8903)),
    "MACsec in clear": (1, lambda p: ethernet(b"\x20" + bytes(13) + struct.pack(">H", kind_of(p)) + p, 0x88E5)),
    "SLL": (113, lambda p: struct.pack(">HHH8sH", 0, 1, 6, bytes(8), kind_of(p)) + p),
    "SLL2": (276, lambda p: struct.pack(">HHIHBB8s", kind_of(p), 0, 2, 1, 0, 6, bytes(8)) + p),
    "raw": (101, lambda p: p),
    "raw by family": (228, lambda p: p),
    "null little": (0, lambda p: struct.pack("<I", 2) + p),
    "null big": (0, lambda p: struct.pack(">I", 2) + p),
    "loop": (108, lambda p: struct.pack(">I", 2) + p),
    "PPP": (9, in_ppp),
    "PPP framed": (50, lambda p: b"\xff\x03" + in_ppp(p)),
    "Cisco HDLC": (104, lambda p: b"\x0f\0" + struct.pack(">H", kind_of(p)) + p),
    "PPPoE only": (51, lambda p: struct.pack(">BBHH", 0x11, 0, 9, len(p) + 2) + in_ppp(p)),
    "802.11": (105, wireless),
    "802.11 QoS relayed": (105, lambda p: wireless(p, qos=True, relayed=True)),
    "radiotap": (127, lambda p: struct.pack("<BBHIB", 0, 0, 9, 2, 0) + wireless(p)),
    "radiotap padded": (127, lambda p: struct.pack("<BBHIB", 0, 0, 9, 2, 0x20) + wireless_padded(p)),
    "PPI": (192, lambda p: struct.pack("<BBHI", 0, 0, 8, 105) + wireless(p)),
    "NFLOG": (239, nflog),
    "IP over 1394": (138, lambda p: bytes(16) + struct.pack(">H", kind_of(p)) + p),
    "IP over FC": (122, lambda p: bytes(16) + in_snap(p)),
    "frame relay": (107, lambda p: b"\x18\x41\x03" + (b"\xcc" if p[0] >> 4 == 4 else b"\x8e") + p),
    "frame relay, Cisco": (107, lambda p: b"\x80\xea\x9d" + struct.pack(">H", kind_of(p)) + p),
    "FDDI": (10, lambda p: bytes(13) + in_snap(p)),
    "PKTAP": (258, lambda p: struct.pack("<III", 16, 1, 101) + bytes(4) + p),
}
"""Links: LINKTYPE and how a packet is put into a frame."""


def wireless_padded(packet: bytes) -> bytes:
    frame = wireless(packet, qos=True)
    return frame[:26] + bytes(2) + frame[26:]


def in_udp(port: int, payload: bytes) -> bytes:
    return ipv4(udp(payload, 50000, port), 17, "198.51.100.1", "198.51.100.2")


def by(protocol: int, payload: bytes) -> bytes:
    return ipv4(payload, protocol, "198.51.100.1", "198.51.100.2")


def gtp(packet: bytes, flags=0x30, optional=b"") -> bytes:
    return struct.pack(">BBHI", flags, 255, len(packet) + len(optional), 77) + optional + packet


TUNNELS = {
    "IP in IP": lambda p: by(41 if p[0] >> 4 == 6 else 4, p),
    "IP in IPv6": lambda p: ipv6(p, 41 if p[0] >> 4 == 6 else 4, "2001:db8:f::1", "2001:db8:f::2"),
    "GRE": lambda p: by(47, struct.pack(">HH", 0, kind_of(p)) + p),
    "GRE key, checksum, sequence": lambda p: by(47, struct.pack(">HHIII", 0xB000, kind_of(p), 0, 9, 1) + p),
    "GRE bridging": lambda p: by(47, struct.pack(">HH", 0, 0x6558) + ethernet(p, kind_of(p))),
    "GRE MPLS": lambda p: by(47, struct.pack(">HH", 0, 0x8847) + labels(5) + p),
    "PPTP": lambda p: by(47, struct.pack(">HHHHI", 0x3001, 0x880B, len(p) + 2, 4, 1) + in_ppp(p)),
    "ERSPAN I": lambda p: by(47, struct.pack(">HH", 0, 0x88BE) + ethernet(p, kind_of(p))),
    "ERSPAN II": lambda p: by(47, struct.pack(">HHIII", 0x1000, 0x88BE, 1, 0x1000_0001, 0) + ethernet(p, kind_of(p))),
    "ERSPAN III": lambda p: by(
        47, struct.pack(">HHIIII", 0x1000, 0x22EB, 1, 0x2000_0001, 0, 0) + ethernet(p, kind_of(p))
    ),
    "VXLAN": lambda p: in_udp(4789, struct.pack(">II", 0x0800_0000, 42 << 8) + ethernet(p, kind_of(p))),
    "VXLAN GPE": lambda p: in_udp(4790, struct.pack(">II", 0x0C00_0003, 42 << 8) + ethernet(p, kind_of(p))),
    "Geneve": lambda p: in_udp(6081, struct.pack(">BBHII", 1, 0, 0x6558, 42 << 8, 0) + ethernet(p, kind_of(p))),
    "Geneve IP": lambda p: in_udp(6081, struct.pack(">BBHI", 0, 0, kind_of(p), 42 << 8) + p),
    "GTP-U": lambda p: in_udp(2152, gtp(p)),
    "GTP-U sequence": lambda p: in_udp(2152, gtp(p, 0x32, struct.pack(">HBB", 1, 0, 0))),
    "GTP-U extension": lambda p: in_udp(2152, gtp(p, 0x34, struct.pack(">HBB", 0, 0, 0x85) + b"\x01\x10\x01\x00")),
    "L2TP": lambda p: in_udp(1701, struct.pack(">HHHH", 0x4002, len(p) + 12, 1, 1) + b"\xff\x03" + in_ppp(p)),
    "Teredo": lambda p: in_udp(3544, struct.pack(">HHI", 0, 5, 9) + p),
    "MPLS in IP": lambda p: by(137, labels(8) + p),
    "EtherIP": lambda p: by(97, b"\x30\0" + ethernet(p, kind_of(p))),
    "VXLAN in GRE": lambda p: by(47, struct.pack(">HH", 0, 0x0800) + TUNNELS["VXLAN"](p)),
}
"""Tunnels: how a packet is put into another. Teredo carries IPv6 only."""


def conversation(size: int = 34, wrap=ipv4) -> list[bytes]:
    """IP packets of one TCP conversation."""
    packets = []
    for i in range(size):
        body = bytes(j % 251 for j in range(7 * i))
        there = i % 2 == 0
        ports = (40000, 3333) if there else (3333, 40000)
        segment = tcp(body, *ports, flags=2 if i == 0 else 0x18, sequence=i * 100)
        ends = ("10.1.2.3", "192.0.2.9") if wrap is ipv4 else ("2001:db8::1", "2001:db8::2")
        packets.append(wrap(segment, 6, *(ends if there else ends[::-1])))
    return packets


def times(frames: Iterable[bytes]) -> list[int]:
    """Nanoseconds of each frame, whole microseconds."""
    return [BEGIN * 1_000_000_000 + i * 1_003_000 for i, _ in enumerate(frames)]


def pcap(frames: list[bytes], link=1, *, order="<", magic=0xA1B2C3D4, snaplen=262_144, extra=0) -> bytes:
    unit = 1 if magic in (0xA1B23C4D, 0x1C0001AC, 0x1C0001AB) else 1000
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    if magic in (0x1C0001AC, 0x1C0001AB):
        out += struct.pack(order + "I", sum(16 + len(f) for f in frames))
    for time, frame in zip(times(frames), frames, strict=True):
        kept = frame[:snaplen]
        seconds, rest = divmod(time, 1_000_000_000)
        out += struct.pack(order + "IIII", seconds, rest // unit, len(kept), len(frame)) + bytes(extra) + kept
    return out


def block(kind: int, body: bytes, order="<") -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def option(code: int, value: bytes, order="<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order="<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int, order="<", options=b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def enhanced(frame: bytes, ticks: int, ident=0, order="<", options=b"") -> bytes:
    head = struct.pack(order + "IIIII", ident, ticks >> 32, ticks & 0xFFFF_FFFF, len(frame), len(frame))
    return block(6, head + frame + bytes(-len(frame) % 4) + options, order)


def pcapng(frames: list[bytes], link=1, order="<") -> bytes:
    out = section(order) + interface(link, order)
    for time, frame in zip(times(frames), frames, strict=True):
        out += enhanced(frame, time // 1000, 0, order)
    return out


def snoop(frames: list[bytes]) -> bytes:
    out = b"snoop\0\0\0" + struct.pack(">II", 2, 4)
    for time, frame in zip(times(frames), frames, strict=True):
        seconds, rest = divmod(time, 1_000_000_000)
        record = 24 + len(frame) + -len(frame) % 4
        out += struct.pack(">IIIIII", len(frame), len(frame), record, 0, seconds, rest // 1000)
        out += frame + bytes(-len(frame) % 4)
    return out


def erf(frames: list[bytes]) -> bytes:
    out = b""
    for time, frame in zip(times(frames), frames, strict=True):
        seconds, rest = divmod(time, 1_000_000_000)
        ticks = seconds << 32 | -(-(rest << 32) // 1_000_000_000)
        out += struct.pack("<Q", ticks) + struct.pack(">BBHHHH", 2, 4, 18 + len(frame), 0, len(frame), 0) + frame
    return out
