"""From the start of a frame to its IP header: link types of tcpdump.org, then tags, labels and shims between."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.jit import part
from netwatch.kernels.load import be16, be32, le16, le32

ETHERNET, ETHERTYPE, LLC, PPP, MPLS, IP = range(1, 7)
"""What lies at a place in a frame."""

UNKNOWN_LINK, NOT_IP, CUT, BAD_IP, NO_DATA, PROTECTED, TOO_DEEP = range(4, 11)
"""Statuses: see decode.REASONS."""

STEPS = 32
"""Tags, labels and shims of one frame that are followed."""
LLC_DETAIL, PPP_DETAIL = 0x1_0000, 0x2_0000
"""Added to the detail of NOT_IP where it is an LLC service access point or a PPP protocol instead of an EtherType."""


@part
def _is_known_type(value):  # type: ignore[no-untyped-def]
    return value in (0x0800, 0x86DD, 0x8100, 0x88A8, 0x0806, 0x8847, 0x8848, 0x8863, 0x8864)


@part
def _after_labels(octets, p, end):  # type: ignore[no-untyped-def]
    """(place, what lies there or 0 unknown, status) behind an MPLS label stack (RFC 3032, control word RFC 4385)."""
    for _ in range(STEPS):
        if p + 4 > end:
            return p, 0, CUT
        bottom = octets[p + 2] & 1
        p += 4
        if bottom:
            break
    else:
        return p, 0, TOO_DEEP
    if p + 20 > end:
        return p, IP, 0
    first = octets[p]
    # An address of a pseudowire's Ethernet frame may begin with the nibble of an IP version, or with the 0 of a control
    # word: its EtherType tells.
    if first >> 4 == 0 and _is_known_type(be16(octets, p + 16)):
        return p + 4, ETHERNET, 0
    ipv4 = first >> 4 == 4 and first & 15 >= 5 and be16(octets, p + 2) >= 20
    if (not ipv4 or be16(octets, p + 2) > end - p) and _is_known_type(be16(octets, p + 12)):
        return p, ETHERNET, 0
    return p, IP, 0


@part
def _after_ethertype(octets, p, end, value, vlan):  # type: ignore[no-untyped-def]
    """(place, what lies there or 0, its EtherType, status, outermost VLAN) behind one EtherType that is not IP's."""
    if value < 0x0600:  # a length: IEEE 802.3
        return p, LLC, value, 0, vlan
    if p + 8 > end:
        return p, 0, value, CUT if value in (0x8100, 0x88A8, 0x9100, 0x8847, 0x8864) else NOT_IP, vlan
    if value in (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300):
        tag = be16(octets, p) & 0xFFF
        return p + 4, ETHERTYPE, be16(octets, p + 2), 0, vlan if vlan else tag
    if value in (0x8847, 0x8848):
        return p, MPLS, value, 0, vlan
    if value == 0x8864:  # PPPoE session, RFC 2516
        return p + 6, PPP, value, 0, vlan
    if value == 0x6558:  # transparent Ethernet bridging
        return p, ETHERNET, value, 0, vlan
    if value == 0x880B:
        return p, PPP, value, 0, vlan
    if value == 0x88E7:  # IEEE 802.1ah service instance
        return p + 4, ETHERNET, value, 0, vlan
    if value == 0x8926:  # VN-Tag
        return p + 6, ETHERTYPE, be16(octets, p + 4), 0, vlan
    if value in (0x893F, 0x8909):  # IEEE 802.1BR E-Tag, Cisco MetaData
        return p + 8, ETHERTYPE, be16(octets, p + 6), 0, vlan
    if value == 0x8903:  # Cisco FabricPath
        return p + 2, ETHERNET, value, 0, vlan
    if value == 0x88E5 and octets[p] & 0x8C == 0 and p + 16 <= end:  # IEEE 802.1AE, neither encrypted nor changed
        q = p + 14 if octets[p] & 0x20 else p + 6
        return q + 2, ETHERTYPE, be16(octets, q), 0, vlan
    if value == 0x894F:  # NSH, RFC 8300
        following = octets[p + 3]
        what = IP if following in (1, 2) else ETHERNET if following == 3 else MPLS if following == 5 else 0
        return p + (octets[p + 1] & 0x3F) * 4, what, value, 0 if what else NOT_IP, vlan
    return p, 0, value, NOT_IP, vlan


@part
def _after_llc(octets, p, end):  # type: ignore[no-untyped-def]
    """(place, what lies there or 0, EtherType or detail, status) behind IEEE 802.2 LLC, with SNAP (RFC 1042)."""
    if p + 3 > end:
        return p, 0, 0, CUT
    if be16(octets, p) == 0xAAAA and octets[p + 2] == 3:
        if p + 8 > end:
            return p, 0, 0, CUT
        value = be16(octets, p + 6)
        known = octets[p + 3] == 0 and be16(octets, p + 4) in (0, 0xF8) and value >= 0x0600
        return p + 8, ETHERTYPE if known else 0, value, 0 if known else NOT_IP
    if be16(octets, p) == 0x0606:
        return p + 3, IP, 0, 0
    return p, 0, LLC_DETAIL | octets[p], NOT_IP


@part
def _after_ppp(octets, p, end):  # type: ignore[no-untyped-def]
    """(place, what lies there or 0, detail, status) behind a PPP header (RFC 1661, RFC 1662), compressed or not."""
    if p + 4 > end:
        return p, 0, 0, CUT
    if be16(octets, p) == 0xFF03:
        p += 2
    protocol = np.int64(octets[p])
    if protocol & 1:
        p += 1
    else:
        protocol = be16(octets, p)
        p += 2
    if protocol in (0x21, 0x57):
        return p, IP, 0, 0
    if protocol in (0x281, 0x283):
        return p, MPLS, 0, 0
    return p, 0, PPP_DETAIL | protocol, NOT_IP


@part
def unwrap(octets, p, end, what, value, vlan):  # type: ignore[no-untyped-def]
    """Go from ``what`` at ``p`` (with EtherType ``value``) to the IP header.

    Returns:
        (place of the IP header, status, detail of the status, outermost VLAN).

    """
    status = 0
    for _ in range(STEPS):
        if what == ETHERTYPE:
            if value in (0x0800, 0x86DD):
                return p, 0, 0, vlan
            p, what, value, status, vlan = _after_ethertype(octets, p, end, value, vlan)
        elif what == ETHERNET:
            if p + 14 > end:
                return p, CUT, 0, vlan
            value = be16(octets, p + 12)
            p += 14
            what = ETHERTYPE
        elif what == LLC:
            p, what, value, status = _after_llc(octets, p, end)
        elif what == PPP:
            p, what, value, status = _after_ppp(octets, p, end)
        elif what == MPLS:
            p, what, status = _after_labels(octets, p, end)
        if what == IP:
            return p, 0, 0, vlan
        if status:
            return p, status, value, vlan
    return p, TOO_DEEP, 0, vlan


@part
def _after_radiotap(octets, p, end):  # type: ignore[no-untyped-def]
    """(place of the 802.11 header, whether it is padded to 4 octets) behind radiotap (radiotap.org)."""
    if p + 8 > end:
        return end, False
    length = le16(octets, p + 2)
    present = le32(octets, p + 4)
    q = p + 8
    word = present
    while word >> 31 and q + 4 <= end:
        word = le32(octets, q)
        q += 4
    if present & 1:  # TSFT, aligned to 8 octets
        q = p + (q - p + 7) // 8 * 8 + 8
    padded = bool(present & 2) and q < end and bool(octets[q] & 0x20)
    return p + length, padded


@part
def _wireless(octets, p, end, padded):  # type: ignore[no-untyped-def]
    """(place, what lies there or 0, status) behind an IEEE 802.11 header."""
    if p + 24 > end:
        return p, 0, CUT if p + 2 <= end and octets[p] & 0x0C == 8 else NO_DATA
    control, flags = octets[p], octets[p + 1]
    if control & 0x0C != 8 or control & 0x40:
        return p, 0, NO_DATA
    if flags & 0x40:
        return p, 0, PROTECTED
    header = 30 if flags & 3 == 3 else 24
    if control & 0x80:
        if p + header + 2 > end:
            return p, 0, CUT
        if octets[p + header] & 0x80:  # several frames in one
            return p, 0, NO_DATA
        header += 6 if flags & 0x80 else 2
    if padded:
        header = (header + 3) // 4 * 4
    return p + header, LLC, 0


@part
def _nflog(octets, p, end):  # type: ignore[no-untyped-def]
    """Place of the packet in an NFLOG frame: the value of attribute 9 (lengths in the order of the capturing host)."""
    q = p + 4
    for _ in range(64):
        if q + 4 > end:
            break
        little = octets[q + 3] & 0x7F == 0 and octets[q + 2] != 0
        length = le16(octets, q) if little else be16(octets, q)
        if length < 4:
            break
        if (octets[q + 2] if little else octets[q + 3]) == 9:
            return q + 4
        q += (length + 3) // 4 * 4
    return end


@part
def _rare_link(octets, p, end, link):  # type: ignore[no-untyped-def]
    """(place, what lies there or 0, EtherType, status) for link types that are not in every capture."""
    room = end - p
    if link in (0, 108, 117, 109):  # null, loop, pflog, enc: a family word, then IP
        length = np.int64(4 if link in (0, 108) else 12)
        if link == 117 and room > 1:
            length = (np.int64(octets[p]) + 3) // 4 * 4
        return p + length, IP, 0, 0
    if link == 51:
        return p + 6, PPP, 0, 0
    if link == 104 and room >= 4:  # Cisco HDLC, or PPP in HDLC-like framing
        if be16(octets, p) == 0xFF03:
            return p, PPP, 0, 0
        return p + 4, ETHERTYPE, max(be16(octets, p + 2), 0x0600), 0
    if link == 239:
        return _nflog(octets, p, end), IP, 0, 0
    if link == 138 and room >= 18:  # IP over IEEE 1394
        return p + 18, ETHERTYPE, be16(octets, p + 16), 0
    if link == 122:  # IP over Fibre Channel, RFC 2625
        return p + 16, LLC, 0, 0
    if link == 10:  # FDDI
        return p + 13, LLC, 0, 0
    if link == 6 and room >= 16:  # token ring, with a source route where the top bit of the source says so
        route = octets[p + 14] & 0x1F if octets[p + 8] & 0x80 else 0
        return p + 14 + route, LLC, 0, 0
    if link == 100:  # RFC 1483 over ATM
        return p, LLC, 0, 0
    if link == 107 and room >= 8:  # frame relay, RFC 2427
        q = p + 1
        while q < p + 4 and octets[q - 1] & 1 == 0:  # the last octet of the address has its lowest bit set
            q += 1
        if octets[q] != 3:  # Cisco's own encapsulation
            return q + 2, ETHERTYPE, max(be16(octets, q), 0x0600), 0
        q += 1
        if octets[q] in (0xCC, 0x8E):
            return q + 1, IP, 0, 0
        q += 1 if octets[q] == 0x80 else 2
        return q + 5, ETHERTYPE, max(be16(octets, min(q + 3, end - 2)), 0x0600), 0
    if link == 240 or link == 241:  # netANALYZER
        return p + (4 if link == 240 else 12), ETHERNET, 0, 0
    if link == 274:  # Ethernet with mPacket preamble
        return p + 8, ETHERNET, 0, 0
    if link == 226:
        return p + 24, IP, 0, 0
    return p, 0, link, CUT if link in (104, 138, 6, 107) else UNKNOWN_LINK


@part
def enter(octets, p, end, link):  # type: ignore[no-untyped-def]
    """(place, what lies there or 0, its EtherType, status) for the start of a frame of a LINKTYPE."""
    if link == 192 and p + 8 <= end:  # PPI: its own length, then the LINKTYPE that it carries
        link = le32(octets, p + 4)
        p += le16(octets, p + 2)
    elif (link == 258 or link == 149) and p + 12 <= end:  # PKTAP
        link = le32(octets, p + 8)
        p += le32(octets, p)
    if link == 1:
        return p, ETHERNET, 0, 0
    if link in (101, 12, 14, 228, 229):
        return p, IP, 0, 0
    if link == 113:  # Linux cooked
        return p + 16, ETHERTYPE, be16(octets, p + 14) if p + 16 <= end else 0, 0 if p + 16 <= end else CUT
    if link == 276:
        return p + 20, ETHERTYPE, be16(octets, p) if p + 20 <= end else 0, 0 if p + 20 <= end else CUT
    if link in (9, 50, 166):
        return p, PPP, 0, 0
    if link in (105, 119, 127, 163):
        padded = False
        if link == 127:
            p, padded = _after_radiotap(octets, p, end)
        elif link != 105 and p + 8 <= end:  # Prism or AVS header
            p += be32(octets, p + 4) if be32(octets, p) >> 16 == 0x8021 else 144
        p, what, status = _wireless(octets, p, end, padded)
        return p, what, 0, status
    return _rare_link(octets, p, end, link)
