"""A silence is the network's where sequence numbers or the span of a capture say that nothing was lost."""

import io

import dpkt
import numpy as np
import pytest
from naive import frames as make
from naive.messages import NOW, v5, v5_record

from netwatch.config import Options
from netwatch.detect import detect
from netwatch.kernels.sequence import BREAKS
from netwatch.model.change import ChangeKind
from netwatch.pipeline.passes import judged
from netwatch.read import open_inputs
from netwatch.series import SeriesOptions

MINUTES, SILENT, RECORDS = 9 * 24 * 60, range(3000, 3180), 20
BEGIN = NOW // 3600 * 3600


def messages(lost_in_silence=0, minutes=MINUTES):
    """One message a minute but for three silent hours, in which ``lost_in_silence`` records were lost."""
    out, sequence = [], 0
    records = [v5_record(source=f"10.0.0.{k}") for k in range(RECORDS)]
    dice = np.random.default_rng(3)
    for minute in range(minutes):
        some = records[: dice.integers(RECORDS // 2, RECORDS)]
        if minute in SILENT:
            continue
        if minute == SILENT.stop:
            sequence += lost_in_silence
        out.append(v5(some, sequence=sequence, uptime=3_600_000, seconds=BEGIN + 60 * minute))
        sequence += len(some)
    return b"".join(out)


def changes(path, octets):
    path.write_bytes(octets)
    options = Options(series=SeriesOptions(bin=300, by=("scope",)))
    with judged([path], options) as result:
        series = result.series.get("scope", "all", "octets")
        found = detect(result.series, options.detect)
    inside = np.arange(SILENT.start // 5 + 1, SILENT.stop // 5 - 1)
    return series.values[inside], {c.kind for c in found if c.entity.value == "all"}


def test_total_silence_while_numbers_run_on_is_a_drop_and_no_gap(tmp_path):
    values, kinds = changes(tmp_path / "export", messages())
    assert (values == 0).all()
    assert ChangeKind.GAP not in kinds
    assert ChangeKind.DROP in kinds


def test_the_same_silence_with_a_gap_in_the_numbers_is_a_gap(tmp_path):
    values, kinds = changes(tmp_path / "export", messages(RECORDS * len(SILENT)))
    assert np.isnan(values).all()
    assert ChangeKind.GAP in kinds
    assert ChangeKind.DROP not in kinds


def heard(path, octets):
    path.write_bytes(octets)
    inputs = open_inputs([path])
    list(inputs)
    assert all(tally.balanced for tally in inputs.tallies)
    return inputs.heard


def test_spans_of_an_exporter(tmp_path):
    first, gap, last = (s * 10**9 for s in (BEGIN, BEGIN + 60 * SILENT.stop, BEGIN + 60 * (SILENT.stop + 9)))
    (whole,) = heard(tmp_path / "whole", messages(minutes=SILENT.stop + 10))
    assert whole == ((0, 0), 0x102, first, last, 1.0, False)
    before, lost, after = heard(tmp_path / "lost", messages(1_000_000, SILENT.stop + 10))
    assert before == ((0, 0), 0x102, first, BEGIN * 10**9 + 60 * (SILENT.start - 1) * 10**9, 1.0, False)
    assert lost[:4] == ((0, 0), 0x102, before.until, gap)
    assert 0 < lost.share < 1e-4
    assert after == ((0, 0), 0x102, gap, last, 1.0, False)


@pytest.mark.parametrize("number", [lambda i: 0, lambda i: (i * 7919) % 100_000])
def test_numbers_that_make_no_sense_tell_nothing(tmp_path, number):
    records = [[v5_record(source=f"10.0.{i // 250}.{i % 250}")] * (1 + i % 3) for i in range(500)]
    octets = b"".join(v5(each, sequence=number(i), seconds=BEGIN + i) for i, each in enumerate(records))
    assert heard(tmp_path / "odd", octets) == []


def test_losses_without_end_stay_within_bounds(tmp_path):
    """Each message two minutes after the last and with a gap: a stretch each, joined where there is no room."""
    octets = b"".join(v5([v5_record()], sequence=3 * i, seconds=BEGIN + 120 * i) for i in range(2000))
    spans = heard(tmp_path / "lossy", octets)
    assert 0 < len(spans) <= BREAKS
    assert {span.share for span in spans} == {1 / 3}
    assert (spans[0].since, spans[-1].until) == (BEGIN * 10**9, (BEGIN + 120 * 1999) * 10**9)


def test_span_of_a_capture(tmp_path):
    frames = [make.ethernet(p) for p in make.conversation(5)]
    (span,) = heard(tmp_path / "capture", make.pcap(frames))
    times = make.times(frames)
    assert span == ((0, 0), 0, times[0], times[-1], 1.0, False)


@pytest.mark.parametrize(("count", "pause", "ran"), [(120, 3, True), (90, 3, False), (120, 60, False)])
def test_a_dense_capture_tells_when_it_ran(tmp_path, count, pause, ran):
    """A packet a second but for one pause: as long as that it may have run before the first and after the last."""
    times = (BEGIN + np.arange(count) + (np.arange(count) >= 50) * (pause - 1)).tolist()
    octets = io.BytesIO()
    writer = dpkt.pcap.Writer(octets)
    for time in times:
        writer.writepkt(make.ethernet(make.ipv4(make.udp(b"x" * 20), 17)), time)
    (span,) = heard(tmp_path / "capture", octets.getvalue())
    slack = pause * ran
    assert span == ((0, 0), 0, (times[0] - slack) * 10**9, (times[-1] + slack) * 10**9, 1.0, ran)


def test_kept_sums_know_what_was_heard(tmp_path):
    """What a monitor keeps of an input stands for the series that an analysis makes of it, silences included."""
    from netwatch.pipeline.increment import Context, Named, increment
    from netwatch.series import series_from
    from netwatch.store.lake import Ingest

    asked = SeriesOptions(bin=300, by=("scope",))
    for name, lost in (("whole", 0), ("lost", RECORDS * len(SILENT))):
        path = tmp_path / name
        path.write_bytes(messages(lost))
        options = Options(series=asked)
        with judged([path], options) as result:
            whole = result.series.get("scope", "all", "octets")
        with increment([Named(str(path), Ingest("0" * 64, name, 1))], options, Context()) as made:
            sums, entry = made.sums(asked), made.entries[0]
        assert entry.spans
        again = series_from(sums, whole.bins, (entry.first, entry.last), asked).get("scope", "all", "octets")
        np.testing.assert_allclose(again.coverage, whole.coverage)
        np.testing.assert_allclose(again.values, whole.values)
