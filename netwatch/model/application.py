"""Application protocols: what the column ``application`` counts, by payload where it was seen, else by port.

Codes are positions in :data:`APPLICATIONS`; new names go to the end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TCP, UDP = 6, 17


class Application(NamedTuple):
    """A protocol: ``traffic_class`` is what its traffic is when nothing else is known of it.

    ``tcp`` and ``udp``: the service ports by which it is told where no payload was seen.
    """

    name: str
    traffic_class: str
    tcp: tuple[int, ...] = ()
    udp: tuple[int, ...] = ()


APPLICATIONS: tuple[Application, ...] = (
    Application("unknown", "unknown"),
    Application("stratum", "unknown"),
    Application("stratum-cryptonote", "unknown"),
    Application("stratum-ethproxy", "unknown"),
    Application("stratum-ethereum", "unknown"),
    Application("stratum-equihash", "unknown"),
    Application("stratum-v2", "unknown"),
    Application("getwork", "unknown"),
    Application("json-rpc", "benign.other"),
    Application("electrum", "chain.electrum"),
    Application("bitcoin", "chain.bitcoin", (8333,)),
    Application("levin", "chain.monero", (18080,)),
    Application("devp2p", "chain.ethereum", (30303,), (30303,)),
    Application("p2pool", "chain.p2pool", (37888, 37889, 37890)),
    Application("tls", "benign.web", (443, 8443)),
    Application("http", "benign.web", (80, 8080, 8000, 3128)),
    Application("websocket", "benign.web"),
    Application("quic", "benign.web", (), (443, 80)),
    Application("dns", "benign.dns", (53, 853), (53,)),
    Application("mdns", "benign.dns", (), (5353, 5355)),
    Application("ntp", "benign.ntp", (), (123,)),
    Application("ssh", "benign.other", (22,)),
    Application("smtp", "benign.mail", (25, 465, 587)),
    Application("imap", "benign.mail", (143, 993)),
    Application("pop3", "benign.mail", (110, 995)),
    Application("ftp", "benign.backup", (20, 21)),
    Application("rsync", "benign.backup", (873,)),
    Application("smb", "benign.backup", (139, 445)),
    Application("nfs", "benign.backup", (2049,), (2049,)),
    Application("bittorrent", "benign.p2p", (6881, 6882, 6883, 6884, 6885, 6889), (6881,)),
    Application("sip", "benign.voip", (5060, 5061), (5060, 5061)),
    Application("rtp", "benign.voip"),
    Application("stun", "benign.voip", (3478, 5349), (3478, 3479, 19302)),
    Application("rtsp", "benign.video", (554, 8554)),
    Application("rtmp", "benign.video", (1935,)),
    Application("openvpn", "benign.vpn", (1194,), (1194,)),
    Application("wireguard", "benign.vpn", (), (51820,)),
    Application("ipsec", "benign.vpn", (), (500, 4500)),
    Application("pptp", "benign.vpn", (1723,)),
    Application("l2tp", "benign.vpn", (), (1701,)),
    Application("modbus", "benign.ics", (502,)),
    Application("dnp3", "benign.ics", (20000,), (20000,)),
    Application("iec104", "benign.ics", (2404,)),
    Application("s7comm", "benign.ics", (102,)),
    Application("ethernet-ip", "benign.ics", (44818,), (44818, 2222)),
    Application("bacnet", "benign.ics", (), (47808,)),
    Application("opc-ua", "benign.ics", (4840,)),
    Application("mqtt", "benign.push", (1883, 8883)),
    Application("xmpp", "benign.push", (5222, 5223, 5269)),
    Application("push", "benign.push", (5228, 5229, 5230)),
    Application("snmp", "benign.monitoring", (), (161, 162)),
    Application("syslog", "benign.monitoring", (514, 6514), (514,)),
    Application("netflow", "benign.monitoring", (), (2055, 4739, 6343, 9995, 9996)),
    Application("game", "benign.game", (25565,), (27015, 27016, 27960, 3074, 7777)),
    Application("rdp", "benign.other", (3389,), (3389,)),
    Application("vnc", "benign.other", (5900, 5901)),
    Application("telnet", "benign.other", (23, 2323)),
    Application("ldap", "benign.other", (389, 636), (389,)),
    Application("kerberos", "benign.other", (88,), (88,)),
    Application("dhcp", "benign.other", (), (67, 68, 546, 547)),
    Application("ssdp", "benign.other", (), (1900,)),
    Application("netbios", "benign.other", (137,), (137, 138)),
    Application("tftp", "benign.other", (), (69,)),
    Application("mysql", "benign.other", (3306,)),
    Application("postgresql", "benign.other", (5432,)),
    Application("mssql", "benign.other", (1433,), (1434,)),
    Application("redis", "benign.other", (6379,)),
    Application("memcached", "benign.other", (11211,), (11211,)),
    Application("mongodb", "benign.other", (27017,)),
    Application("irc", "benign.other", (6667, 6697)),
    Application("socks", "benign.other", (1080,)),
    Application("tor", "benign.other", (9001, 9030)),
    Application("bgp", "benign.other", (179,)),
    Application("icmp", "benign.monitoring"),
    Application("whois", "benign.other", (43,)),
    Application("coap", "benign.other", (), (5683,)),
    Application("radius", "benign.other", (), (1812, 1813)),
    Application("dtls", "benign.other"),
)
CODE: dict[str, int] = {application.name: code for code, application in enumerate(APPLICATIONS)}


def by_port() -> np.ndarray:
    """uint16 (2, 65536): code by service port, row 0 TCP, row 1 UDP; 0 where the port tells nothing."""
    table = np.zeros((2, 65536), np.uint16)
    for code, application in enumerate(APPLICATIONS):
        for row, ports in enumerate((application.tcp, application.udp)):
            for port in ports:
                table[row, port] = code
    return table
