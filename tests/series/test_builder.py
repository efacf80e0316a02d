"""Series against plain sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.model.elements import Direction
from netwatch.model.flows import Flows
from netwatch.model.heard import Heard
from netwatch.series import SeriesBuilder, SeriesOptions
from netwatch.series.silence import silences
from netwatch.series.widths import width

S = 1_000_000_000


def flows(rows: list[tuple[int, int, int, int]], **more: np.ndarray) -> Flows:
    start, length, octets, packets = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    return Flows(
        {
            "flow_start_nanoseconds": start,
            "flow_end_nanoseconds": start + length,
            "octet_delta_count": octets,
            "packet_delta_count": packets,
            **more,
        }
    )


def span(batch: Flows) -> tuple[int, int]:
    return int(batch["flow_start_nanoseconds"].min()), int(batch["flow_end_nanoseconds"].max())


life = st.tuples(st.integers(0, 3000 * S), st.integers(0, 900 * S), st.integers(0, 10**9), st.integers(0, 10**6))


@settings(max_examples=60, deadline=None)
@given(st.lists(life, min_size=1, max_size=30), st.sampled_from([1, 1000]))
def test_octets_are_spread_by_overlap_and_none_is_lost(rows, interval):
    batch = flows(rows, sampling_packet_interval=np.full(len(rows), interval))
    first, last = span(batch)
    b = SeriesBuilder(
        SeriesOptions(bin=60, by=("scope",), gap_p=0),
        (first // (60 * S) * 60 * S, last // (60 * S) * 60 * S + 60 * S - 1),
    )
    b.add(batch)
    got = b.result().get("scope", "all", "octets")
    naive = np.zeros(b.bins.count)
    for start, length, octets, _ in rows:
        for i in range(b.bins.count):
            low, high = b.bins.start + i * b.bins.width, b.bins.start + (i + 1) * b.bins.width
            if length == 0:
                naive[i] += octets * interval * (low <= start < high)
            else:
                naive[i] += octets * interval * max(0, min(high, start + length) - max(low, start)) / length
    assert np.nansum(got.values) == sum(r[2] for r in rows) * interval
    assert np.allclose(got.values, naive, atol=2 * len(rows))
    assert b.tally.balanced


def test_a_flow_of_many_bins_keeps_its_sum():
    batch = flows([(0, 5000 * S, 10**9, 10**6), (2500 * S, 1, 7, 1)])
    b = SeriesBuilder(SeriesOptions(bin=1, by=("scope",)), span(batch))
    b.add(batch)
    values = b.result().get("scope", "all", "octets").values
    assert values[:-1].sum() == pytest.approx(10**9 + 7, rel=1e-3)
    assert np.all(values[:-1] > 0)


def test_both_directions_of_a_biflow_go_their_way():
    batch = flows(
        [(0, S, 100, 1), (10 * S, S, 50, 1)],
        reverse_octet_delta_count=np.array([900, 0]),
        reverse_packet_delta_count=np.array([9, 0]),
        direction=np.array([Direction.OUTBOUND, Direction.INBOUND]),
    )
    b = SeriesBuilder(SeriesOptions(bin=1), (0, 12 * S - 1))
    b.add(batch)
    made = b.result()
    assert np.nansum(made.get("direction", "outbound", "octets").values) == 100
    assert np.nansum(made.get("direction", "inbound", "octets").values) == 950
    assert np.nansum(made.get("direction", "inbound", "flows").values) == 2


def test_outside_is_counted_and_left_out():
    batch = flows([(0, S, 100, 1), (5, S, 50, 1)], direction=np.array([Direction.OUTSIDE, Direction.INBOUND]))
    b = SeriesBuilder(SeriesOptions(bin=1), (0, 2 * S))
    b.add(batch)
    assert b.tally.dropped["outside the scope"].octets == 100
    assert b.tally.balanced


def test_many_ports_add_up_with_other():
    rng = np.random.default_rng(4)
    n = 20_000
    port = np.where(rng.random(n) < 0.5, 443, rng.integers(1, 60_000, n))
    batch = flows(
        [(int(t), S, 1000, 2) for t in rng.integers(0, 3600 * S, n)],
        destination_transport_port=port,
        protocol_identifier=np.full(n, 6),
        orientation=np.full(n, 1),
    )
    b = SeriesBuilder(SeriesOptions(bin=60, top=5), (0, 3660 * S - 1))
    for part in np.array_split(np.arange(n), 7):
        b.add(batch.take(part))
    ports = b.result().of("port", "octets")
    assert len(ports) == 6
    assert {str(s.entity.value) for s in ports} >= {"tcp/443", "other"}
    assert sum(np.nansum(s.values * s.coverage) for s in ports) == pytest.approx(n * 1000)


def test_peers_are_distinct_addresses():
    rng = np.random.default_rng(1)
    n = 30_000
    peers = rng.integers(1, 5000, n).astype(np.uint64)
    addresses = np.stack([np.zeros(n, np.uint64), (np.uint64(0xFFFF) << np.uint64(32)) | peers], axis=1)
    batch = flows(
        [(int(t), 0, 100, 1) for t in rng.integers(0, 600 * S, n)],
        source_address=addresses,
        direction=np.full(n, Direction.INBOUND),
    )
    b = SeriesBuilder(SeriesOptions(bin=60), (0, 600 * S - 1))
    b.add(batch)
    got = b.result().get("scope", "all", "peers").values
    minute = batch["flow_start_nanoseconds"] // (60 * S)
    true = np.array([len(np.unique(peers[minute == m])) for m in range(10)])
    assert np.all(np.abs(got / true - 1) < 0.25)
    assert abs(np.mean(got / true) - 1) < 0.08


def test_a_silent_hour_is_unknown_and_a_quiet_night_is_not():
    rng = np.random.default_rng(2)
    records = rng.poisson(40, 400).astype(float)
    records[100:112] = 0
    assert silent_bins(records, 96) == list(range(100, 112))
    nights = np.where(np.arange(960) % 96 < 30, 0, rng.poisson(5, 960)).astype(float)
    assert not silent_bins(nights, 96)


def silent_bins(records: np.ndarray, day: float = 288) -> list[int]:
    return np.flatnonzero(silences(records, 1e-6, records > 0, day)).tolist()


@pytest.mark.parametrize("bins", [4032, 288])
@pytest.mark.parametrize("outages", [[(100, 12), (118, 12)], [(90, 24), (140, 20), (172, 24)], [(60, 40), (120, 15)]])
def test_outages_that_lie_close_together_are_each_a_silence(bins, outages):
    records = np.random.default_rng(3).poisson(20, bins).astype(float)
    for begin, length in outages:
        records[begin : begin + length] = 0
    assert silent_bins(records) == [b for begin, length in outages for b in range(begin, begin + length)]


def test_outages_close_together_in_march_and_in_october():
    records = np.random.default_rng(4).poisson(20, 24 * 365).astype(float)
    told = [b for begin in (2000, 2015, 6000, 6014, 6030) for b in range(begin, begin + 10)]
    records[told] = 0
    assert silent_bins(records, 24) == told


@pytest.mark.parametrize("days", [3, 4, 21])
@pytest.mark.parametrize("length", [96, 168])
def test_nights_and_weekends_are_no_silence_whenever_they_begin(days, length):
    rng = np.random.default_rng(5)
    records = rng.poisson(20, 288 * days).astype(float)
    for day in range(days - 1):
        begin = day * 288 + 240 + int(rng.integers(-12, 12))
        records[begin : begin + length + int(rng.integers(-12, 12))] = 0
        if day % 7 == 4:
            records[begin : begin + 2 * 288 + length] = 0
    assert not silent_bins(records)


def test_what_is_on_and_off_at_any_time_has_no_silence():
    rng = np.random.default_rng(6)
    on = np.repeat(np.arange(200) % 2 == 0, rng.integers(8, 40, 200))
    assert not silent_bins(np.where(on, rng.poisson(20, len(on)), 0).astype(float))
    assert not silent_bins(rng.poisson(0.02, 40_000).astype(float))


def test_monitored_outages_that_lie_close_together_are_no_drop():
    rows = [(bin * 300 * S + k, S, 1000, 1) for bin in range(288) if bin // 12 not in (8, 10) for k in range(20)]
    b = SeriesBuilder(SeriesOptions(bin=300), (0, 288 * 300 * S - 1))
    b.add(flows(rows))
    values = b.result().get("scope", "all", "octets").values.reshape(24, 12)
    assert np.isnan(values[[8, 10]]).all() and (np.delete(values, [8, 10], axis=0) == 20_000).all()


def test_few_records_far_apart_tell_of_nothing_between_them():
    def silent(*alive):
        lived = np.zeros(2000, bool)
        lived[list(alive)] = True
        return np.flatnonzero(silences(lived.astype(float), 1e-6, lived, 24))

    assert silent(3, 1563, 1795).tolist() == [*range(4, 1563), *range(1564, 1795)]
    assert silent(10, 11, 12, 500, 501).tolist() == list(range(13, 500))
    assert not silent(10, 110, 230, 330).size  # seldom, but all along
    assert not silent(7).size
    assert not silent(7, 8, 10).size
    long = np.zeros(2000, bool)
    long[5:1600] = True  # one record that lasted
    assert not silences(np.eye(1, 2000, 5)[0] + np.eye(1, 2000, 1590)[0], 1e-6, long, 24).any()


def test_files_of_different_days_leave_the_time_between_them_unknown():
    day = 86_400 * S
    rows = [(start + k * S, S, 1000, 1) for start in (0, 65 * day, 74 * day) for k in range(30)]
    heard = [Heard((0, 0), 0, start, start + 31 * S, 1.0) for start in (0, 65 * day, 74 * day)]
    b = SeriesBuilder(SeriesOptions(bin=3600), (0, 74 * day + 31 * S), heard)
    b.add(flows(rows))
    s = b.result().get("scope", "all", "octets")
    between = [*range(1, 65 * 24), *range(65 * 24 + 1, 74 * 24)]
    assert np.isnan(s.values[between]).all()
    assert s.values[[0, 65 * 24]].tolist() == [30_000, 30_000]


def daily(runs: int, length: int = 900, every: int = 86_400, *, ran: bool = True) -> tuple[Flows, list[Heard]]:
    """A flow of 1000 octets a second while captures run, and what their readers heard."""
    rows = [(run * every * S + k * S, S // 2, 1000, 1) for run in range(runs) for k in range(length)]
    spans = [(run * every * S, (run * every + length) * S) for run in range(runs)]
    return flows(rows), [Heard((0, 0), 0, *each, 1.0, ran) for each in spans]


def test_between_captures_that_tell_when_they_ran_nothing_was_observed():
    batch, heard = daily(62)
    b = SeriesBuilder(SeriesOptions(), span(batch), heard)
    b.add(batch)
    s = b.result().get("scope", "all", "octets")
    assert s.bins.width == 900 * S  # no wider than a run
    known = ~np.isnan(s.values)
    assert known.sum() == 62
    assert np.allclose(s.values[known], 900_000, rtol=0.01)
    wide = SeriesBuilder(SeriesOptions(bin=3600), span(batch), heard)
    wide.add(batch)
    s = wide.result().get("scope", "all", "octets")
    assert np.allclose(s.coverage[::24], 0.25, atol=0.01)
    assert np.allclose(s.values[::24], 3_600_000, rtol=0.01)  # scaled to the hour
    assert np.isnan(s.values[1]) and s.coverage[1] == 0
    dumb, heard = daily(60, ran=False)
    b = SeriesBuilder(SeriesOptions(bin=3600), span(dumb), heard)
    b.add(dumb)
    assert b.result().get("scope", "all", "octets").coverage[1] == 1  # a silence as regular as that


def test_captures_that_follow_each_other_leave_no_gap():
    batch, heard = daily(96, 900, 900)
    b = SeriesBuilder(SeriesOptions(bin=300), span(batch), heard)
    b.add(batch)
    s = b.result().get("scope", "all", "octets")
    assert (s.coverage[:-1] == 1).all()


def test_kept_sums_know_when_captures_ran():
    from netwatch.series import series_from, sums_of

    batch, heard = daily(60)
    asked = SeriesOptions(bin=3600, by=("scope",))
    b = SeriesBuilder(asked, span(batch), heard)
    b.add(batch)
    whole = b.result().get("scope", "all", "octets")
    sums = sums_of([batch], span(batch), SeriesOptions(bin=300, by=("scope",)), heard)
    again = series_from(sums, whole.bins, span(batch), asked).get("scope", "all", "octets")
    np.testing.assert_allclose(again.coverage, whole.coverage, atol=1e-9)
    np.testing.assert_allclose(again.values, whole.values)


def test_a_silence_between_captures_among_others_that_do_not_tell_is_judged_as_before():
    """One dense capture of ten minutes among flows that come from elsewhere for a day."""
    rows = [(k * 30 * S, S, 1000, 1) for k in range(2880)]
    batch = flows(rows)
    b = SeriesBuilder(SeriesOptions(bin=300), span(batch), [Heard((0, 0), 0, 0, 600 * S, 1.0, True)])
    b.add(batch)
    assert (b.result().get("scope", "all", "octets").coverage[:-1] == 1).all()


def test_a_silence_is_the_networks_where_readers_know_that_nothing_was_lost():
    rng = np.random.default_rng(6)
    minutes = [m for m in range(300) if not 100 <= m < 140]
    rows = [(m * 60 * S + int(rng.integers(0, 50 * S)), S, 1000, 1) for m in minutes for _ in range(30)]
    whole = (0, 300 * 60 * S - 1)
    unknown, known = (
        SeriesBuilder(SeriesOptions(bin=60), whole),
        SeriesBuilder(SeriesOptions(bin=60), whole, [Heard((0, 0), 0, 0, 300 * 60 * S, 1.0)]),
    )
    for b in (unknown, known):
        b.add(flows(rows))
    silent = [b.result().get("scope", "all", "octets").values[101:139] for b in (unknown, known)]
    assert np.isnan(silent[0]).all()
    assert (silent[1] == 0).all()


def test_what_readers_know_to_be_lost_is_corrected_for():
    rows = [
        (minute * 60 * S + k * S, S, 1000, 1) for minute in range(60) for k in range(20 if 20 <= minute < 40 else 40)
    ]
    marks = [0, 1200 * S, 2400 * S, 3600 * S]
    heard = [Heard((0, 0), 0, *marks[i : i + 2], share) for i, share in enumerate((1.0, 0.5, 1.0))]
    b = SeriesBuilder(SeriesOptions(bin=60), (0, 3600 * S - 1), heard)
    b.add(flows(rows))
    s = b.result().get("scope", "all", "octets")
    assert np.allclose(s.coverage[20:40], 0.5) and np.allclose(s.coverage[:20], 1)
    assert np.allclose(s.values, 40_000, rtol=0.01)


def test_one_of_two_exporters_falls_silent():
    rng = np.random.default_rng(3)
    rows, exporter = [], []
    for minute in range(300):
        for who in (1, 2):
            if who == 2 and 100 <= minute < 140:
                continue
            rows += [(minute * 60 * S + int(rng.integers(0, 50 * S)), S, 1000, 1) for _ in range(30)]
            exporter += [who] * 30
    batch = flows(rows, observation_domain_id=np.array(exporter))
    b = SeriesBuilder(SeriesOptions(bin=60), (0, 300 * 60 * S - 1))
    b.add(batch)
    s = b.result().get("scope", "all", "octets")
    assert np.allclose(s.coverage[100:140], 0.5, atol=0.02)
    assert np.allclose(s.values[101:139], 60_000, rtol=0.2)
    assert np.all(s.variance[101:139] > 0)


def test_sampling_is_corrected_once_and_carried():
    rng = np.random.default_rng(5)
    totals, variances = [], []
    for _ in range(200):
        seen = rng.binomial(10_000, 0.01)
        b = SeriesBuilder(SeriesOptions(bin=1, by=("scope",)), (0, S - 1))
        b.add(flows([(0, 0, seen * 500, seen)], sampling_packet_interval=np.array([100])))
        s = b.result().get("scope", "all", "packets")
        totals.append(s.values[0])
        variances.append(s.variance[0])
    assert np.mean(totals) == pytest.approx(10_000, rel=0.02)
    assert np.mean(variances) == pytest.approx(np.var(totals), rel=0.3)


def test_what_was_counted_is_told_whatever_was_observed():
    """One packet in a bin of which hardly anything was seen makes no rate, but it was counted."""
    batch = flows([(0, 59 * S, 6_000, 60), (60 * S, S, 100, 1)])
    b = SeriesBuilder(SeriesOptions(bin=60, by=("scope",)), span(batch))
    b.add(batch)
    made = b.result()
    assert np.isnan(made.get("scope", "all", "packets").values[1])
    assert {counter: values.sum() for counter, values in made.counted.items()} == {
        "octets": 6_100, "packets": 61, "flows": 2,
    }  # fmt: skip


def test_widths():
    day = 86_400 * S
    assert width(0, 30 * day) == 300 * S
    assert width(0, 1000 * day) == 3600 * S
    assert width(0, 1200 * S) == S
    assert width(-(1 << 62), 1 << 62) >= 1


def test_a_part_is_accounted_for_by_itself():
    batch = flows([(0, S, 6_000, 60), (60 * S, S, 100, 1), (120 * S, S, 50, 1)])
    b = SeriesBuilder(SeriesOptions(bin=60, by=("scope",)), span(batch))
    b.add(batch)
    part = b.result().part(1, 3)
    assert {counter: values.tolist() for counter, values in part.counted.items()} == {
        "octets": [100, 50], "packets": [1, 1], "flows": [1, 1],
    }  # fmt: skip
    assert part.get("scope", "all", "octets").bins == part.bins
