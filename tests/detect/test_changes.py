"""What is found in made-up series, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from naive.volume import START, hourly, one

from netwatch.detect import DETECTORS, DetectOptions, baseline, detect
from netwatch.detect.sampling import sampling_changes
from netwatch.errors import UsageError
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Entity

DAY = 86_400 * 10**9
LEVELS = (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP, ChangeKind.EPISODE)


def levels(values: np.ndarray, **more: np.ndarray) -> list[Change]:
    return [c for c in detect(one(values, **more), DetectOptions()) if c.kind in LEVELS]


def test_nothing_is_found_in_nothing():
    assert levels(hourly(400, 1)) == []


@pytest.mark.parametrize("ratio", [3.0, 1.3, 0.7])
def test_a_step_is_dated_and_measured(ratio):
    values = hourly(400, 2)
    values[210 * 24 :] *= ratio
    (found,) = levels(values)
    assert found.kind == ChangeKind.LEVEL_SHIFT
    assert abs(found.since - (START + 210 * DAY)) <= DAY
    assert found.ratio == pytest.approx(ratio, rel=0.08)
    assert found.since_low <= START + 210 * DAY <= found.since_high
    assert found.after / found.before == pytest.approx(ratio, rel=0.15)


@pytest.mark.parametrize("days", [190, 250, 300])
def test_days_beyond_the_last_whole_week_do_not_bend_the_ratio(days):
    values = hourly(days, 6)
    values[days // 2 * 24 :] *= 3.0
    (found,) = levels(values)
    assert found.ratio == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize("days", [100, 200, 500])
@pytest.mark.parametrize("hour", [6, 12, 18])
def test_the_day_in_which_a_step_falls_does_not_bend_the_ratio(days, hour):
    values = hourly(days, 9)
    values[days // 2 * 24 + hour :] *= 3.0
    (found,) = levels(values)
    assert found.ratio == pytest.approx(3.0, rel=0.08)
    assert abs(found.since - (START + (days // 2 * 24 + hour) * DAY // 24)) <= DAY


def test_a_step_on_a_weekend_is_no_holiday():
    """The made-up weeks rest on Fridays and Saturdays, of which the Friday could pass for a holiday."""
    values = hourly(500, 20)
    values[250 * 24 :] *= 3.0
    (found,) = levels(values)
    assert found.ratio == pytest.approx(3.0, rel=0.08)


@pytest.mark.parametrize("days", [200, 600])
@pytest.mark.parametrize("ago", [6, 12, 15, 22])
@pytest.mark.parametrize("ratio", [0.6, 3.0])
def test_a_step_shortly_before_the_end_is_told(days, ago, ratio):
    """Of a long history, which is cut into weeks: three weeks had to stand before a step was told."""
    values = hourly(days, 23)
    values[-ago * 24 :] *= ratio
    (found,) = levels(values)
    assert found.kind == ChangeKind.LEVEL_SHIFT
    assert found.ratio == pytest.approx(ratio, rel=0.12)
    assert abs(found.since - (START + (days - ago) * DAY)) <= DAY


@pytest.mark.parametrize("days", [10, 30, 45, 90])
def test_of_bursts_the_mean_is_the_level_in_a_short_history_too(days):
    """Each hour's octets in two to five of its twelve bins: the middle of the bins tells how many are empty."""
    rng = np.random.default_rng(days)
    hours = hourly(days, 5)
    hours[days * 16 :] *= 3.0
    share = rng.dirichlet(np.full(12, 0.4), len(hours))
    values = (hours[:, None] * np.where(share < 0.1, 0.0, share)).ravel()
    (found,) = [c for c in detect(one(values, 300), DetectOptions()) if c.kind in LEVELS]
    assert found.kind == ChangeKind.LEVEL_SHIFT
    assert found.ratio == pytest.approx(3.0, rel=0.15)
    assert found.ratio_low < 3.0 < found.ratio_high
    assert abs(found.since - (START + days * 16 * 3600 * 10**9)) <= DAY


def test_a_ramp_is_one_ramp():
    values = hourly(1000, 3)
    t = np.arange(len(values))
    values *= 3.0 ** np.clip((t - 150 * 24) / (700 * 24), 0, 1)
    (found,) = levels(values)
    assert found.kind == ChangeKind.RAMP
    assert found.ratio_low < 3.0 < found.ratio_high
    assert found.ratio == pytest.approx(3.0, rel=0.15)


def test_what_comes_and_goes_is_an_episode():
    values = hourly(400, 4)
    values[200 * 24 : 230 * 24] *= 2.0
    (found,) = levels(values)
    assert found.kind == ChangeKind.EPISODE
    assert found.ratio == pytest.approx(2.0, rel=0.1)
    assert abs(found.until - (START + 230 * DAY)) <= DAY


def test_a_gap_is_a_gap_and_nothing_else():
    values = hourly(200, 5)
    values[100 * 24 : 104 * 24] = np.nan
    made = [c for c in detect(one(values), DetectOptions()) if abs(c.since - (START + 102 * DAY)) < 5 * DAY]
    assert [c.kind for c in made] == [ChangeKind.GAP]
    assert made[0].until - made[0].since == 4 * DAY


def test_captures_of_an_hour_a_day_have_a_level_and_their_gaps_are_one_change():
    values = hourly(200, 6)
    values[100 * 24 :] *= 2.0
    seen = np.arange(len(values)) % 24 == 14
    seen[60 * 24 : 67 * 24] = False  # and a week without any
    values[~seen] = np.nan
    made = detect(one(values), DetectOptions())
    told = {c.kind: c for c in made}
    assert set(told) == {ChangeKind.INTERMITTENT, ChangeKind.GAP, ChangeKind.LEVEL_SHIFT}
    assert told[ChangeKind.INTERMITTENT].facts == {"coverage": round(193 / 4800, 3), "captures": 193, "run": 3600.0}
    assert told[ChangeKind.GAP].until - told[ChangeKind.GAP].since == 7 * DAY + 23 * 3600 * 10**9
    assert told[ChangeKind.LEVEL_SHIFT].ratio == pytest.approx(2.0, rel=0.1)
    assert abs(told[ChangeKind.LEVEL_SHIFT].since - (START + 100 * DAY)) <= DAY


def test_bins_beside_a_gap_raise_no_alarm():
    values = hourly(300, 15)
    values[100 * 24 : 104 * 24] = np.nan
    values[100 * 24 - 1] *= 0.3  # flows that were still open
    values[104 * 24] = 0.0
    kinds = [c.kind for c in detect(one(values), DetectOptions()) if abs(c.since - (START + 102 * DAY)) < 5 * DAY]
    assert kinds == [ChangeKind.GAP]
    values[100 * 24 : 104 * 24] = values[90 * 24 : 94 * 24]  # the same without a gap
    kinds = [c.kind for c in detect(one(values), DetectOptions()) if abs(c.since - (START + 102 * DAY)) < 5 * DAY]
    assert ChangeKind.DROP in kinds


def test_an_empty_hour_is_no_drop_where_empty_hours_are_usual():
    rng = np.random.default_rng(16)
    few = rng.poisson(4.0, 300 * 24).astype(float)
    drops = [c for c in detect(one(few, counter="flows"), DetectOptions()) if c.kind == ChangeKind.DROP]
    assert not [c for c in drops if c.ratio == 0]
    few[150 * 24 : 150 * 24 + 12] = 0
    drops = [c for c in detect(one(few, counter="flows"), DetectOptions()) if c.kind == ChangeKind.DROP]
    assert [c.since for c in drops if c.ratio == 0] == [START + 150 * DAY]


def test_a_move_between_upstreams_is_told_once():
    values = hourly(400, 17)
    share = np.where(np.arange(len(values)) < 200 * 24, 0.0, 0.45)
    share *= np.random.default_rng(18).uniform(0.8, 1.2, len(share))
    made = one(values)
    for name, part in (("AS64500", values * (1 - share)), ("AS64501", values * share)):
        entity = Entity("upstream", name)
        made.series[entity, "octets"] = replace(
            made.series[Entity("scope", "all"), "octets"], entity=entity, values=part
        )
    (found,) = [c for c in detect(made, DetectOptions()) if c.entity.kind == "upstream"]
    assert (found.kind, found.entity.value) == (ChangeKind.UPSTREAM, "AS64501")
    assert abs(found.since - (START + 200 * DAY)) <= DAY
    assert found.before == pytest.approx(0.0, abs=1e-6)
    assert found.after == pytest.approx(0.45, abs=0.02)
    moved = found.facts["moved"]
    assert moved["AS64501"] == pytest.approx([0.0, 0.45], abs=0.02)
    assert moved["AS64500"] == pytest.approx([1.0, 0.55], abs=0.02)


def test_another_sampling_is_not_a_jump():
    values = hourly(300, 6)
    sampling = np.where(np.arange(len(values)) < 150 * 24, 1.0, 1000.0)
    kinds = [c.kind for c in detect(one(values, sampling=sampling), DetectOptions())]
    assert kinds.count(ChangeKind.SAMPLING) == 1
    assert not set(kinds) & set(LEVELS)
    flows = values.copy()
    flows[150 * 24 :] /= 20  # records are not corrected for sampling
    made = one(flows, sampling=sampling, counter="flows")
    assert not {c.kind for c in detect(made, DetectOptions())} & set(LEVELS)


def test_an_hour_of_flood_and_a_day_of_outage():
    values = hourly(300, 7)
    values[100 * 24 + 3] *= 4
    values[200 * 24 : 201 * 24] *= 0.05
    found = detect(one(values), DetectOptions())
    spike = [c for c in found if c.kind == ChangeKind.SPIKE and c.since == START + 100 * DAY + 3 * 3600 * 10**9]
    drop = [c for c in found if c.kind == ChangeKind.DROP and abs(c.since - (START + 200 * DAY)) <= DAY // 8]
    assert spike
    assert spike[0].ratio == pytest.approx(4, rel=0.2)
    assert drop
    assert drop[0].ratio < 0.2


def test_points_keep_to_their_budget():
    count = sum(
        c.kind in (ChangeKind.SPIKE, ChangeKind.DROP)
        for seed in range(4)
        for c in detect(one(hourly(365, 40 + seed)), DetectOptions(false_alarms_per_month=2, min_point=1.0))
    )
    assert count <= 1.3 * 2 * 12 * 4


def test_office_hours_appear():
    values = hourly(500, 8)
    t = np.arange(len(values))
    late = t >= 250 * 24
    weekend = np.isin(t // 24 % 7, (5, 6))
    values[late & weekend] *= 0.6
    found = detect(one(values), DetectOptions(detectors=("rhythm",)))
    assert [c.kind for c in found] == [ChangeKind.RHYTHM]
    assert abs(found[0].since - (START + 250 * DAY)) < 28 * DAY
    assert found[0].facts["weekend_to_weekday_after"] < found[0].facts["weekend_to_weekday_before"]


def test_ten_days_show_a_shutdown():
    rng = np.random.default_rng(9)
    t = np.arange(10 * 288)
    values = np.exp(0.8 * np.cos(2 * np.pi * t / 288) + rng.normal(0, 0.1, len(t))) * 1e8
    assert detect(one(values, 300), DetectOptions()) == []
    values[6 * 288 :] *= 0.05
    found = [c for c in detect(one(values, 300), DetectOptions()) if c.kind in LEVELS]
    assert [c.kind for c in found] == [ChangeKind.LEVEL_SHIFT]
    assert found[0].provisional
    assert found[0].since == START + 6 * DAY


def halved_weekends(days: int, width: int, seed: int) -> np.ndarray:
    """Octets of a short history whose weekends have half the traffic."""
    rng = np.random.default_rng(seed)
    per = 86_400 // width
    t = np.arange(days * per)
    course = 0.5 * np.cos(2 * np.pi * (t % per / per - 0.6)) if per > 1 else 0.0
    log = course + np.log(0.5) * np.isin((t // per + seed) % 7, (5, 6)) + rng.normal(0, 0.04, len(t))
    return np.asarray(1e9 * np.exp(log))


@pytest.mark.parametrize(("days", "width"), [(14, 300), (20, 3600), (40, 3600), (50, 86_400), (120, 86_400)])
def test_weekends_of_a_short_history_are_no_changes(days, width):
    for seed in range(4):
        values = halved_weekends(days, width, seed)
        assert [c for c in detect(one(values, width), DetectOptions()) if c.kind in LEVELS] == []
        if days >= 40:
            values[days // 2 * 86_400 // width :] *= 2.0
            (found,) = (c for c in detect(one(values, width), DetectOptions()) if c.kind in LEVELS)
            assert found.kind == ChangeKind.LEVEL_SHIFT
            assert found.since == START + days // 2 * DAY


def test_what_happens_in_one_of_two_weeks_is_not_laid_upon_the_other():
    values = hourly(15, 3)
    values[3 * 24 : 6 * 24] *= 0.1
    found = [c for c in detect(one(values), DetectOptions()) if c.kind in LEVELS]
    assert all(c.since < START + 7 * DAY for c in found)


def test_a_capture_of_minutes():
    rng = np.random.default_rng(10)
    values = rng.lognormal(10, 0.8, 1200)
    assert detect(one(values, 1), DetectOptions()) == []
    sparse = np.where(rng.random(1200) < 0.3, values, 0.0)
    assert detect(one(sparse, 1), DetectOptions()) == []
    values[600:660] *= 40
    (found,) = detect(one(values, 1), DetectOptions())
    assert found.kind == ChangeKind.SPIKE
    assert abs(found.since - (START + 600 * 10**9)) <= 5 * 10**9
    assert detect(one(values[:10], 1), DetectOptions()) == []


@pytest.mark.parametrize("n", [1, 2, 5, 31, 100])
@pytest.mark.parametrize("fill", [np.nan, 0.0, 7.0, 1e300])
def test_odd_series_are_borne(n, fill):
    for width in (1, 3600, 86_400, 604_800):
        values = np.full(n, fill)
        detect(one(values, width), DetectOptions())
        values[n // 2] = 5.0
        detect(one(values, width), DetectOptions())


def test_daylight_saving_is_no_change():
    zone = "Europe/Berlin"
    from netwatch.detect.clock import local_clock

    made = one(hourly(365, 11))
    clock = local_clock(next(iter(made.series.values())).bins, zone)
    local = np.exp(0.8 * np.cos(2 * np.pi * (clock.slot - 15) / 24)) * 1e9
    values = local * np.exp(np.random.default_rng(12).normal(0, 0.03, len(local)))
    found = detect(one(values), DetectOptions(timezone=zone))
    assert found == [] or all(c.kind in (ChangeKind.SPIKE, ChangeKind.DROP) for c in found)
    base = baseline(next(iter(one(values).series.values())), DetectOptions(timezone=zone))
    assert float(np.nanmedian(np.abs(base.residual))) < 0.05


def test_the_band_holds_what_is_ordinary():
    series = next(iter(one(hourly(200, 13)).series.values()))
    base = baseline(series, DetectOptions())
    inside = (series.values >= base.low) & (series.values <= base.high)
    assert 0.9 < inside.mean() < 0.99


def test_names_that_are_not_known():
    with pytest.raises(UsageError, match="Asia/Pyongyong"):
        detect(one(hourly(20, 1)), DetectOptions(timezone="Asia/Pyongyong"))
    with pytest.raises(UsageError, match="level"):
        detect(one(hourly(20, 1)), DetectOptions(detectors=("levels",)))
    assert all((part.__doc__ or "").strip() for _, part in DETECTORS.items())


@pytest.mark.parametrize("place", [5, 151, 395])
def test_another_sampling_is_dated_to_the_bin(place):
    rng = np.random.default_rng(place)
    sampling = np.where(np.arange(400) < place, 100.0, 1000.0) * np.exp(rng.normal(0, 0.1, 400))
    sampling[place + 3] = 100.0
    made = one(np.ones(400), sampling=sampling)
    assert list(sampling_changes(next(iter(made.series.values())))) == [place]


@pytest.mark.parametrize("days", [90, 300])
def test_half_a_day_of_flood_is_one_spike_of_half_a_day(days):
    values = hourly(days, 7)
    values[20 * 24 + 6 : 20 * 24 + 18] *= 3.0
    (found,) = [c for c in detect(one(values), DetectOptions()) if abs(c.since - START - 20 * DAY) < 10 * DAY]
    assert found.kind == ChangeKind.SPIKE
    assert found.since == START + 20 * DAY + 6 * 3600 * 10**9
    assert found.until == START + 20 * DAY + 18 * 3600 * 10**9


def test_an_outage_the_day_before_a_rise_is_told_beside_it():
    values = hourly(120, 9)
    values[60 * 24 :] *= 1.6
    values[59 * 24 + 5 : 59 * 24 + 10] *= 0.2
    found = detect(one(values), DetectOptions())
    kinds = {c.kind for c in found if abs(c.since - START - 60 * DAY) < 3 * DAY}
    assert kinds == {ChangeKind.LEVEL_SHIFT, ChangeKind.DROP}


def bursts(days: int, share: np.ndarray, seed: int) -> np.ndarray:
    """Hours of which a ``share`` (days,) has traffic, 1e6 an hour on average whatever the share."""
    random = np.random.default_rng(seed)
    share = np.repeat(share, 24)
    return (random.random(days * 24) < share) * random.gamma(2.0, 0.5e6, days * 24) / share


def test_of_bursts_the_volume_is_what_counts():
    share = np.full(400, 0.35)
    assert levels(bursts(400, share, 6)) == []
    share[200:] = 0.7  # the middle of the hours' logs jumps, the volume does not
    assert levels(bursts(400, share, 7)) == []
    values = bursts(400, np.full(400, 0.45), 8)
    values[210 * 24 :] *= 3.0
    (found,) = levels(values)
    assert found.kind == ChangeKind.LEVEL_SHIFT
    assert abs(found.since - (START + 210 * DAY)) <= 7 * DAY
    assert found.ratio == pytest.approx(3.0, rel=0.15)
    assert found.after / found.before == pytest.approx(3.0, rel=0.25)
