"""When captures ran: one run, several joined into one file, and what is neither."""

import random

import numpy as np
import pytest
from naive import frames as make

from netwatch.read import open_inputs
from netwatch.read.runs import LONG, MOST, Pauses, Run

SECOND, DAY = 10**9, 86_400 * 10**9
START = 1_700_000_000 * SECOND


def slices(starts, length=600, every=1.0):
    """Times of frames ``every`` so many seconds in captures of so many seconds."""
    steps = np.arange(0, length + every / 2, every) * SECOND
    return np.concatenate([start + steps for start in starts]).astype(np.int64)


def runs(times, batch=1000):
    pauses, latest = Pauses(), np.iinfo(np.int64).min
    for begin in range(0, len(times), batch):
        part = times[begin : begin + batch]
        reached = np.maximum.accumulate(np.append([latest] if begin else part[:1], part))
        pauses.add(part, latest, begin, int(np.diff(reached).max()))
        latest = int(reached[-1])
    return pauses.runs(int(times.min()), int(times.max()), len(times))


@pytest.mark.parametrize("days", [2, 3, 7, 30, 400])
@pytest.mark.parametrize("batch", [64, 601, 10**6])
def test_ten_minutes_of_each_day(days, batch):
    starts = [START + day * DAY for day in range(days)]
    assert runs(slices(starts), batch) == ([Run(start, start + 600 * SECOND) for start in starts], SECOND)


def test_before_1970():
    starts = [-START + day * DAY for day in range(3)]
    assert [run.first for run in runs(slices(starts))[0]] == starts


def test_captures_of_weeks_that_are_far_apart_are_parted_at_every_scale():
    starts = [START + day * DAY for day in (*range(5), *range(200, 205))]
    assert [run.first for run in runs(slices(starts))[0]] == starts


def test_a_stray_packet_between_captures_is_a_run_of_its_own():
    starts = [START + day * DAY for day in range(5)]
    stray = START + DAY // 2
    assert [run.first for run in runs(np.sort(np.append(slices(starts), stray)))[0]] == sorted([*starts, stray])


def test_an_outage_of_less_than_half_is_within_the_run():
    times = slices([START, START + 3600 * SECOND], length=1800)
    assert runs(times) == ([], 1800 * SECOND)  # its longest pause is too long for one run
    times = slices([START, START + 36_300 * SECOND], length=36_000)
    assert runs(times) == ([Run(START, START + 72_300 * SECOND)], 300 * SECOND)


@pytest.mark.parametrize("times", [
    slices([START + day * DAY for day in range(7)], length=20, every=0.1),  # bursts, no runs of a minute
    slices([START + day * DAY for day in range(7)], length=600, every=61),  # too few frames
    START + np.cumsum(np.random.default_rng(1).exponential(600 * SECOND, 500)).astype(np.int64)[:90],
], ids=["bursts", "sparse", "few"])  # fmt: skip
def test_what_tells_no_runs(times):
    assert runs(times)[0] == []


def test_pauses_of_every_scale_part_nothing():
    times = START + (np.random.default_rng(2).pareto(1.0, 5000) * SECOND).cumsum().astype(np.int64)
    assert runs(times)[0] == [Run(int(times[0]), int(times[-1]))]


def test_one_run_of_dense_packets():
    assert runs(slices([START])) == ([Run(START, START + 600 * SECOND)], SECOND)


def test_long_pauses_beyond_number_count_by_the_longest_left_out():
    times = START + np.cumsum(np.arange(MOST + 500) * SECOND // 10 + LONG)
    assert runs(times, 100) == runs(times, 10**6)


def test_any_batches_tell_the_same():
    dice = random.Random(1)
    for _ in range(50):
        starts = sorted(START + dice.randrange(20) * DAY for _ in range(dice.randint(1, 6)))
        times = np.concatenate(
            [slices([start], dice.choice((5, 90, 900)), dice.choice((0.2, 1, 30))) for start in starts]
        )
        assert runs(times, dice.randint(1, 500)) == runs(times, 10**6)


def test_of_a_joined_capture_each_run_is_heard_of(tmp_path):
    frame = make.ethernet(make.ipv4(make.udp(b"x", 5, 53), 17))
    times = slices([START, START + DAY, START + 2 * DAY], length=120)
    path = tmp_path / "joined.pcapng"
    blocks = [make.enhanced(frame, time // 1000, 0) for time in times.tolist()]
    path.write_bytes(make.section() + make.interface(1) + b"".join(blocks))
    inputs = open_inputs([path])
    list(inputs)
    spans = [(span.since, span.until) for span in inputs.heard if span.ran]
    assert spans == [(START + day * DAY - SECOND, START + day * DAY + 121 * SECOND) for day in range(3)]
    assert inputs.files[0].details["runs"] == 3
