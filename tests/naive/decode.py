"""The slow, obvious twin of kernels.decode: the outermost IP packet of an Ethernet or raw IP frame."""

from __future__ import annotations

import struct

TAGS = (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300)
EXTENSIONS = (0, 43, 60, 135, 139, 140)


def decode(frame: bytes, wire: int, link: int) -> dict[str, int] | None:
    """Fields of PACKET, or None where the frame holds no IP behind Ethernet with tags, or directly."""
    vlan, place = 0, 0
    if link == 1:
        if len(frame) < 14:
            return None
        kind, place = struct.unpack_from(">H", frame, 12)[0], 14
        for _ in range(31):
            if kind not in TAGS or len(frame) < place + 8:
                break
            tag, kind = struct.unpack_from(">HH", frame, place)
            vlan, place = vlan or tag & 0xFFF, place + 4
        if kind not in (0x0800, 0x86DD):
            return None
    packet = frame[place:]
    if not packet:
        return None
    found = {4: version4, 6: version6}.get(packet[0] >> 4, lambda p, w: None)(packet, wire - place)
    if found is not None:
        found["vlan"] = vlan
    return found


def version4(packet: bytes, wire: int) -> dict[str, int] | None:
    if len(packet) < 20:
        return None
    first, service, total, ident, place, hops, protocol, _ = struct.unpack_from(">BBHHHBBH", packet)
    header = (first & 15) * 4
    if total == 0 and wire > header:
        total = wire
    if header < 20 or total < header:
        return None
    fragment = 2 if place & 0x1FFF else 1 if place & 0x2000 else 0
    start = header
    if protocol == 51 and fragment != 2:
        start, protocol, _, _ = extensions(packet[:total], start, protocol)
    out = {
        "source_low": 0xFFFF_0000_0000 | int.from_bytes(packet[12:16], "big"),
        "destination_low": 0xFFFF_0000_0000 | int.from_bytes(packet[16:20], "big"),
        "source_high": 0,
        "destination_high": 0,
        "ip_length": total,
        "class_of_service": service,
        "hop_limit": hops,
        "fragment": fragment,
        "fragment_identification": ident,
    }
    return out | transport(packet[:total], start, total, protocol, fragment)


def version6(packet: bytes, wire: int) -> dict[str, int] | None:
    if len(packet) < 40:
        return None
    word, length, protocol, hops = struct.unpack_from(">IHBB", packet)
    if length == 0 and protocol == 0 and len(packet) >= 48:
        length = jumbo(packet)
    if length == 0 and protocol != 59 and wire > 46:
        length = wire - 40
    total = min(length + 40, 0xFFFF_FFFF)
    start, protocol, fragment, ident = extensions(packet[:total], 40, protocol)
    out = {
        "source_high": int.from_bytes(packet[8:16], "big"),
        "source_low": int.from_bytes(packet[16:24], "big"),
        "destination_high": int.from_bytes(packet[24:32], "big"),
        "destination_low": int.from_bytes(packet[32:40], "big"),
        "ip_length": total,
        "class_of_service": word >> 20 & 0xFF,
        "hop_limit": hops,
        "fragment": fragment,
        "fragment_identification": ident,
    }
    return out | transport(packet[:total], start, total, protocol, fragment)


def jumbo(packet: bytes) -> int:
    place, end = 42, min(len(packet), 48 + 8 * packet[41])
    while place + 6 <= end:
        if packet[place] == 0:
            place += 1
        elif packet[place] == 0xC2 and packet[place + 1] == 4:
            return int.from_bytes(packet[place + 2 : place + 6], "big")
        else:
            place += 2 + packet[place + 1]
    return 0


def extensions(packet: bytes, place: int, protocol: int) -> tuple[int, int, int, int]:
    fragment, ident = 0, 0
    for _ in range(24):
        if place + 8 > len(packet):
            break
        if protocol in EXTENSIONS:
            length = 8 + 8 * packet[place + 1]
        elif protocol == 51:
            length = 8 + 4 * packet[place + 1]
        elif protocol == 44:
            length = 8
            offset, ident = struct.unpack_from(">HI", packet, place + 2)
            fragment = 2 if offset >> 3 else offset & 1
        else:
            break
        protocol, place = packet[place], place + length
        if fragment == 2:
            break
    return place, protocol, fragment, ident


def transport(packet: bytes, start: int, total: int, protocol: int, fragment: int) -> dict[str, int]:
    out = dict.fromkeys(("source_port", "destination_port", "tcp_flags", "tcp_sequence"), 0) | {"protocol": protocol}
    have, room, header = packet[start:], total - start, 0
    if fragment != 2 and len(have) >= 4:
        if protocol in (6, 17, 33, 132, 136):
            out["source_port"], out["destination_port"] = struct.unpack_from(">HH", have)
            header = {6: 20, 132: 12}.get(protocol, 8)
        elif protocol in (1, 58):
            out["destination_port"], header = have[0] << 8 | have[1], 8
        if protocol == 6 and len(have) >= 14:
            out["tcp_sequence"] = int.from_bytes(have[4:8], "big")
            word = have[12] << 8 | have[13]
            out["tcp_flags"] = word & 0xFFF
            header = max((word >> 12) * 4, 20)
        if protocol == 17 and len(have) >= 6 and 8 <= (length := have[4] << 8 | have[5]) < room:
            room = length
    out["payload_length"] = max(room - header, 0)
    out["payload_captured"] = min(max(len(have) - min(header, max(room, 0)), 0), out["payload_length"])
    return out
