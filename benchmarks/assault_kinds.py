"""The attacks that ``scenarios.py`` judges, by name: their sizes and rates, and what is right to be told of them."""

from __future__ import annotations

from assaults import (
    ACK,
    FIN,
    GRE,
    ICMP,
    REFLECTED,
    RST,
    UDP,
    Assault,
    answered_by_tcp,
    backscatter,
    flood,
    reflecting,
    reflection,
)
from campaigns import CAMPAIGNS
from intrusions import LOGINS, beacon, guesses, slow, tries, upload, worm

FLOOD: dict[str, Assault] = {
    "SYN 50/s a minute, spoofed": Assault(flood(50, 60), ("dos.flood.syn",), "target"),
    "SYN 50/s a minute, spoofed, answered": Assault(flood(50, 60, answered=1.0), ("dos.flood.syn",), "target"),
    "SYN 300/s, spoofed, answered by cookies": Assault(flood(300, 120, answered=1.0), ("dos.flood.syn",), "target"),
    "SYN 200/s of 500 bots": Assault(flood(200, 300, 500), ("dos.flood.syn",), "target"),
    "SYN 5,000/s of one": Assault(flood(5000, 60, 1), ("dos.flood.syn",), "target"),
    "SYN 50,000/s, spoofed, 10 s": Assault(flood(50_000, 10), ("dos.flood.syn",), "target"),
    "SYN 500/s at any port, spoofed": Assault(flood(500, 60, port="any"), ("dos.flood.syn",), "target"),
    "SYN 2,000/s from inside, spoofed": Assault(flood(2000, 60, leaving=True), ("dos.flood.syn",), "source"),
    "ACK 1,000/s, spoofed": Assault(flood(1000, 60, flags=ACK), ("dos.flood.ack",), "target"),
    "ACK 3,000/s of 300 bots": Assault(flood(3000, 120, 300, flags=ACK), ("dos.flood.ack",), "target"),
    "RST 1,000/s, spoofed": Assault(flood(1000, 60, flags=RST), ("dos.flood.rst",), "target"),
    "UDP 2,000/s of 400 bots, any port": Assault(
        flood(2000, 120, 400, protocol=UDP, flags=0, port="any", size=540), ("dos.flood.udp",), "target"
    ),
    "UDP 20,000/s, spoofed, one port": Assault(
        flood(20_000, 10, protocol=UDP, flags=0, port=27015, size=60), ("dos.flood.udp",), "target"
    ),
    "UDP 3,000/s of one, large": Assault(
        flood(3000, 60, 1, protocol=UDP, flags=0, port=9000, size=1400), ("dos.flood.udp",), "target"
    ),
    "UDP 5,000/s from inside, of one": Assault(
        flood(5000, 60, 1, True, protocol=UDP, flags=0, port=80, size=900), ("dos.flood.udp",), "source"
    ),
    "QUIC 2,000/s of 5,000": Assault(
        flood(2000, 60, 5000, protocol=UDP, flags=0, port=443, size=1228), ("dos.flood.quic",), "target"
    ),
    "ICMP 500/s of 80": Assault(
        flood(500, 120, 80, protocol=ICMP, flags=0, port=2048, size=84), ("dos.flood.icmp",), "target"
    ),
    "ICMP 300/s of one, large": Assault(
        flood(300, 120, 1, protocol=ICMP, flags=0, port=2048, size=1400), ("dos.flood.icmp",), "target"
    ),
    "fragments 2,000/s of 200": Assault(
        flood(2000, 60, 200, protocol=UDP, flags=0, port=0, source_port=0, size=1500, fragments=1),
        ("dos.flood.fragment",),
        "target",
    ),
    "GRE 2,000/s of 200": Assault(
        flood(2000, 60, 200, protocol=GRE, flags=0, port=0, source_port=0, size=540), ("dos.flood.gre",), "target"
    ),
    "SYN-ACKs of 900 servers": Assault(answered_by_tcp, ("dos.reflection.tcp",), "target"),
    "backscatter of one flooded server": Assault(backscatter, ("dos.backscatter",), "none"),
    "slowloris, 50 connections": Assault(slow(50, 1, 300), ("dos.slow",), "target"),
    "slowloris, 200 connections": Assault(slow(200, 1, 600), ("dos.slow",), "target"),
    "slowloris, 500 connections of 10": Assault(slow(500, 10, 900), ("dos.slow",), "target"),
}
_SERVED = {"ike", "openvpn", "ubiquiti", "plex", "dvr", "jenkins", "rdp", "tp240", "vxworks", "sip"}
REFLECTIONS: dict[str, Assault] = {
    **{
        f"{name} answers 300/s": Assault(
            reflection(name, 300), (f"dos.reflection.{'other' if name in _SERVED else name}",), "target"
        )
        for name in REFLECTED
    },
    **{
        f"{name} answers 40/s of 60": Assault(
            reflection(name, 40, 60, 60), (f"dos.reflection.{'other' if name in _SERVED else name}",), "target"
        )
        for name in ("dns", "ntp", "ssdp", "memcached", "cldap", "chargen")
    },
    "dns servers inside reflect": Assault(reflecting("dns", 60, 120, 2), ("dos.reflection.dns",), "reflector"),
    "ntp servers inside reflect": Assault(reflecting("ntp", 10, 120, 50), ("dos.reflection.ntp",), "reflector"),
    "memcached inside reflects": Assault(
        reflecting("memcached", 5, 120, 200), ("dos.reflection.memcached",), "reflector"
    ),
    "carpet of ntp over /24": Assault(reflection("ntp", 600, 200, 300, 256), ("dos.carpet",), "target"),
    "carpet of dns over /22": Assault(reflection("dns", 1500, 200, 300, 1024), ("dos.carpet",), "target"),
}
_WIDE = ("scan.horizontal", "scan.block")
SCANS: dict[str, Assault] = {
    "horizontal, 1 a minute": Assault(tries(60, 60, (23,), 60), _WIDE, "target", 20),
    "horizontal, 10 a minute": Assault(tries(600, 6, (3389,), 600), _WIDE, "target", 20),
    "horizontal, 1,000 a second": Assault(tries(1000, 0.001, (5060,), 1000), _WIDE, "target", 20),
    "horizontal, all silent": Assault(tries(200, 0.5, (445,), 200, 0.0), _WIDE, "target", 20),
    "horizontal, two SYNs each": Assault(tries(400, 0.5, (8080,), 400, packets=2), _WIDE, "target", 20),
    "vertical, 1 a minute": Assault(tries(60, 60, tuple(range(20, 80)), 1, 1.0), ("scan.vertical",), "target", 20),
    "vertical, 100 a second": Assault(
        tries(1000, 0.01, tuple(range(1, 1001)), 1, 1.0), ("scan.vertical",), "target", 20
    ),
    "block, 20 ports of 250": Assault(
        tries(
            5000,
            0.02,
            (21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 443, 445, 993, 1433, 3306, 3389, 5900, 8080, 8443),
            250,
        ),
        ("scan.block", "scan.horizontal"),
        "target",
        20,
    ),
    "from inside, 445 of 900": Assault(tries(900, 0.2, (445,), 900, leaving=True), _WIDE, "source", 50),
    "UDP horizontal, 161 of 500": Assault(
        tries(500, 0.2, (161,), 500, 0.02, protocol=UDP, flags=0, octets=71), ("scan.udp",), "target", 20
    ),
    "UDP vertical, 300 ports": Assault(
        tries(300, 0.4, tuple(range(1, 301)), 1, 0.0, protocol=UDP, flags=0), ("scan.udp",), "target", 20
    ),
    "ping sweep of 250": Assault(
        tries(250, 0.1, (2048,), 250, 0.3, protocol=ICMP, flags=0, source_port=0), ("scan.icmp",), "target", 20
    ),
    "FIN, 500 ports": Assault(
        tries(500, 0.05, tuple(range(1, 501)), 1, 1.0, flags=FIN), ("scan.stealth",), "target", 20
    ),
    "NULL, 500 ports": Assault(
        tries(500, 0.05, tuple(range(1, 501)), 1, 0.0, flags=0), ("scan.stealth", "scan.vertical"), "target", 20
    ),
    "worm": Assault(worm, ("worm.spread", "scan."), "internal", 200),
}
LOGGING: dict[str, Assault] = {
    **{f"{name}, 4 a minute": Assault(guesses(name, 120, 15), (f"bruteforce.{name}",), "target") for name in LOGINS},
    **{f"{name}, 5 a second": Assault(guesses(name, 600, 0.2), (f"bruteforce.{name}",), "target") for name in LOGINS},
    **{
        f"{name}, 1 in 5 minutes": Assault(guesses(name, 120, 300), (f"bruteforce.{name}",), "target")
        for name in ("ssh", "rdp", "mail")
    },
    "ssh, found at last": Assault(guesses("ssh", 90, 3, found=True), ("bruteforce.ssh",), "target"),
    "ssh of 40 sources in turn": Assault(guesses("ssh", 1200, 3, sources=40), ("bruteforce.ssh",), "target"),
    "rdp, one name at 60 servers": Assault(guesses("rdp", 180, 4, servers=60), ("bruteforce.rdp", "scan."), "target"),
}
STEALTHY: dict[str, Assault] = {
    **{
        f"beacon, {period:,.0f} s, jitter {jitter:.0%}": Assault(
            beacon(period, jitter, count, port), ("c2.beacon",), "source"
        )
        for period, count in ((30, 240), (300, 150), (3600, 72), (21_600, 56))
        for jitter, port in ((0.0, 9443), (0.1, 443), (0.3, 443), (0.5, 443))
    },
    "upload of 1.2 GB": Assault(upload, ("exfil.volume",), "source", 1000),
}
ASSAULTS = FLOOD | REFLECTIONS | SCANS | LOGGING | STEALTHY | CAMPAIGNS
