"""Watch groups that are renamed, added, changed and taken away while the store lives on."""

from dataclasses import replace

import numpy as np
import pytest

from netwatch.model.series import Bins, Entity, Series, SeriesSet
from netwatch.monitor.groups import as_configured, configured, is_gone, remember
from netwatch.scope import ScopeOptions
from netwatch.store.lake import Ingest
from netwatch.store.state import State

HOUR = 3600 * 10**9
OFFICE, LAB = {"prefix": ["192.0.2.0/25"]}, {"prefix": ["192.0.2.128/25"]}


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path)
    yield state
    state.close()


def reach(state, hours):
    """The data goes so far."""
    with state.change():
        state.record(hours, [Ingest(f"{hours:064x}", "x", 1, 1, 1, HOUR, hours * HOUR)])


def hours_of(*names):
    bins = Bins(0, HOUR, 10)
    kinds = [("watch", name) for name in names] + [("scope", "all")]
    columns = (np.arange(10.0), np.ones(10), np.zeros(10), np.ones(10))
    made = {(Entity(*kind), "octets"): Series(Entity(*kind), "octets", bins, *columns) for kind in kinds}
    return SeriesSet(bins, made)


def known_from(series, name):
    one = series.get("watch", name, "octets")
    assert np.array_equal(np.isnan(one.values), one.coverage == 0)
    return int(np.flatnonzero(one.coverage)[0])


def test_a_group_that_is_renamed_is_gone_and_begins_anew(state):
    remember(state, ScopeOptions(groups={"office": OFFICE, "lab": LAB}))
    reach(state, 4)
    remember(state, ScopeOptions(groups={"headquarters": OFFICE, "lab": LAB}))
    seen = as_configured(hours_of("office", "headquarters", "lab"), state)
    assert seen.get("watch", "office", "octets") is None
    assert (known_from(seen, "headquarters"), known_from(seen, "lab")) == (4, 0)
    assert np.array_equal(seen.get("scope", "all", "octets").values, np.arange(10.0))
    assert is_gone(configured(state), "watch", "office") and not is_gone(configured(state), "asn", "office")


def test_a_group_that_holds_something_else_begins_anew_and_the_same_again_does_not(state):
    asked = ScopeOptions(groups={"lab": LAB}, asn=("AS64496",))
    remember(state, asked)
    reach(state, 3)
    remember(state, asked)
    assert known_from(as_configured(hours_of("lab", "scope"), state), "lab") == 0
    remember(state, replace(asked, groups={"lab": OFFICE}))
    reach(state, 7)
    remember(state, replace(asked, groups={"lab": OFFICE}))
    seen = as_configured(hours_of("lab", "scope"), state)
    assert (known_from(seen, "lab"), known_from(seen, "scope")) == (3, 0)


def test_where_no_group_is_configured_all_are_seen(state):
    remember(state, ScopeOptions())
    assert known_from(as_configured(hours_of("private networks"), state), "private networks") == 0
    reach(state, 5)
    remember(state, ScopeOptions(groups={"lab": LAB}))
    assert known_from(as_configured(hours_of("lab"), state), "lab") == 5


def test_a_kind_that_is_asked_for_again_begins_anew(state):
    """While it was not asked for its sums are missing: that is no traffic that fell away and came back."""
    none = ScopeOptions()
    remember(state, none, ("scope", "port"))
    reach(state, 2)
    remember(state, none, ("scope", "port", "asn"))
    reach(state, 4)
    remember(state, none, ("scope", "asn"))
    reach(state, 6)
    remember(state, none, ("scope", "asn", "port"))
    bins = Bins(0, HOUR, 10)
    columns = (np.arange(10.0), np.ones(10), np.zeros(10), np.ones(10))
    names = [Entity("scope", "all"), Entity("asn", "AS64496"), Entity("port", "tcp/443")]
    made = {(name, "octets"): Series(name, "octets", bins, *columns) for name in names}
    seen = as_configured(SeriesSet(bins, made), state)
    begun = [int(np.flatnonzero(seen.series[name, "octets"].coverage)[0]) for name in names]
    assert begun == [0, 2, 6]
