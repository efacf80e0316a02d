"""The public names give pandas frames that agree with the captures' truth."""

from __future__ import annotations

from pathlib import Path

import pytest

import netwatch

MIXED = Path(__file__).parents[1] / "captures" / "mixed-hour" / "mixed-hour.pcap.gz"
OCTETS = 6_102_111


def test_flows_as_a_frame() -> None:
    flows = netwatch.read_flows(MIXED)
    assert flows[["octet_delta_count", "reverse_octet_delta_count"]].to_numpy().sum() == OCTETS
    assert flows.flow_start.is_monotonic_increasing
    assert str(flows.flow_start.dt.tz) == "UTC"
    mining = netwatch.read_flows([MIXED], filter="class mining.stratum")
    assert set(mining.destination_transport_port) == {3333, 14444}
    assert 0 < len(mining) < len(flows)


def test_series_as_a_frame() -> None:
    series = netwatch.read_series(MIXED, by=("scope", "direction"), bin=60)
    assert 59 <= len(series) <= 60
    # The capture ends early in its last bin, which is corrected for that.
    total = series[("scope", "all", "octets")].sum()
    assert total == pytest.approx(OCTETS, rel=1e-3)
    directions = series.xs("octets", axis=1, level="counter")["direction"].sum().sum()
    assert directions == pytest.approx(total)


def test_a_report_from_python() -> None:
    report = netwatch.analyze_files(MIXED)
    assert isinstance(report, netwatch.Report)
    assert any(finding.kind == "mining" for finding in report.findings)
