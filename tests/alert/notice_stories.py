"""Notices that the tests of alerts tell: one of each kind, and some written by an attacker."""

from __future__ import annotations

from netwatch.model.finding import Severity
from netwatch.model.notice import FlowSample, Life, Notice

SECOND = 1_000_000_000
NOON = 1_763_899_200 * SECOND
"""2025-11-23T12:00:00Z, a Sunday."""

POOL = FlowSample("192.0.2.10", "198.51.100.7", 49152, 3333, 6, NOON - 3600 * SECOND, NOON, 123_456, 789)
SCAN = FlowSample("2001:db8::bad", "2001:db8:1::1", 40000, 22, 6, NOON - 60 * SECOND, NOON, 4_000, 100)
PING = FlowSample("203.0.113.5", "192.0.2.20", 0, 8 * 256, 1, NOON - 60 * SECOND, NOON, 84_000, 1_000)


def notice(key: str = "k1", **changes: object) -> Notice:
    values: dict[str, object] = {
        "key": key, "id": "0123456789ab", "kind": "mining", "life": Life.NEW, "severity": Severity.HIGH,
        "title": "192.0.2.10 mines Monero (XMR) in plain text: confirmed",
        "words": ("It logged in to a pool of Monero (XMR).", "It told on the wire: worker rig1."),
        "since": NOON - 3600 * SECOND, "until": None, "said": NOON, "subject": "192.0.2.10", "watch": "lab",
        "classes": ("mining.stratum.cryptonote",), "attack_techniques": ("T1496.001",),
        "figures": {"posterior": 0.997, "octets": 123456, "peers": ["198.51.100.7"], "unknown": float("nan")},
        "flows": (POOL,),
    }  # fmt: skip
    return Notice(**(values | changes))  # type: ignore[arg-type]


MINING = notice()
FLOOD = notice(
    "k2", id="ba9876543210", kind="attack", life=Life.ENDED, severity=Severity.MEDIUM, title="ICMP flood",
    words=("ICMP flood against 192.0.2.20.",), since=NOON - 60 * SECOND, until=NOON, subject="192.0.2.20", watch="",
    classes=("dos.flood.icmp",), attack_techniques=("T1498.001",),
    figures={"role": "target", "octets": 84_000.0, "packets": 1_000.0}, flows=(PING,),
)  # fmt: skip
PROBES = notice(
    "k3", id="aaaaaaaaaaaa", kind="attack", severity=Severity.LOW, title="vertical scan", subject="2001:db8::bad",
    words=("Many ports were asked.",), classes=("scan.vertical",), attack_techniques=("T1595.001", "T9999"),
    life=Life.ONGOING, figures={}, flows=(SCAN,),
)  # fmt: skip
VOLUME = notice(
    "k4", id="bbbbbbbbbbbb", kind="volume", severity=Severity.MEDIUM, title="octets of AS64500 doubled", classes=(),
    words=("It rose from 1 to 2 Mbit/s.",), attack_techniques=(), subject="asn AS64500", figures={}, flows=(),
)  # fmt: skip
HOSTILE = notice(
    "k5\r\nX: y", id='"}],\x1b[2J', title='Hi\r\nBcc: victim@example.org <script>alert(1)</script> \x1b]0;x\x07 \u202e',
    words=('@everyone <!channel> [a](http://evil.example/x) "netwatch":{"key":"k1"', "\x00\ud800 <img src=x>"),
    subject="192.0.2.10' OR [file:name = 'x']", watch="</td>\n", classes=("mining.getwork", "x\ny"),
    attack_techniques=("T1<b>",), kind="mining",
    figures={"a\n<b>": ["\x1b[31m", {"deep": float("inf")}]},
    flows=(FlowSample("10.0.0.1' OR 1", "fe80::1%'] OR [x", 1, 2, 6, NOON, NOON, 1, 1), POOL),
)  # fmt: skip
STORIES = {"mining": MINING, "flood": FLOOD, "probes": PROBES, "volume": VOLUME, "hostile": HOSTILE}
