"""Names of link types and of what is not IP, for the tally."""

from __future__ import annotations

LINKS: dict[int, str] = {
    0: "null",
    1: "Ethernet",
    6: "token ring",
    8: "SLIP",
    9: "PPP",
    10: "FDDI",
    12: "raw IP",
    14: "raw IP",
    50: "PPP over serial",
    51: "PPPoE",
    100: "RFC 1483 ATM",
    101: "raw IP",
    104: "Cisco HDLC",
    105: "IEEE 802.11",
    107: "frame relay",
    108: "loop",
    109: "OpenBSD enc",
    113: "Linux cooked",
    117: "pflog",
    119: "802.11 with Prism header",
    122: "IP over Fibre Channel",
    123: "SunATM",
    127: "802.11 with radiotap",
    138: "IP over IEEE 1394",
    140: "MTP2",
    141: "MTP3",
    143: "DOCSIS",
    147: "user 0",
    149: "PKTAP",
    163: "802.11 with AVS header",
    166: "PPP with direction",
    177: "Linux LAPD",
    187: "Bluetooth HCI",
    189: "USB",
    192: "PPI",
    195: "IEEE 802.15.4",
    197: "ERF",
    201: "Bluetooth HCI with direction",
    203: "LAPD",
    212: "LIN",
    220: "USB of Linux",
    226: "Solaris ipnet",
    227: "CAN",
    228: "raw IPv4",
    229: "raw IPv6",
    230: "IEEE 802.15.4 without FCS",
    239: "NFLOG",
    240: "netANALYZER",
    241: "netANALYZER transparent",
    247: "InfiniBand",
    249: "USB of Windows",
    252: "Wireshark upper PDU",
    253: "netlink",
    254: "Bluetooth of Linux",
    258: "PKTAP",
    274: "Ethernet mPackets",
    276: "Linux cooked v2",
    65535: "of no known kind",
}
"""LINKTYPE values of tcpdump.org/linktypes.html."""

_ETHERTYPES = {
    0x0806: "ARP",
    0x0842: "Wake-on-LAN",
    0x2000: "CDP",
    0x22F0: "AVTP",
    0x6003: "DECnet",
    0x6002: "DEC MOP",
    0x8035: "RARP",
    0x809B: "AppleTalk",
    0x80F3: "AppleTalk ARP",
    0x8137: "IPX",
    0x8808: "Ethernet flow control",
    0x8809: "slow protocols",
    0x8863: "PPPoE discovery",
    0x886D: "Intel teaming",
    0x8874: "Broadcom",
    0x8892: "PROFINET",
    0x888E: "EAPOL",
    0x88A4: "EtherCAT",
    0x88B5: "local experimental",
    0x88B8: "GOOSE",
    0x88BA: "sampled values",
    0x88CC: "LLDP",
    0x88E5: "MACsec",
    0x88F7: "PTP",
    0x8902: "802.1ag CFM",
    0x8906: "FCoE",
    0x9000: "Ethernet loopback",
}
_SERVICE_POINTS = {0x42: "spanning tree", 0xAA: "SNAP", 0xE0: "IPX", 0xF0: "NetBIOS", 0xFE: "OSI", 0xFF: "IPX"}
_PPP = {
    0xC021: "PPP LCP",
    0xC023: "PPP PAP",
    0xC223: "PPP CHAP",
    0x8021: "PPP IPCP",
    0x8057: "PPP IPV6CP",
    0x80FD: "PPP CCP",
    0xFD: "PPP compressed",
    0x2D: "PPP header compression",
}


def link_name(link: int) -> str:
    """Name of a LINKTYPE, or its number."""
    return LINKS.get(link, f"LINKTYPE {link}")


def not_ip_name(detail: int) -> str:
    """Name of what a frame carried instead of IP, from the detail of its status (kernels.link)."""
    kind, value = detail >> 16, detail & 0xFFFF
    if kind == 1:
        return _SERVICE_POINTS.get(value, f"LLC 0x{value:02x}")
    if kind == 2:
        return _PPP.get(value, f"PPP 0x{value:04x}")
    return _ETHERTYPES.get(value, f"EtherType 0x{value:04x}")
