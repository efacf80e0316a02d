"""Series at rest: sums are added once, and give the series that the flows give."""

import numpy as np
import pytest

pytest.importorskip("deltalake")

from netwatch.model.elements import FLOW, JUDGED, SCOPED, Direction
from netwatch.model.flows import Flows, filled
from netwatch.model.series import Bins
from netwatch.series import SeriesBuilder, SeriesOptions, series_from, sums_of
from netwatch.store.series_at_rest import FINE, HOUR, SeriesStore

DAY = 86_400 * 10**9
START = 17_928 * DAY
KINDS = ("scope", "direction", "family", "class", "asn", "port")
OPTIONS = SeriesOptions(bin=300, by=KINDS, top=5)
KEPT = SeriesOptions(bin=300, by=KINDS, top=5000)


def flows(n: int, since: int, until: int, seed: int) -> Flows:
    rng = np.random.default_rng(seed)
    start = np.sort(rng.integers(since, until, n)) // 1000 * 1000
    columns = {e.name: filled(e, n) for e in (*FLOW, *SCOPED, *JUDGED)}
    columns |= {
        "flow_start_nanoseconds": start,
        "flow_end_nanoseconds": start + rng.integers(0, 1800 * 10**9, n) // 1000 * 1000,
        "source_address": rng.integers(1, 1 << 40, (n, 2)).astype(np.uint64),
        "destination_address": rng.integers(1, 50, (n, 2)).astype(np.uint64),
        "octet_delta_count": rng.integers(40, 1 << 20, n),
        "packet_delta_count": rng.integers(1, 1 << 10, n),
        "reverse_octet_delta_count": rng.integers(0, 1 << 20, n),
        "destination_as": rng.integers(1, 5, n).astype(np.uint32),
        "direction": np.full(n, Direction.OUTBOUND, np.uint8),
        "sampling_packet_interval": rng.choice([1, 100], n).astype(np.uint32),
    }
    return Flows(columns)


def span(made: Flows) -> tuple[int, int]:
    return int(made["flow_start_nanoseconds"].min()), int(made["flow_end_nanoseconds"].max())


def test_series_of_kept_sums_are_those_of_the_flows(tmp_path):
    store = SeriesStore(tmp_path)
    parts = [flows(400, START + i * DAY // 4, START + (i + 1) * DAY // 4, i) for i in range(6)]
    for number, part in enumerate(parts, 1):
        assert store.add(number, sums_of([part], span(part), KEPT))
        assert not store.add(number, sums_of([part], span(part), KEPT))
    whole = Flows.concatenate(parts)
    builder = SeriesBuilder(OPTIONS, span(whole))
    builder.add(whole)
    wanted = builder.result()
    kept = store.fine(wanted.bins.start, wanted.bins.end)
    got = series_from(kept, wanted.bins, span(whole), OPTIONS)
    assert got.series.keys() == wanted.series.keys()
    for key, one in wanted.series.items():
        other = got.series[key]
        assert np.allclose(one.coverage, other.coverage)
        assert np.allclose(one.sampling, other.sampling, equal_nan=True)
        if key[1] == "peers":
            assert (np.nan_to_num(other.values) <= np.nan_to_num(one.values) * 1.0001).all()
            assert np.nansum(other.values) >= 0.8 * np.nansum(one.values)
        else:
            assert np.allclose(one.values, other.values, rtol=1e-9, atol=1e-6, equal_nan=True), key
            assert np.allclose(one.variance, other.variance, rtol=1e-6, atol=1e-3, equal_nan=True), key


def test_hours_are_sums_of_their_bins_and_outlive_them(tmp_path):
    store = SeriesStore(tmp_path)
    made = flows(500, START, START + 2 * DAY, 9)
    store.add(1, sums_of([made], span(made), OPTIONS))
    days = ["2019-02-01", "2019-02-02", "2019-02-03"]
    store.roll_up(days)
    fine, hours = store.fine(START, START + 3 * DAY), store.hours(START, START + 3 * DAY)
    assert hours.width == HOUR and fine.width == FINE
    for kind in ("scope", "asn", "exporter"):
        for name in ("octets", "packets", "flows"):
            sums = [getattr(s, name)[s.kind == kind].sum() for s in (fine, hours)]
            assert sums[0] == pytest.approx(sums[1], rel=1e-12)
    store.roll_up(days)
    assert np.array_equal(store.hours(START, START + 3 * DAY).octets, hours.octets)
    assert store.expire("2019-02-03") == 2
    assert len(store.hours(START, START + 3 * DAY)) == len(hours)
    bins = Bins(START, HOUR, 48)
    got = series_from(store.hours(START, START + 2 * DAY), bins, span(made), OPTIONS)
    assert got.get("scope", "all", "octets").bins == bins
