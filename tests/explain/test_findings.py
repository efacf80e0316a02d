"""Findings: exact splits, plain words, what is said of mining and volume, episodes apart from levels."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwatch.explain import ExplainOptions, explain, severity
from netwatch.explain.headline import headline, title
from netwatch.explain.threats import evidence_words
from netwatch.explain.windows import windows_for
from netwatch.explain.words import Names, attack_name
from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Finding, Severity
from netwatch.model.series import Bins, Entity, Series, SeriesSet
from netwatch.model.taxonomy import CODE
from netwatch.model.verdict import Evidence, Stand, Verdict

sys.path.insert(0, str(Path(__file__).parent))
from flow_table import DAY, SECOND, stored

SCOPE = Entity("scope", "all")
WEEKS, SHIFT = 20, 70  # days: the rise begins on day 70 of 140
EPISODE = (105, 112)


def change(kind: ChangeKind, since: int, until: int | None, ratio: float, **other: Any) -> Change:
    given = {"entity": SCOPE, "counter": "octets", "before": 100.0, "after": 100.0 * ratio, **other}
    return Change(
        kind=kind, since=since * DAY, until=None if until is None else until * DAY, since_low=since * DAY,
        since_high=(since + 1) * DAY, ratio=ratio, ratio_low=0.9 * ratio, ratio_high=1.1 * ratio, p_value=math.nan,
        detector="test", **given,
    )  # fmt: skip


def story() -> list[dict[str, Any]]:
    """A day's traffic in few flows: web 100 octets/s, threefold from day 70; mining from day 70; a flood in week 15."""
    noise = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for at in range(7 * WEEKS):
        day = {"flow_start_nanoseconds": at * DAY, "flow_end_nanoseconds": (at + 1) * DAY}
        web = (100 if at < SHIFT else 300) * math.exp(0.05 * noise.standard_normal())
        far = {"destination_as": 64510 if at < SHIFT else 64511}
        rows.append({**day, **far, "traffic_class": CODE["benign.web"], "octet_delta_count": int(web * 86_400)})
        if at >= SHIFT:
            miner = {**day, "traffic_class": CODE["mining.stratum.cryptonote"], "source_address": "10.0.0.9"}
            miner |= {"octet_delta_count": 30 * 8640, "destination_transport_port": 3333}
            rows += [{**miner, "destination_address": f"203.0.113.{i}"} for i in range(10)]
        if EPISODE[0] <= at < EPISODE[1]:
            ends = {"source_address": "192.0.2.77", "destination_address": "10.0.0.1", "direction": 1}
            flood = {"traffic_class": CODE["dos.flood.udp"], "protocol_identifier": 17}
            rows.append({**day, **ends, **flood, "octet_delta_count": 86_400 * 5000})
    return rows


def series_set(rows: list[dict[str, Any]]) -> SeriesSet:
    bins = Bins(0, DAY, 7 * WEEKS)
    values = np.zeros(bins.count)
    for row in rows:
        values[row["flow_start_nanoseconds"] // DAY] += row["octet_delta_count"]
    ones = np.ones(bins.count)
    series = Series(SCOPE, "octets", bins, values, ones, 0 * ones, ones)
    return SeriesSet(bins, {(SCOPE, "octets"): series})


@pytest.fixture(scope="module")
def told() -> Iterator[list[Finding]]:
    rows = story()
    changes = [
        change(ChangeKind.LEVEL_SHIFT, SHIFT, None, 3.1),
        change(ChangeKind.EPISODE, *EPISODE, 17.0),
        change(ChangeKind.LEVEL_SHIFT, SHIFT, None, 40.0, entity=Entity("asn", "AS64511")),
        change(ChangeKind.GAP, 30, 32, math.nan),
        change(ChangeKind.GAP, 30, 32, math.nan, counter="packets"),
        change(ChangeKind.SAMPLING, 50, None, 10.0, facts={"interval_before": 100.0, "interval_after": 1000.0}),
        change(ChangeKind.RHYTHM, 90, None, 1.0, facts={"weekend_share_before": 0.31, "weekend_share_after": 0.22}),
        change(ChangeKind.UPSTREAM, 60, None, 1.25, entity=Entity("upstream", "AS20485"), before=0.36, after=0.45),
    ]
    with stored(rows) as table:
        yield explain(series_set(rows), changes, verdicts(), table, ExplainOptions(resamples=100))


def verdict(class_id: str, **other: Any) -> Verdict:
    given: dict[str, Any] = {
        "class_id": class_id, "role": "source", "subject": "10.0.0.9", "peer": "203.0.113.1", "port": 3333,
        "protocol": 6, "since": 70 * DAY, "until": 140 * DAY, "posterior": 0.999, "prior": 0.001, "basis": "payload",
        "transport": "plain", "octets": 1e6, "packets": 1e4, "flows": 70.0, "peers": 1, "evidence": (),
    }  # fmt: skip
    return Verdict(**{**given, **other})


def verdicts() -> list[Verdict]:
    evidence = (
        Evidence("login", "payload", Stand.FOR, "a login with \x1b[2J in it", "any", 5.0),
        Evidence("pool", "name", Stand.MISSING, "no name was seen", "a pool's name", 0.0),
    )
    facts = {"coin": "XMR", "agents": ["XMRig/6.21\x1b[31m"], "pool_names": ["pool.example"]}
    flood = {"role": "target", "subject": "10.0.0.1", "peer": "", "basis": "behaviour", "posterior": 0.95}
    return [
        verdict("mining.stratum.cryptonote", evidence=evidence, facts=facts),
        verdict("mining.stratum.cryptonote", peer="203.0.113.2", posterior=0.7, facts={"coin": "XMR"}),
        verdict("dos.flood.udp", since=105 * DAY, until=112 * DAY, **flood),
        verdict("dos.flood.udp", since=120 * DAY, until=120 * DAY + SECOND, **flood),
        verdict("scan.vertical", posterior=0.3),
        verdict("chain.monero"),
    ]


def of_kind(told: list[Finding], kind: str) -> list[Finding]:
    return [f for f in told if f.kind == kind]


def test_a_rise_is_split_exactly_and_the_episode_is_kept_out(told: list[Finding]) -> None:
    rise = next(f for f in of_kind(told, "volume") if f.change is not None and f.change.kind is ChangeKind.LEVEL_SHIFT)
    families = next(c for c in rise.compositions if (c.counter, c.dimension) == ("octets", "family"))
    by_name = {s.cell["family"]: s for s in families.shares}
    assert families.total == pytest.approx(200 + 30, rel=0.05)  # octets a second; the flood's 5000 are not in it
    assert by_name["mining"].amount == pytest.approx(30, rel=0.02)
    assert by_name["ordinary"].low < 200 / 230 < by_name["ordinary"].high
    for composition in rise.compositions:
        assert sum(s.share for s in composition.shares) + composition.residual == pytest.approx(1)
    asn = next(c for c in rise.compositions if c.dimension == "asn")
    assert {s.cell["asn"]: s.amount > 0 for s in asn.shares} == {"AS64511": True, "AS64510": False, "AS64501": True}
    text = " ".join(rise.words)
    assert "with passing departures left out" in text
    assert "AS64511" in text
    assert "coincidence in time" in text
    assert rise.severity is Severity.MEDIUM


def test_mining_explains_activity_not_volume(told: list[Finding]) -> None:
    rise = next(f for f in of_kind(told, "volume") if f.change is not None and f.change.kind is ChangeKind.LEVEL_SHIFT)
    text = " ".join(rise.words)
    assert "240 bit/s" in text
    assert re.search(r"3\.\d\d× \([^)]*\) without mining", text)
    flows = next(c for c in rise.compositions if c.counter == "flows")
    assert flows.shares[0].cell == {"family": "mining"}
    assert flows.shares[0].share == pytest.approx(1, abs=0.02)


def test_an_episode_is_explained_by_itself(told: list[Finding]) -> None:
    episode = next(f for f in of_kind(told, "attack") if f.change is not None)
    assert episode.change is not None
    assert episode.change.kind is ChangeKind.EPISODE
    assert "It raised volume to 17.0× the usual level" in " ".join(episode.words)
    assert not [f for f in of_kind(told, "volume") if f.change is not None and f.change.kind is ChangeKind.EPISODE]
    classes = next(c for c in episode.compositions if c.dimension == "class")
    assert classes.shares[0].cell == {"class": "dos.flood.udp"}
    assert classes.shares[0].amount == pytest.approx(5000, rel=0.01)


def test_miners_and_attacks(told: list[Finding]) -> None:
    (mining,) = of_kind(told, "mining")
    assert mining.severity is Severity.HIGH
    assert len(mining.verdicts) == 2
    text = " ".join(mining.words)
    assert "CryptoNote Stratum" in text
    assert mining.title == "10.0.0.9 mines Monero (XMR): confirmed"
    assert "XMRig/6.21\\x1b[31m" in text
    assert "no name was seen" in text
    attacks = of_kind(told, "attack")
    assert [a.since for a in attacks] == [105 * DAY, 120 * DAY]
    assert attacks[0].severity is Severity.MEDIUM
    assert attacks[0].title == "UDP flood against 10.0.0.1: likely; volume to 17.0× for 7 d"


def test_the_capture_speaks_for_itself(told: list[Finding]) -> None:
    gap, sampling = sorted(of_kind(told, "quality"), key=lambda f: f.since)
    assert "unknown, not as silence" in gap.words[1]
    assert gap.severity is Severity.MEDIUM
    assert "one packet in 1000" in sampling.words[0]
    (upstream,) = of_kind(told, "upstream")
    assert "from 36 % to 45 %" in upstream.words[0]
    (rhythm,) = of_kind(told, "rhythm")
    assert "weekend share 0.31 before, 0.22 after" in rhythm.words[1]


def test_words_hold_no_control_characters_and_end_as_sentences(told: list[Finding]) -> None:
    for finding in told:
        for text in (finding.title, *finding.words, *finding.limits):
            assert text.isprintable(), text
        for word in finding.words:
            assert word.endswith((".", ").")), word


def test_what_was_asked_comes_first_and_findings_differ(told: list[Finding]) -> None:
    assert [f.kind for f in told[:4]] == ["volume", "volume", "mining", "attack"]
    assert told[0].change is not None
    assert told[0].change.detector == "overall"
    assert told[-1].kind == "quality"
    others = [f for f in told if f.kind not in ("attack", "volume")]
    assert len({f.identity for f in others}) == len(others)


def test_nothing_gives_nothing() -> None:
    with stored([]) as table:
        assert explain(SeriesSet(Bins(0, DAY, 1)), [], [], table, ExplainOptions()) == []


def test_a_side_that_was_not_observed_is_not_split() -> None:
    series = series_set(story()).series[SCOPE, "octets"]
    series.coverage[:SHIFT] = 0
    assert windows_for(change(ChangeKind.LEVEL_SHIFT, SHIFT, None, 3.0), series, [], 56 * DAY) is None


def test_a_typical_bin_that_rose_while_the_mean_did_not_is_told_as_such() -> None:
    rose = replace(change(ChangeKind.LEVEL_SHIFT, 70, None, 8.72), before=100.0, after=90.0)
    assert title(rose, Names(), 140 * DAY) == "Typical volume rose to 8.72× (its mean to 0.900×), 1970-03-12"
    assert severity.of_volume(rose) is Severity.INFO
    assert "mean rates alone give 0.900×" in headline(rose, Names(), 140 * DAY)
    alike = replace(rose, after=700.0)
    assert title(alike, Names(), 140 * DAY) == "Volume rose to 8.72×, 1970-03-12"
    assert severity.of_volume(alike) is Severity.MEDIUM


def test_of_each_group_of_evidence_the_strongest_is_told_with_its_numbers() -> None:
    def piece(group: str, observed: str, weight: float, stand: Stand = Stand.FOR) -> Evidence:
        return Evidence(f"rule/{observed[:3]}", group, stand, observed, ">= 1", weight)

    told = evidence_words([
        piece("shape", "a high rate: 3,002 packets a second; 9,000 packets; duration: 4 h", 4.0),
        piece("shape", "a raised rate: 3,002 packets a second", 2.5),
        piece("ports", "a port common among pools: port common among pools", 2.3),
        piece("names", "no name was seen: the name not available", 0.0, Stand.MISSING),
    ])  # fmt: skip
    assert told == [
        "For it: a high rate (3,002 packets a second, 9,000 packets); a port common among pools; 1 more is with the "
        "evidence.",
        "Not known here, so it counts neither way: no name was seen.",
    ]


def test_changes_of_different_counters_are_different_matters() -> None:
    octets = change(ChangeKind.LEVEL_SHIFT, 70, None, 2.0)
    both = [
        Finding("volume", "t", (), Severity.LOW, 0, None, "all", c) for c in (octets, replace(octets, counter="flows"))
    ]
    assert both[0].identity != both[1].identity


@pytest.mark.parametrize(
    ("class_id", "service", "name"),
    [
        ("dos.reflection.dns", "DNS", "DNS reflection flood"),
        ("dos.reflection.other", "IKE (ISAKMP)", "IKE (ISAKMP) reflection flood"),
        ("dos.reflection.other", "", "reflection flood"),
        ("dos.flood.other", "DNP3", "DNP3 flood"),
        ("dos.flood.syn", "", "SYN flood"),
    ],
)
def test_an_attack_is_named_by_its_service_where_its_class_has_no_name_for_it(
    class_id: str, service: str, name: str
) -> None:
    assert attack_name(class_id, service) == name
