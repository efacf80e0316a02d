"""A report to draw: twenty minutes of packets with hostile text in all places."""

from __future__ import annotations

import numpy as np
from story_pieces import HOSTILE, SCOPE, at, change, monero, one

from netwatch.model.change import ChangeKind
from netwatch.model.finding import Finding, Severity
from netwatch.model.series import Bins, SeriesSet
from netwatch.model.tally import Tally
from netwatch.model.verdict import Evidence, Stand, Verdict
from netwatch.report import InputFile, Report, TopRow, TopTable


def twenty_minutes() -> Report:
    second = 1_000_000_000
    bins = Bins(at(2019, 2, 10, 14, 3), second, 1200)
    noise = np.random.default_rng(2)
    octets = noise.gamma(2, 40_000, bins.count)
    octets[600:660] += 9e6
    coverage = np.ones(bins.count)
    series = SeriesSet(bins)
    for counter, factor in (("octets", 1), ("packets", 1 / 700), ("flows", 1 / 9_000), ("peers", 1 / 20_000)):
        made = one(SCOPE, counter, bins, octets * factor, coverage)
        made.sampling[:] = 1
        series.series[SCOPE, counter] = made
        if counter != "peers":
            series.counted[counter] = made.values
    shown = Verdict(
        "dos.flood.syn",
        "target",
        "192.0.2.80",
        "",
        80,
        6,
        bins.start + 600 * second,
        bins.start + 660 * second,
        0.995,
        0.01,
        "mixed",
        "",
        5.4e8,
        9e6,
        8.8e6,
        51_002,
        (Evidence("dos.flood.syn.rate", "rate", Stand.FOR, "150 k SYN/s", "> 1 k/s", 6.0, (f"{HOSTILE}#17",)),),
    )
    login = monero(
        subject="10.0.0.5",
        peer="pool." + "a" * 180 + ".example",
        facts={"agent": HOSTILE, "worker": "鉱山" * 40},
        since=bins.start,
        until=bins.end,
    )
    spike = change(ChangeKind.SPIKE, bins.start + 600 * second, bins.start + 660 * second, 71.0, spread=0)
    tally = Tally("read", "packet", "attack.pcap")
    tally.keep(900_000, 600_000_000)
    finding = Finding(
        "attack",
        f"SYN flood against 192.0.2.80; agent {HOSTILE}",
        (HOSTILE,),
        Severity.HIGH,
        shown.since,
        shown.until,
        "192.0.2.80",
        spike,
        (shown,),
    )
    return Report(
        "Twenty minutes",
        "192.0.2.0/24",
        bins.start,
        bins.end,
        (InputFile(HOSTILE, 1, "0" * 64, "pcap"),),
        findings=(finding,),
        verdicts=(shown, login),
        changes=(spike,),
        series=series,
        tallies=(tally,),
        tops=(TopTable("hosts", (TopRow(HOSTILE, 1e6, 1e3, 10.0, "x" * 300),), 2e6),),
        versions={"netwatch": "0.1.0"},
    )
