"""What is watched when nobody says: private networks, and the public network that most flows have an end in."""

from __future__ import annotations

import numpy as np

from netwatch.model.address import is_ipv4
from netwatch.model.flows import Flows
from netwatch.model.prefix import Prefix
from netwatch.scope.watch import Group, Member

PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
    "100.64.0.0/10",  # RFC 6598, carrier-grade NAT
    "169.254.0.0/16", "127.0.0.0/8", "0.0.0.0/32",  # RFC 3927, RFC 1122
    "fc00::/7", "fe80::/10", "::1/128", "::/128",  # RFC 4193, RFC 4291
    "224.0.0.0/4", "255.255.255.255/32", "ff00::/8",  # multicast and broadcast are heard where they are sent
)  # fmt: skip
_HALF = 0.5


def private_group() -> Group:
    """The group that claims private addresses."""
    return Group("private addresses", tuple(Member("prefix", Prefix.parse(written)) for written in PRIVATE))


def frequent_network(flows: Flows, claimed: np.ndarray) -> Prefix | None:
    """The /16 (IPv6: /32) that at least half of the flows without a private end have an end in, or None.

    Of two as frequent the one that begins more flows is taken, then the lower.

    ``claimed`` bool (n, 2): which of source and destination are private.
    """
    rows = ~claimed.any(axis=1)
    if not rows.any():
        return None
    source, destination = (_network(flows[f"{side}_address"][rows]) for side in ("source", "destination"))
    both = np.concatenate([source, destination[destination != source]])
    networks, counts = np.unique(both, return_counts=True)
    if counts.max() < _HALF * rows.sum():
        return None
    likely = networks[counts == counts.max()]
    key = int(likely[np.argmax([int((source == network).sum()) for network in likely])])
    return Prefix(0xFFFF << 32 | (key & 0xFFFF) << 16, 112) if key >> 32 else Prefix(key << 96, 32)


def _network(addresses: np.ndarray) -> np.ndarray:
    """uint64 (n,): the leading 32 bits of an IPv6 address, or 1 << 32 with the leading 16 of an IPv4 one."""
    v4 = (np.uint64(1) << np.uint64(32)) | (addresses[:, 1] >> np.uint64(16) & np.uint64(0xFFFF))
    keys: np.ndarray = np.where(is_ipv4(addresses), v4, addresses[:, 0] >> np.uint64(32))
    return keys
