"""The same flow from two exporters, and the timeouts by which exporters cut flows."""

import pytest
from naive import frames as make
from naive.messages import v5, v5_record

from netwatch.config import Options
from netwatch.meter import MeterOptions
from netwatch.pipeline.exporters import TWICE
from netwatch.pipeline.passes import judged

HOSTS = [f"10.0.{k // 250}.{k % 250 + 1}" for k in range(600)]


def exported(records, exporter, domain=0x102, sequence=0, interval=0):
    """Frames of NetFlow v5 messages: ``records`` are (first, last, octets, source), ms before NOW and octets."""
    out = []
    for start in range(0, len(records), 20):
        some = [v5_record(3_600_000 - a, 3_600_000 - b, 3, n, who) for a, b, n, who in records[start : start + 20]]
        message = bytearray(v5(some, sequence=sequence + start, interval=interval))
        message[20:22] = domain.to_bytes(2, "big")
        out.append(make.ethernet(make.ipv4(make.udp(bytes(message), 50_000, 2055), 17, source=exporter)))
    return out


def run(path, frames, *, dedupe):
    path.write_bytes(make.pcap(frames))
    with judged([path], Options(meter=MeterOptions(dedupe=dedupe))) as result:
        table = result.store.table
        octets = table.octet_delta_count.sum().to_pyarrow().as_py()
        series = result.series.get("scope", "all", "octets").values
        assert all(tally.balanced for tally in result.tallies)
        notes = [(dict(t.notes), {k: d.units for k, d in t.dropped.items()}) for t in result.tallies]
        return octets, float(series[~(series != series)].sum()), notes, result.exporters


@pytest.fixture
def two(tmp_path):
    """Both exporters see 600 flows; the second cuts them in two and counts a little less; 50 flows are its own."""
    whole = [(50_000, 1_000, 1000, host) for host in HOSTS]
    halves = [(a, b, 400, host) for host in HOSTS for a, b in ((50_200, 25_000), (24_500, 1_100))]
    own = [(40_000, 30_000, 77, f"10.9.0.{k}") for k in range(50)]
    return exported(whole, bytes([192, 0, 2, 1])) + exported(halves + own, bytes([192, 0, 2, 2]))


def test_told_by_two_exporters_counts_once_with_dedupe(tmp_path, two):
    octets, series, notes, _ = run(tmp_path / "twice", two, dedupe=True)
    assert octets == 600 * 1000 + 50 * 77
    assert series == pytest.approx(octets, rel=0.01)
    assert ({}, {TWICE: 1200}) in notes


def test_without_dedupe_it_is_told_and_counted_each_time(tmp_path, two):
    octets, _, notes, _ = run(tmp_path / "twice", two, dedupe=False)
    assert octets == 600 * 1800 + 50 * 77
    assert ({f"{TWICE} (counted each time without --dedupe)": 1200}, {}) in notes


def test_flows_that_follow_each_other_over_two_exporters_are_two(tmp_path):
    """A route that moves: the same key, but at another time."""
    before = exported([(50_000, 30_000, 1000, host) for host in HOSTS], bytes([192, 0, 2, 1]))
    after = exported([(28_000, 1_000, 1000, host) for host in HOSTS], bytes([192, 0, 2, 2]))
    octets, _, notes, _ = run(tmp_path / "moved", before + after, dedupe=True)
    assert octets == 600 * 2000
    assert not any(TWICE in dropped for _, dropped in notes)


def test_the_counters_compared_are_corrected_for_sampling(tmp_path):
    plain = exported([(50_000, 1_000, 1000, host) for host in HOSTS], bytes([192, 0, 2, 1]))
    sampled = exported([(50_000, 1_000, 300, host) for host in HOSTS], bytes([192, 0, 2, 2]), interval=0x4004)
    octets, _, _, _ = run(tmp_path / "sampled", plain + sampled, dedupe=True)
    assert octets == 600 * 300  # 1200 octets each by the sampled exporter's own account


def test_timeouts_of_each_exporter_are_told(tmp_path):
    cut = [(t, t - 300_000, 1000, host) for host in HOSTS[:40] for t in range(3_500_000, 300_000, -300_000)]
    brief = [(50_000 - k, 40_000 + 13 * k, 9, host) for k, host in enumerate(HOSTS)]
    frames = exported(cut, bytes([192, 0, 2, 1])) + exported(brief, bytes([192, 0, 2, 2]))
    _, _, _, told = run(tmp_path / "timeouts", frames, dedupe=False)
    assert {each["exporter"]: each["active_timeout"] for each in told} == {"192.0.2.1": 300.0, "192.0.2.2": None}
