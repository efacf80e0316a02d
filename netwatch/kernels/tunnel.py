"""What a packet carries inside: IP in IP, GRE, ERSPAN, VXLAN, Geneve, GTP-U, L2TP, Teredo, MPLS in IP, EtherIP."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import part
from netwatch.kernels.link import ETHERNET, ETHERTYPE, IP, MPLS, PPP
from netwatch.kernels.load import be16, be32

TUNNELS = (
    "",
    "IP in IP",
    "IPv6 in IP",
    "GRE",
    "ERSPAN",
    "VXLAN",
    "Geneve",
    "GTP-U",
    "L2TP",
    "Teredo",
    "MPLS in IP",
    "EtherIP",
)
"""Names of the codes in the field ``tunnel`` of a packet."""
IN_IP, V6_IN_IP, GRE, ERSPAN, VXLAN, GENEVE, GTP_U, L2TP, TEREDO, MPLS_IN_IP, ETHER_IP = range(1, 12)


@part
def _gre(octets, p, end):  # type: ignore[no-untyped-def]
    """(tunnel or 0, place, what lies there, EtherType, key) behind GRE (RFC 2784, 2890; PPTP's RFC 2637; ERSPAN)."""
    if p + 4 > end:
        return 0, p, 0, 0, 0
    flags = be16(octets, p)
    value = be16(octets, p + 2)
    version = flags & 7
    if version > 1 or flags & 0x4000:  # routing (RFC 1701) is long gone
        return 0, p, 0, 0, 0
    q = p + 4 + (4 if flags & 0x8000 else 0)
    key = 0
    if flags & 0x2000 and q + 4 <= end:
        key = be32(octets, q)
        q += 4
    q += 4 if flags & 0x1000 else 0
    if version == 1:
        q += 4 if flags & 0x80 else 0
        return GRE if value == 0x880B else 0, q, PPP, value, key & 0xFFFF
    if value == 0x88BE or value == 0x22EB:
        if value == 0x22EB and q + 12 <= end:
            session = be16(octets, q + 2) & 0x3FF
            return ERSPAN, q + (20 if octets[q + 11] & 1 else 12), ETHERNET, 0, session
        if value == 0x88BE and flags & 0x1000 and q + 8 <= end:
            return ERSPAN, q + 8, ETHERNET, 0, be16(octets, q + 2) & 0x3FF
        return ERSPAN, q, ETHERNET, 0, 0
    if value == 0x883E:  # WCCP: a redirect header in version 2, none in version 1
        return GRE, q if q < end and octets[q] >> 4 == 4 else q + 4, IP, 0, key
    return GRE, q, ETHERTYPE, max(value, 0x0600), key


@part
def _gtp(octets, p, end):  # type: ignore[no-untyped-def]
    """Place of the packet in a GTP-U G-PDU (3GPP TS 29.281 section 5), or -1."""
    flags = octets[p]
    if flags >> 4 != 3 or octets[p + 1] != 255:
        return np.int64(-1)
    q = p + 8
    if flags & 7:
        q += 4
        following = octets[q - 1] if flags & 4 and q <= end else np.uint8(0)
        for _ in range(16):
            if following == 0:
                break
            if q >= end or octets[q] == 0:
                return np.int64(-1)
            q += np.int64(octets[q]) * 4
            if q > end:
                return np.int64(-1)
            following = octets[q - 1]
    return np.int64(q)


@part
def _l2tp(octets, p, end):  # type: ignore[no-untyped-def]
    """Place of the PPP frame in an L2TP version 2 data message (RFC 2661 section 3.1), or -1."""
    flags = be16(octets, p)
    if flags & 0x8000 or flags & 15 != 2:
        return np.int64(-1)
    q = p + 2 + (2 if flags & 0x4000 else 0) + 4 + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        if q + 2 > end:
            return np.int64(-1)
        q += 2 + be16(octets, q)
    return np.int64(q)


@part
def _teredo(octets, p, end):  # type: ignore[no-untyped-def]
    """Place of the IPv6 header in a Teredo packet (RFC 4380 section 5.1.1), or -1."""
    if be16(octets, p) == 1:  # authentication
        p += 13 + np.int64(octets[p + 2]) + np.int64(octets[p + 3])
    if p + 8 <= end and be16(octets, p) == 0:  # origin indication
        p += 8
    if p + 40 > end or octets[p] >> 4 != 6:
        return np.int64(-1)
    return np.int64(p)


@part
def _in_udp(octets, p, end, source, destination):  # type: ignore[no-untyped-def]
    """As :func:`carried`, for the payload of a UDP datagram of at least 8 octets."""
    if destination in (4789, 8472) and octets[p] & 0xF7 == 0 and octets[p] & 8:  # RFC 7348
        return VXLAN, p + 8, ETHERNET, 0, be32(octets, p + 4) >> 8
    if destination == 4790 and octets[p] & 12 == 12:  # generic protocol extension
        following = octets[p + 3]
        what = IP if following in (1, 2) else ETHERNET
        return VXLAN if following in (1, 2, 3) else 0, p + 8, what, 0, be32(octets, p + 4) >> 8
    if destination == 6081 and octets[p] >> 6 == 0:  # RFC 8926
        length = 8 + 4 * np.int64(octets[p] & 0x3F)
        return GENEVE, p + length, ETHERTYPE, max(be16(octets, p + 2), 0x0600), be32(octets, p + 4) >> 8
    q = np.int64(-1)
    tunnel = 0
    if destination == 2152 or source == 2152:
        q, tunnel = _gtp(octets, p, end), GTP_U
    elif destination == 1701 or source == 1701:
        q, tunnel = _l2tp(octets, p, end), L2TP
    elif destination == 3544 or source == 3544:
        q, tunnel = _teredo(octets, p, end), TEREDO
    if q < 0:
        return 0, p, 0, 0, 0
    ident = be32(octets, p + 4) if tunnel == GTP_U else 0
    return tunnel, q, PPP if tunnel == L2TP else IP, 0, ident


@part
def may_carry(protocol, source, destination):  # type: ignore[no-untyped-def]
    """Whether it is worth asking :func:`carried`: almost always not, which costs two comparisons."""
    if protocol == 6:
        return False
    if protocol == 17:
        low, high = min(source, destination), max(source, destination)
        if high < 1701 or low > 8472:
            return False
        return (
            destination in (4789, 8472, 4790, 6081) or 2152 in (low, high) or 1701 in (low, high) or 3544 in (low, high)
        )
    return protocol in (4, 41, 47, 94, 97, 137)


@part
def carried(octets, p, end, protocol, ports):  # type: ignore[no-untyped-def]
    """What the payload at ``p`` carries.

    Args:
        octets: uint8 (n,).
        p: start of the IP payload; of the UDP payload for UDP.
        end: of what was captured of the packet.
        protocol: IP protocol number.
        ports: source * 65536 + destination.

    Returns:
        (tunnel code or 0, place, what lies there, its EtherType, key, VNI, TEID or session).

    """
    if protocol == 17:
        if p + 8 > end:
            return 0, p, 0, 0, 0
        return _in_udp(octets, p, end, ports >> 16, ports & 0xFFFF)
    if protocol == 47:
        return _gre(octets, p, end)
    if protocol == 4 or protocol == 94:
        return IN_IP, p, IP, 0, 0
    if protocol == 41:
        return V6_IN_IP, p, IP, 0, 0
    if protocol == 137:
        return MPLS_IN_IP, p, MPLS, 0, 0
    if protocol == 97 and p + 2 <= end and octets[p] >> 4 == 3:  # RFC 3378
        return ETHER_IP, p + 2, ETHERNET, 0, 0
    return 0, p, 0, 0, 0
