"""A report to draw: three years of a small nation's network."""

from __future__ import annotations

import math

import numpy as np
from story_pieces import HOUR, SCOPE, Band, at, change, monero, one

from netwatch.model.change import ChangeKind
from netwatch.model.finding import Composition, Finding, Severity, Share
from netwatch.model.series import Bins, Entity, SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.verdict import Evidence, Stand, Verdict
from netwatch.report import InputFile, Report, Rhythm, TopRow, TopTable


def three_years() -> Report:
    bins = Bins(at(2017, 1, 1), HOUR, 1095 * 24)
    hours = np.arange(bins.count)
    noise = np.random.default_rng(1)
    wave = 1 + 0.45 * np.sin((hours % 24 - 8) / 24 * 2 * math.pi)
    week = np.where(hours // 24 % 7 < 5, 1.1, 0.75)
    step = (at(2018, 3, 4) - bins.start) // HOUR
    ramp = np.clip((hours - 400 * 24) / (500 * 24), 0, 1)
    level = np.where(hours < step, 1.5e6, 3.1e6) * (1 + 0.5 * ramp) * 3600
    ordinary = level * wave * week * noise.lognormal(0, 0.12, bins.count)
    attack = np.zeros(bins.count)
    for day, length, size in ((300, 4, 9e6), (655, 9, 2.2e7), (990, 6, 1.5e7)):
        attack[day * 24 + 10 : day * 24 + 10 + length] = size * 3600
    mining = np.where(hours > 520 * 24, 4_200.0 * 3600 * noise.lognormal(0, 0.2, bins.count), 0)
    coverage = np.ones(bins.count)
    coverage[470 * 24 : 489 * 24] = 0
    coverage[800 * 24 : 830 * 24] = 0.6
    octets = ordinary + attack + mining
    series = SeriesSet(bins)

    def add(entity: Entity, counter: str, values: np.ndarray) -> None:
        series.series[entity, counter] = one(entity, counter, bins, values, coverage)
        if entity == SCOPE and counter != "peers":
            series.counted[counter] = values * coverage

    add(SCOPE, "octets", octets)
    add(SCOPE, "packets", octets / 720)
    add(SCOPE, "flows", octets / 22_000)
    add(SCOPE, "peers", 900 * wave * (1 + ramp) * noise.lognormal(0, 0.05, bins.count))
    for name, values in {
        "benign.web": ordinary * 0.71,
        "benign.dns": ordinary * 0.04,
        "benign.mail": ordinary * 0.06,
        "unknown": ordinary * 0.19,
        "mining.aggregator": mining,
        "dos.reflection.dns": attack,
    }.items():
        add(Entity("class", name), "octets", values)
    for name, share in (("AS4837", 0.5), ("AS20485", 0.2), ("AS131279", 0.1)):
        add(Entity("asn", name), "octets", ordinary * share * (1 + ramp if name == "AS20485" else 1))
    expected = level * wave * week
    band = Band(expected, expected * 0.7, expected * 1.35)
    rise = change(ChangeKind.LEVEL_SHIFT, at(2018, 3, 4), None, 3.1)
    changes = (
        rise,
        change(ChangeKind.RAMP, at(2018, 2, 5), at(2019, 6, 20), 1.5, counter="octets", before=3.1e6, after=4.6e6),
        change(ChangeKind.LEVEL_SHIFT, at(2018, 3, 4), None, 2.9, counter="packets", before=2083.0, after=6041.0),
        change(
            ChangeKind.SPIKE, bins.start + (300 * 24 + 10) * HOUR, bins.start + (300 * 24 + 14) * HOUR, 7.1, spread=0
        ),
        change(
            ChangeKind.SPIKE, bins.start + (655 * 24 + 10) * HOUR, bins.start + (655 * 24 + 19) * HOUR, 6.4, spread=0
        ),
        change(
            ChangeKind.SPIKE, bins.start + (990 * 24 + 10) * HOUR, bins.start + (990 * 24 + 16) * HOUR, 4.3, spread=0
        ),
        change(ChangeKind.GAP, bins.start + 470 * 24 * HOUR, bins.start + 489 * 24 * HOUR, math.nan, p_value=math.nan),
        change(ChangeKind.SAMPLING, bins.start + 766 * 24 * HOUR, None, 2.56, p_value=math.nan),
    )
    shares = (
        Share({"class": "benign.web"}, 2.24e6, 0.711, 0.64, 0.78),
        Share({"class": "unknown"}, 6.0e5, 0.19, 0.15, 0.24),
        Share({"class": "benign.mail"}, 1.9e5, 0.06, 0.05, 0.07),
        Share({"class": "benign.dns"}, 1.3e5, 0.041, 0.03, 0.05),
        Share({"class": "mining.aggregator"}, 4.2e3, 0.0013, 0.001, 0.0016),
        Share({"class": "benign.p2p"}, -4.0e4, -0.0127, -0.02, -0.005),
    )
    total = 3.15e6
    by_class = Composition("octets", "class", total, shares, 1 - sum(s.share for s in shares))
    flows = (
        Share({"class": "benign.web"}, 110.0, 0.55, 0.5, 0.6),
        Share({"class": "mining.aggregator"}, 58.0, 0.29, 0.22, 0.36),
        Share({"class": "unknown"}, 30.0, 0.15, 0.1, 0.2),
    )
    by_flow = Composition("flows", "class", 200.0, flows, 0.01)
    by_network = Composition(
        "octets",
        "asn",
        total,
        (Share({"asn": "AS4837"}, 1.6e6, 0.51, 0.44, 0.58), Share({"asn": "AS20485"}, 1.2e6, 0.38, 0.3, 0.46)),
        0.11,
    )
    proxy = monero()
    flood = Verdict(
        "dos.reflection.dns",
        "target",
        "175.45.176.0/24",
        "",
        53,
        17,
        bins.start + (655 * 24 + 10) * HOUR,
        bins.start + (655 * 24 + 19) * HOUR,
        0.97,
        0.01,
        "behaviour",
        "",
        7.1e11,
        4.9e8,
        2.1e6,
        8_214,
        (
            Evidence("dos.reflection.dns.rate", "volume", Stand.FOR, "176 Mbit/s from port 53", "> 40 Mbit/s", 4.2),
            Evidence("dos.reflection.dns.sources", "peers", Stand.FOR, "8,214 sources", "> 100", 2.5),
            Evidence("dos.reflection.dns.any", "payload", Stand.MISSING, "no payload in NetFlow", "ANY questions", 0.0),
        ),
        attack_techniques=("T1498.002",),
    )
    outgoing = monero(
        class_id="dos.flood.syn",
        role="source",
        subject="175.45.177.8",
        peer="203.0.113.9",
        port=80,
        basis="behaviour",
        posterior=0.93,
        since=bins.start + (990 * 24 + 10) * HOUR,
        until=bins.start + (990 * 24 + 16) * HOUR,
        evidence=(),
        alternatives=(),
        facts={},
        attack_techniques=("T1499.001",),
        octets=3.2e11,
        flows=1.1e6,
    )
    node = monero(class_id="chain.monero", evidence=(), posterior=0.98, port=18080, subject="175.45.178.20", facts={})
    until = bins.end
    findings = (
        Finding(
            "volume",
            "Volume rose 3.1× (95 % interval 2.8–3.4) since 2018-03-04 ± 3 days; 71 % of the added octets is ordinary"
            " web use",
            (
                "The mean rate was 12.0 Mbit/s before and 37.2 Mbit/s after.",
                "Mining explains 29 % of the added flows but 0.13 % of the added octets: it moves few octets.",
            ),
            Severity.HIGH,
            rise.since,
            None,
            "all",
            rise,
            (),
            (by_class, by_flow, by_network),
            {"ratio": 3.1},
            ("Which site was used is not seen in encrypted traffic.",),
        ),
        Finding(
            "mining",
            "Mining: 1 proxy for Monero at 175.45.178.19, at least 42 miners behind it",
            ("Logins, jobs and shares of the CryptoNote dialect were seen.",),
            Severity.MEDIUM,
            proxy.since,
            proxy.until,
            proxy.subject,
            None,
            (proxy,),
        ),
        Finding(
            "attack",
            "DNS reflection against 175.45.176.0/24 on 2018-10-18, 176 Mbit/s at its height",
            (),
            Severity.HIGH,
            flood.since,
            flood.until,
            flood.subject,
            None,
            (flood,),
        ),
        Finding(
            "attack",
            "SYN flood from 175.45.177.8 on 2019-09-18",
            (),
            Severity.MEDIUM,
            outgoing.since,
            outgoing.until,
            outgoing.subject,
            None,
            (outgoing,),
        ),
        Finding(
            "quality",
            "Not observed for 19 days from 2018-04-16: an outage of the exporter, not of the network",
            (),
            Severity.INFO,
            at(2018, 4, 16),
            at(2018, 5, 5),
            "all",
            changes[6],
        ),
    )
    tally = Tally("read", "flow record", "export-2018-06.nf9")
    tally.keep(8_412_773, 3_911_002_118)
    tally.drop("template not seen yet", 1_204, 98_211, 4_096)
    tally.drop("record longer than its set", 3, 144, 881_220)
    tally.lost = 20_118
    tally.notes["sampling 1:100"] = 5_900_000
    tally.incomplete = "cut short in a message at octet 3,911,100,476"
    scoped = Tally("scope", "flow record")
    scoped.keep(8_300_000, 3_800_000_000)
    scoped.drop("neither side is watched", 112_773, 111_002_118)
    rhythm = np.outer([1.1] * 5 + [0.75] * 2, 1 + 0.45 * np.sin((np.arange(24) - 8) / 24 * 2 * math.pi)) * 1.5e6
    after = np.outer([1.2] * 5 + [0.6] * 2, 1 + 0.6 * np.sin((np.arange(24) - 6) / 24 * 2 * math.pi)) * 4.6e6
    after[2, 3:5] = np.nan
    return Report(
        title="Traffic of AS131279 and 2 prefixes, 2017 to 2019",
        subject="AS131279, 175.45.176.0/22, 210.52.109.0/24 (3 prefixes)",
        since=bins.start,
        until=until,
        inputs=tuple(
            InputFile(f"export-{y}-{m:02}.nf9", 120_000_000 + m, f"{y * m:064x}", "netflow9", at(y, m, 1), at(y, m, 28))
            for y in (2017, 2018, 2019)
            for m in range(1, 13)
        ),
        findings=findings,
        verdicts=(proxy, flood, outgoing, node),
        changes=changes,
        series=series,
        baselines={(SCOPE, "octets"): band},
        tallies=(tally, scoped),
        tops=(
            TopTable(
                "networks",
                tuple(
                    TopRow(f"AS{64500 + i}", 4e14 / (i + 1), 6e11 / (i + 1), 2e10 / (i + 1), f"Example Telecom {i}, KR")
                    for i in range(14)
                ),
                1.4e15,
            ),
            TopTable(
                "hosts",
                tuple(
                    TopRow(
                        f"2001:db8:{i:x}:ffff:ffff:ffff:ffff:{i:x}" if i % 2 else f"175.45.178.{i}",
                        1e14 / (i + 1),
                        9e9,
                        3e7,
                    )
                    for i in range(9)
                ),
                1.4e15,
            ),
            TopTable(
                "ports",
                tuple(
                    TopRow(name, 6e14 / (i + 1), 5e11, 9e8, what)
                    for i, (name, what) in enumerate(
                        (
                            ("tcp/443", "tls"),
                            ("udp/443", "quic"),
                            ("tcp/80", "http"),
                            ("udp/53", "dns"),
                            ("tcp/3333", ""),
                        )
                    )
                ),
                1.4e15,
            ),
        ),
        rhythms=(Rhythm("octets", rhythm, after, (bins.start, at(2018, 3, 4)), (at(2018, 3, 4), until)),),
        parameters={"meter": {"active_timeout": 1800, "idle_timeout": 60}, "scope": {"asn": ["AS131279"]}},
        versions={"netwatch": "0.1.0", "python": "3.11.9", "numpy": "2.4.6"},
        attribution=("Prefix to AS: ip-location-db (2026-06-17), CC BY 4.0.",),
        timezone="Asia/Pyongyang",
    )
