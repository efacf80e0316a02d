"""Pace: digest, rate, quiet hours, cool-down; nothing is lost and nothing told twice, whatever comes."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from notice_stories import NOON, SECOND, notice

from netwatch.alert.options import SEVERITIES, Pacing
from netwatch.alert.pacing import HOUR, after, is_quiet, last_digest, plan
from netwatch.model.finding import Severity
from netwatch.model.notice import Life, Notice

MINUTE = 60 * SECOND
PLAIN = Pacing(rate=0, urgent=None, cool_down=0)


def some(number: int, **changes: Any) -> list[Notice]:
    return [notice(f"k{i}", id=f"f{i}", severity=Severity.LOW, **changes) for i in range(number)]


def test_without_limits_each_finding_has_its_message() -> None:
    planned = plan(some(3), PLAIN, {}, NOON)
    assert [[n.key for n in m] for m in planned.messages] == [["k0"], ["k1"], ["k2"]]
    assert planned.held == {}


def test_beyond_the_rate_the_last_message_takes_the_rest_and_the_most_severe_come_first() -> None:
    loud = notice("loud", id="loud", severity=Severity.MEDIUM)
    planned = plan([*some(9), loud], Pacing(rate=4, cool_down=0), {}, NOON)
    # one of four is kept for what is urgent
    assert [len(m) for m in planned.messages] == [1, 1, 8]
    assert planned.messages[0] == (loud,)
    state = {"sent": [NOON - MINUTE] * 3}
    assert plan(some(2), Pacing(rate=4, cool_down=0), state, NOON).messages == []
    urgent = plan([*some(2), notice("u", id="u")], Pacing(rate=4, cool_down=0), state, NOON)
    assert [[n.key for n in m] for m in urgent.messages] == [["u"]]
    assert set(urgent.held) == {"k0", "k1"}


def test_an_hour_later_there_is_room_again() -> None:
    state = {"sent": [NOON - HOUR, NOON - HOUR]}
    assert len(plan(some(1), Pacing(rate=2), state, NOON).messages) == 1


def test_quiet_hours_hold_all_but_the_urgent() -> None:
    night = Pacing(quiet=(dt.time(11), dt.time(13)))
    planned = plan([*some(1), notice("u", id="u", severity=Severity.HIGH)], night, {}, NOON)
    assert [[n.key for n in m] for m in planned.messages] == [["u"]]
    assert planned.held == {"k0": "quiet hours"}
    assert plan(some(1), night, {}, NOON + HOUR).held == {}


def test_quiet_hours_are_those_of_the_zone_over_midnight_and_clock_changes() -> None:
    zurich, hours = ZoneInfo("Europe/Zurich"), (dt.time(22), dt.time(7))

    def at(text: str) -> bool:
        return is_quiet(int(dt.datetime.fromisoformat(text).timestamp()) * SECOND, hours, zurich)

    assert [at(t) for t in ("2025-07-01T19:59Z", "2025-07-01T20:00Z", "2025-07-02T04:59Z", "2025-07-02T05:00Z")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert at("2025-10-26T05:59Z")  # winter began that night: 06:59 on the wall
    assert not at("2025-10-26T06:00Z")


def test_a_digest_gathers_until_its_time() -> None:
    daily = Pacing(digest=(dt.time(12, 30),))
    early = some(2)
    assert set(plan(early, daily, {}, NOON + 29 * MINUTE).held) == {"k0", "k1"}
    planned = plan(early, daily, {}, NOON + 30 * MINUTE)
    assert [len(m) for m in planned.messages] == [2]
    # what was said after the digest's time waits for the next
    late = some(1, said=NOON + 31 * MINUTE)
    assert plan(late, daily, {}, NOON + 40 * MINUTE).messages == []
    assert len(plan(late, daily, {}, NOON + 24 * HOUR + 30 * MINUTE).messages) == 1


def test_digest_times_on_the_days_of_clock_changes() -> None:
    zurich = ZoneInfo("Europe/Zurich")

    def last(now: str, time: dt.time) -> str:
        at = last_digest(int(dt.datetime.fromisoformat(now).timestamp()) * SECOND, (time,), zurich)
        return dt.datetime.fromtimestamp(at // SECOND, dt.UTC).isoformat()

    assert last("2025-03-30T05:00Z", dt.time(2, 30)) == "2025-03-30T01:30:00+00:00"  # 02:30 did not exist
    assert last("2025-10-26T05:00Z", dt.time(2, 30)) == "2025-10-26T00:30:00+00:00"  # the first of two
    assert last("2025-10-26T00:10Z", dt.time(2, 30)) == "2025-10-25T00:30:00+00:00"


def test_a_finding_cools_down_unless_it_became_more_severe() -> None:
    pacing = Pacing(cool_down=1800)
    state = after([notice("a", severity=Severity.LOW)], pacing, {}, NOON)
    again = notice("b", severity=Severity.LOW, life=Life.ENDED, said=NOON + MINUTE)
    worse = notice("c", severity=Severity.MEDIUM, life=Life.ONGOING, said=NOON + 2 * MINUTE)
    assert plan([again], pacing, state, NOON + MINUTE).held == {"b": "told a short while ago (cool-down)"}
    told_together = plan([again, worse], pacing, state, NOON + 2 * MINUTE)
    assert [[n.key for n in m] for m in told_together.messages] == [["b", "c"]]
    assert plan([again], pacing, state, NOON + 30 * MINUTE).held == {}


def test_a_clock_that_stepped_back_does_not_silence() -> None:
    state = after([notice("a")], Pacing(rate=1), {}, NOON + 24 * 365 * HOUR)
    assert len(plan([notice("b")], Pacing(rate=1), state, NOON).messages) == 1


times = st.builds(dt.time, st.integers(0, 23), st.integers(0, 59))
spans = st.builds(  # up to 16 hours, so that a pass every 45 minutes comes in between
    lambda since, hours: (since, since.replace(hour=(since.hour + hours) % 24)), times, st.integers(1, 16)
)
pacings = st.builds(
    Pacing,
    rate=st.integers(0, 5),
    digest=st.lists(times, max_size=3).map(tuple),
    quiet=st.none() | spans,
    zone=st.sampled_from(("UTC", "Europe/Zurich", "Asia/Kathmandu", "America/St_Johns")),
    urgent=st.none() | st.sampled_from(SEVERITIES),
    cool_down=st.integers(0, 7200),
)
events = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 4), st.sampled_from(SEVERITIES)), max_size=40
)  # minutes, finding, severity


@settings(max_examples=150, deadline=None)
@given(pacings, events, st.integers(5, 45))
def test_every_notice_is_told_exactly_once_and_within_the_limits(
    pacing: Pacing, arrivals: list[tuple[int, int, Severity]], every: int
) -> None:
    made = [
        notice(f"k{i}", id=f"f{finding}", severity=severity, said=NOON + minute * MINUTE)
        for i, (minute, finding, severity) in enumerate(arrivals)
    ]
    state: dict[str, Any] = {}
    told: Counter[str] = Counter()
    sent: list[int] = []
    for step in range(3 * 24 * 60 // every):
        now = NOON + step * every * MINUTE
        open_ = [n for n in made if n.said <= now and n.key not in told]
        planned = plan(open_, pacing, state, now)
        grouped = [n.key for m in planned.messages for n in m]
        assert sorted([*grouped, *planned.held]) == sorted(n.key for n in open_)
        for message in planned.messages:
            state = json.loads(json.dumps(after(message, pacing, state, now)))
            told.update(n.key for n in message)
            sent.append(now)
            if pacing.quiet is not None and is_quiet(now, pacing.quiet, ZoneInfo(pacing.zone)):
                assert pacing.urgent is not None
                assert max(SEVERITIES.index(n.severity) for n in message) >= SEVERITIES.index(pacing.urgent)
    assert told == Counter(n.key for n in made)
    if pacing.rate:
        assert all(sum(at - HOUR < other <= at for other in sent) <= pacing.rate for at in sent)


@given(events, pacings)
def test_the_order_in_which_notices_are_offered_does_not_matter(
    arrivals: list[tuple[int, int, Severity]], pacing: Pacing
) -> None:
    made = [notice(f"k{i:02}", id=f"f{f}", severity=s, said=NOON - m) for i, (m, f, s) in enumerate(arrivals)]
    assert plan(made, pacing, {}, NOON) == plan(made[::-1], pacing, {}, NOON)
