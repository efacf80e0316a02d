"""By what others can find the same: STIX patterns for the findings where an address is a sign of the matter."""

from __future__ import annotations

from typing import NamedTuple

from netwatch.alert.particulars import address
from netwatch.model.notice import Notice

_SERVICE = ("mining.", "c2.")
"""The service end is the sign: whoever talks to a pool or controller does the same."""
_SOURCE = ("scan.", "bruteforce.")
"""The sender is the sign. Of floods it is not: their sources can be forged."""
_MOST = 20


class Sign(NamedTuple):
    """A STIX pattern and its indicator type."""

    pattern: str
    type: str


def telling_side(notice: Notice) -> str:
    """Which end of the notice's flows is a sign of the matter: "destination", "source" or "" for neither."""
    if any(name.startswith(_SERVICE) for name in notice.classes):
        return "destination"
    return "source" if any(name.startswith(_SOURCE) for name in notice.classes) else ""


def signs(notice: Notice) -> list[Sign]:
    """The signs that the notice's flows give, each once; none for what tells nothing of an address."""
    found: dict[Sign, None] = {}
    side = telling_side(notice)
    for flow in notice.flows:
        if side == "destination" and flow.protocol in (6, 17) and (ip := address(flow.destination)):
            found[Sign(_end(ip, flow.destination_port, flow.protocol), "anomalous-activity")] = None
        elif side == "source" and (ip := address(flow.source)):
            found[Sign(f"[{_kind(ip)}:value = '{ip}']", "malicious-activity")] = None
    return list(found)[:_MOST]


def _kind(ip: str) -> str:
    return "ipv6-addr" if ":" in ip else "ipv4-addr"


def _end(ip: str, port: int, protocol: int) -> str:
    transport = "tcp" if protocol == 6 else "udp"
    return (
        f"[network-traffic:dst_ref.type = '{_kind(ip)}' AND network-traffic:dst_ref.value = '{ip}' "
        f"AND network-traffic:dst_port = {port} AND network-traffic:protocols[*] = '{transport}']"
    )
