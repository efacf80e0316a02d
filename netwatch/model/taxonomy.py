"""The classes that traffic can belong to: stable dotted ids, never renamed, only deprecated.

The codes in the column ``traffic_class`` are positions in :data:`CLASSES`; new ids go to the end.
"""

from __future__ import annotations

_MINING = (
    "stratum.v1 stratum.cryptonote stratum.ethproxy stratum.ethereum stratum.equihash stratum.v2 getwork"
    " encrypted suspected aggregator contact"
)
_CHAIN = "bitcoin monero ethereum p2pool electrum"
_FLOOD = "syn ack rst udp icmp fragment gre quic other"
_REFLECTION = (
    "dns ntp ssdp memcached cldap chargen qotd snmp netbios rip portmap mdns tftp"
    " quake steam wsd arms coap slp stun tcp other"
)
_SCAN = "horizontal vertical block stealth icmp udp"
_BRUTEFORCE = "ssh rdp ftp telnet smb http mail db other"
_BENIGN = "web video dns ntp mail vpn backup p2p voip ics push update monitoring game other"

CLASSES: tuple[str, ...] = (
    "unknown",
    *(f"mining.{c}" for c in _MINING.split()),
    *(f"chain.{c}" for c in _CHAIN.split()),
    *(f"dos.flood.{c}" for c in _FLOOD.split()),
    *(f"dos.reflection.{c}" for c in _REFLECTION.split()),
    "dos.carpet",
    "dos.slow",
    "dos.backscatter",
    *(f"scan.{c}" for c in _SCAN.split()),
    *(f"bruteforce.{c}" for c in _BRUTEFORCE.split()),
    *(f"c2.{c}" for c in ["beacon", "longconn", "dns_tunnel", "dga", "irc", "tor"]),
    *(f"exfil.{c}" for c in ["volume", "dns", "icmp"]),
    "worm.spread",
    "lateral.movement",
    "exploit.attempt",
    *(f"benign.{c}" for c in _BENIGN.split()),
)
CODE: dict[str, int] = {name: code for code, name in enumerate(CLASSES)}

FAMILIES = ("mining", "attack", "chain", "ordinary", "unknown")
"""The coarse answer to "what is it": every class belongs to one."""


def family(class_id: str) -> str:
    """The family of a class: mining, attack, chain (nodes and wallets: not mining), ordinary or unknown."""
    top = class_id.partition(".")[0]
    return {"mining": "mining", "chain": "chain", "benign": "ordinary", "unknown": "unknown"}.get(top, "attack")
