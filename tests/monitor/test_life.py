"""The life of findings: told once, again when they grow or worsen, ended when no trace is left; people count."""

import pytest

from netwatch.model.notice import Life
from netwatch.monitor.life import Moment, advance, covers

HOUR = 3600 * 10**9
QUIET = 24 * HOUR


def sighting(since=0, until=None, **values):
    made = {
        "id": "abc", "kind": "attack", "severity": "medium", "title": "SYN flood", "words": ["it is"], "since": since,
        "until": until, "subject": "192.0.2.7", "watch": "office", "classes": ["dos.flood.syn"], "ports": [80],
        "attack_techniques": [], "peers": ["198.51.100.1"], "figures": {}, "flows": [], "slack": None, "weight": 100.0,
        "change": "",
    }  # fmt: skip
    return made | values


def at(now, said=0):
    return Moment(now, said, QUIET, 2.0)


def told(notices):
    return [str(n.life) for n in notices]


def test_the_same_sighting_is_told_once():
    records, notices = advance([], [sighting(0, HOUR)], [], at(HOUR))
    assert told(notices) == ["new"]
    for _ in range(3):
        records, notices = advance(records, [sighting(0, HOUR)], [], at(2 * HOUR))
        assert notices == []


def test_growth_and_severity_are_told_again():
    records, _ = advance([], [sighting(0, HOUR)], [], at(HOUR))
    records, notices = advance(records, [sighting(0, 2 * HOUR, weight=150.0)], [], at(2 * HOUR))
    assert notices == []
    records, notices = advance(records, [sighting(0, 3 * HOUR, weight=250.0)], [], at(3 * HOUR))
    assert told(notices) == ["ongoing"]
    records, notices = advance(records, [sighting(0, 4 * HOUR, severity="high")], [], at(4 * HOUR))
    assert told(notices) == ["ongoing"]
    assert records[0]["severity"] == "high" and records[0]["weight"] == 250.0


def test_what_is_told_is_of_the_strongest_part_that_was_seen():
    """A pass looks back an hour, and at the end of a long flood sees its last minutes only."""
    records, _ = advance([], [sighting(0, HOUR, title="some", weight=100.0)], [], at(HOUR))
    most = sighting(HOUR, 2 * HOUR, title="most", words=["much"], weight=500.0, severity="high")
    records, _ = advance(records, [most], [], at(2 * HOUR))
    records, _ = advance(records, [sighting(2 * HOUR, 3 * HOUR, title="least", weight=600.0)], [], at(3 * HOUR))
    assert [(r["title"], r["words"], r["since"], r["last"]) for r in records] == [("most", ["much"], 0, 3 * HOUR)]
    records, _ = advance(records, [most | {"title": "more", "weight": 600.0}], [], at(3 * HOUR))
    assert records[0]["title"] == "more"


def test_what_left_no_trace_has_ended_and_a_return_is_new():
    records, _ = advance([], [sighting(0, HOUR)], [], at(HOUR))
    records, notices = advance(records, [], [], at(HOUR + QUIET))
    assert notices == []
    records, notices = advance([sighting_record()], [], [], at(2 * HOUR + QUIET))
    assert told(notices) == ["ended"] and records[0]["until"] == HOUR
    again, notices = advance(records, [sighting(0, HOUR)], [], at(2 * HOUR + QUIET))
    assert notices == [] and again == []
    later = sighting(40 * HOUR, 41 * HOUR)
    again, notices = advance(records, [later], [], at(41 * HOUR))
    assert told(notices) == ["new"]
    assert [r["since"] for r in again] == [40 * HOUR]


def sighting_record():
    records, _ = advance([], [sighting(0, HOUR)], [], at(HOUR))
    return records[0]


def test_two_changes_of_one_identity_are_two_findings():
    shifts = [sighting(0, None, slack=HOUR, kind="volume"), sighting(50 * HOUR, None, slack=HOUR, kind="volume")]
    records, notices = advance([], shifts, [], at(60 * HOUR))
    assert len(records) == 2 and told(notices) == ["new", "new"]
    moved = [sighting(HOUR // 2, None, slack=HOUR, kind="volume"), shifts[1]]
    records, notices = advance(records, moved, [], at(61 * HOUR))
    assert notices == []
    assert sorted(r["since"] for r in records) == [0, 50 * HOUR]


def test_acknowledged_is_silent_until_worse():
    record = sighting_record() | {"life": "acknowledged"}
    records, notices = advance([record], [sighting(0, 2 * HOUR, weight=1e6)], [], at(2 * HOUR))
    assert notices == [] and records[0]["life"] == Life.ACKNOWLEDGED
    _, notices = advance(records, [sighting(0, 3 * HOUR, severity="high")], [], at(3 * HOUR))
    assert told(notices) == ["ongoing"]


def test_closed_stays_closed_while_it_goes_on_and_a_return_is_new():
    """Each pass sees a scan that goes on with the last hour only, and no longer how it began."""
    records = [sighting_record() | {"life": "closed"}]
    for hour in range(2, 60, 3):
        changed, notices = advance(records, [sighting((hour - 1) * HOUR, hour * HOUR)], [], at(hour * HOUR))
        assert notices == [] and [(r["life"], r["last"]) for r in changed] == [(Life.CLOSED, hour * HOUR)]
        records = changed
    _, notices = advance(records, [sighting(90 * HOUR, 91 * HOUR)], [], at(91 * HOUR))
    assert told(notices) == ["new"]


def test_muted_is_silent_and_told_when_the_rule_runs_out():
    rule = {"class": "dos", "until": 10 * HOUR}
    records, notices = advance([], [sighting(0, HOUR)], [rule], at(HOUR, said=HOUR))
    assert notices == [] and records[0]["life"] == Life.MUTED
    _, notices = advance(records, [sighting(0, 2 * HOUR)], [rule], at(2 * HOUR, said=11 * HOUR))
    assert told(notices) == ["new"]


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"class": "dos.flood"}, True),
        ({"class": "dos.flo"}, False),
        ({"class": "attack"}, True),
        ({"watch": "office", "port": 80}, True),
        ({"watch": "office", "port": 81}, False),
        ({"source": "192.0.2.0/24"}, True),
        ({"source": "192.0.3.0/24"}, False),
        ({"source": "2001:db8::/32"}, False),
        ({"destination": "198.51.100.0/24"}, True),
        ({"destination": "198.51.100.2"}, False),
        ({"class": "dos", "until": 5}, False),
    ],
)
def test_a_rule_holds_where_every_condition_is_met(rule, holds):
    assert covers(rule, sighting_record(), 5) is holds
