"""Lasting changes outlive the hours that are looked at: they go on until something takes them back."""

from dataclasses import replace
from types import SimpleNamespace

from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Entity
from netwatch.monitor.changes import EDGE, _carried, _sighted, _told_by
from netwatch.monitor.sighting import change_name
from netwatch.store.state import State

DAY = 86_400 * 10**9
NAME = "level_shift|scope|all|octets"


def record(since, name=NAME, until=None, life="ongoing"):
    return {"id": name[:5], "since": since, "until": until, "life": life, "slack": DAY, "change": name}


def carried(tmp_path, records, seen, begin):
    state = State(tmp_path)
    with state.change():
        for one in records:
            state.keep(one)
    found = _carried(SimpleNamespace(state=state), seen, begin)
    state.close()
    return [(r["since"], r["until"]) for r in found]


def test_a_change_before_what_is_looked_at_goes_on(tmp_path):
    assert carried(tmp_path, [record(10 * DAY)], [], 50 * DAY) == [(10 * DAY, None)]


def test_at_the_edge_too_unless_it_is_still_seen(tmp_path):
    near = record(50 * DAY + EDGE // 2)
    assert carried(tmp_path, [near], [], 50 * DAY) == [(near["since"], None)]
    assert carried(tmp_path, [near], [record(near["since"] + DAY // 2)], 50 * DAY) == []


def test_a_later_change_of_the_same_takes_it_back(tmp_path):
    later = record(70 * DAY)
    assert carried(tmp_path, [record(10 * DAY)], [later], 50 * DAY) == [(10 * DAY, 70 * DAY)]
    other = record(70 * DAY, "level_shift|scope|all|flows")
    assert carried(tmp_path, [record(10 * DAY)], [other], 50 * DAY) == [(10 * DAY, None)]


def test_what_is_over_or_within_is_left_to_detection(tmp_path):
    over, within = record(10 * DAY, until=12 * DAY), record(60 * DAY, "a|b|c|d")
    ended = record(11 * DAY, "e|f|g|h", life="ended")
    verdict = record(9 * DAY, "")
    assert carried(tmp_path, [over, within, ended, verdict], [], 50 * DAY) == []


def change(kind, since, until=None):
    nothing = (since, since, 2.0, 1.8, 2.2, 1.0, 2.0, 0.0, "level")
    return Change(Entity("scope", "all"), "octets", kind, since, until, *nothing)


def test_an_episode_is_the_level_shift_that_went_back(tmp_path):
    state = State(tmp_path)
    shift = change(ChangeKind.LEVEL_SHIFT, 10 * DAY)
    told = record(10 * DAY, change_name(shift))
    with state.change():
        state.keep(told)
    journal = SimpleNamespace(state=state)
    episode = change(ChangeKind.EPISODE, 10 * DAY + DAY // 2, 18 * DAY)
    sightings = _sighted(journal, None, [episode], [])
    assert sightings == [{**told, "since": episode.since, "until": 18 * DAY}]
    beside = _sighted(journal, None, [change(ChangeKind.EPISODE, 30 * DAY)], [(change_name(shift), 30 * DAY)])
    assert beside == []  # it was explained as a level shift, and is not told of again
    state.close()


def test_hours_that_begin_in_the_middle_tell_nothing_of_their_edge():
    rise = change(ChangeKind.LEVEL_SHIFT, 60 * DAY)
    assert _told_by(rise, 40 * DAY)
    assert not _told_by(rise, 55 * DAY)
    assert not _told_by(replace(rise, before=1.0, after=0.0), 40 * DAY)  # said to rise, and there is nothing
