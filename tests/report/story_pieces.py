"""Pieces that the reports to draw are made of: series, changes, a miner, and text that would act if it could."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Bins, Entity, Series
from netwatch.model.verdict import Evidence, Stand, Verdict

HOUR = 3_600_000_000_000
SCOPE = Entity("scope", "all")
HOSTILE = "\x1b[31m=cmd|' /C calc'!A0 <script>alert(1)</script> #import \"x\" $x$ \u202egnp.exe"


@dataclass(frozen=True)
class Band:
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1_000_000_000


def one(entity: Entity, counter: str, bins: Bins, values: np.ndarray, coverage: np.ndarray) -> Series:
    seen = np.where(coverage > 0, values, np.nan)
    sampling = np.where(np.arange(bins.count) < bins.count * 0.7, 100.0, 256.0)
    return Series(entity, counter, bins, seen, coverage, np.zeros(bins.count), sampling)


def change(kind: ChangeKind, since: int, until: int | None, ratio: float, **more: object) -> Change:
    spread = more.pop("spread", 3 * 24 * HOUR)
    values = {
        "entity": SCOPE,
        "counter": "octets",
        "kind": kind,
        "since": since,
        "until": until,
        "since_low": since - spread,
        "since_high": since + spread,
        "ratio": ratio,
        "ratio_low": ratio * 0.91,
        "ratio_high": ratio * 1.1,
        "before": 1.5e6,
        "after": 1.5e6 * ratio,
        "p_value": 1.2e-9,
        "detector": "level shift",
        **more,
    }
    return Change(**values)


def monero(**more: object) -> Verdict:
    values = {
        "class_id": "mining.aggregator",
        "role": "client",
        "subject": "175.45.178.19",
        "peer": "94.130.12.30",
        "port": 3333,
        "protocol": 6,
        "since": at(2018, 6, 2, 4),
        "until": at(2019, 12, 30, 21),
        "posterior": 0.9993,
        "prior": 0.01,
        "basis": "mixed",
        "transport": "plain",
        "octets": 4.1e9,
        "packets": 1.2e7,
        "flows": 48_211.0,
        "peers": 3,
        "evidence": (
            Evidence(
                "mining.cryptonote.login",
                "payload",
                Stand.FOR,
                'login with an address of 95 characters beginning with "4", agent XMRig/2.14.1',
                "a login message",
                6.9,
                ("export-2018-06.nf9#88213", "export-2018-06.nf9#88219", "c#3", "d#4", "e#5"),
            ),
            Evidence("mining.port.common", "port", Stand.FOR, "tcp/3333", "port known for pools", 1.1),
            Evidence(
                "mining.rhythm.memoryless",
                "timing",
                Stand.FOR,
                "coefficient of variation 0.97 over 2,113 shares",
                "0.8 to 1.2",
                2.2,
            ),
            Evidence(
                "benign.periodic", "timing", Stand.AGAINST, "a message every 60 s in 4 % of the flows", "> 1 %", -0.7
            ),
            Evidence("mining.pool.sni", "name", Stand.MISSING, "no TLS", "name of a pool in SNI", 0.0),
            Evidence("mining.pool.dns", "name", Stand.MISSING, "no DNS answers were captured", "name of a pool", 0.0),
        ),
        "alternatives": (("mining.stratum.cryptonote", 0.0006), ("benign.push", 0.0001)),
        "quality": ("sampled",),
        "attack_techniques": ("T1496.001",),
        "facts": {
            "coin": "Monero",
            "dialect": "cryptonote",
            "agent": "XMRig/2.14.1",
            "wallet": "4AdU…9fQe (masked)",
            "miners_at_least": 42,
        },
        **more,
    }
    return Verdict(**values)
