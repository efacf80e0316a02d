"""The story of ``captures/three-years`` end to end: what the report says, against what was put there."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from netwatch.config import Options
from netwatch.model.change import Change, ChangeKind
from netwatch.pipeline import analyze
from netwatch.report import Report
from netwatch.scope import ScopeOptions

CAPTURE = Path(__file__).parents[2] / "captures" / "three-years"
DAY = 86_400 * 10**9


def ns(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * 10**9


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return tomllib.loads((CAPTURE / "truth.toml").read_text())


@pytest.fixture(scope="module")
def report() -> Report:
    return analyze([CAPTURE], Options(scope=ScopeOptions(asn=("AS131279",))))


def of_scope(report: Report, kind: ChangeKind, counter: str = "octets") -> list[Change]:
    return [c for c in report.changes if c.entity.kind == "scope" and c.counter == counter and c.kind == kind]


def test_every_record_is_accounted_for(report: Report, truth: dict[str, Any]) -> None:
    assert all(tally.balanced for tally in report.tallies)
    exported = [tally for tally in report.tallies if tally.stage == "exports"]
    assert (
        sum(tally.kept for tally in exported)
        == truth["records"]["exported"] - truth["records"]["lost_in_outage_about"] + 6
    )
    assert sum(tally.lost for tally in exported) == pytest.approx(truth["records"]["lost_in_outage_about"], abs=20)


def test_the_rise_is_found_with_its_date_and_ratio(report: Report, truth: dict[str, Any]) -> None:
    shift = truth["level_shift"][0]
    found = of_scope(report, ChangeKind.LEVEL_SHIFT)
    assert len(found) == 1
    rise = found[0]
    assert abs(rise.since - ns(shift["since"])) < 7 * DAY
    assert rise.since_low - DAY <= ns(shift["since"]) <= rise.since_high + DAY
    assert rise.ratio == pytest.approx(shift["ratio"], rel=0.10)
    assert rise.ratio_low < shift["ratio"] < rise.ratio_high


def test_the_outage_is_a_gap_and_no_drop(report: Report, truth: dict[str, Any]) -> None:
    outage = truth["outage"][0]
    gaps = of_scope(report, ChangeKind.GAP)
    assert any(
        abs(g.since - ns(outage["since"])) < DAY // 4 and abs((g.until or 0) - ns(outage["until"])) < DAY // 4
        for g in gaps
    )
    assert not of_scope(report, ChangeKind.DROP)


def test_the_sampling_change_is_no_jump(report: Report, truth: dict[str, Any]) -> None:
    since = ns(truth["sampling"][0]["since"])
    assert any(abs(c.since - since) < DAY for c in of_scope(report, ChangeKind.SAMPLING))
    for counter in ("octets", "packets"):
        for kind in (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP, ChangeKind.SPIKE, ChangeKind.DROP):
            assert not [c for c in of_scope(report, kind, counter) if abs(c.since - since) < 14 * DAY]


def test_the_proxy_is_found_and_named_monero(report: Report, truth: dict[str, Any]) -> None:
    proxy = truth["mining"][0]
    mining = [v for v in report.verdicts if v.class_id.startswith("mining.") and v.class_id != "mining.contact"]
    assert [(v.subject, v.peer, v.port, v.role) for v in mining] == [
        (proxy["address"], proxy["pool"], proxy["port"], "source")
    ]
    assert "XMR" in str(mining[0].facts["coin"])
    assert any("Monero" in finding.title for finding in report.findings if finding.kind == "mining")


def test_both_directions_of_attack_are_right(report: Report, truth: dict[str, Any]) -> None:
    found = {(v.class_id, v.role, v.subject) for v in report.verdicts if v.class_id.startswith("dos.")}
    expected = {(a["class"], a["role"], a["subject"]) for a in truth["attack"] if a["class"].startswith("dos.")}
    assert found == expected
    assert {role for _, role, _ in expected} == {"source", "target"}


def test_rhythm_and_upstream_changed(report: Report, truth: dict[str, Any]) -> None:
    rhythm = ns(truth["rhythm_change"][0]["since"])
    assert any(abs(c.since - rhythm) < 21 * DAY for c in of_scope(report, ChangeKind.RHYTHM))
    upstream = truth["upstream_shift"][0]
    shifts = [
        c for c in report.changes if c.entity.kind == "upstream" and abs(c.since - ns(upstream["since"])) < 7 * DAY
    ]
    assert any(c.entity.value == f"AS{upstream['to_asn']}" and c.ratio > 1 for c in shifts)


def test_the_rise_is_ordinary_use(report: Report, truth: dict[str, Any]) -> None:
    rise = of_scope(report, ChangeKind.LEVEL_SHIFT)[0]
    finding = next(f for f in report.findings if f.change == rise)
    split = next(c for c in finding.compositions if c.counter == "octets" and c.dimension == "family")
    shares = {share.cell["family"]: share.share for share in split.shares}
    assert sum(shares.values()) + split.residual == pytest.approx(1.0, abs=1e-6)
    for name, true in truth["level_shift"][0]["added_by_family"].items():
        assert shares.get(name, 0.0) == pytest.approx(true, abs=0.05)
