"""The configuration's table: what it means, and that what it cannot mean is an error with the nearest right word."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.alert import AlertOptions, parse
from netwatch.errors import UsageError
from netwatch.model.finding import Severity
from netwatch.model.notice import Life


def test_nothing_configured_tells_nobody() -> None:
    assert parse({}) == AlertOptions()


def test_every_key() -> None:
    options = parse(
        {
            "zone": "Europe/Zurich",
            "rate": 5,
            "digest": ["16:30", "07:30"],
            "sinks": {
                "soc": {"kind": "apprise", "url_env": "SOC", "minimum": "medium", "quiet": "22:00-07:00", "rate": 0,
                        "urgent": "never", "cool_down": "2h", "timeout": "5s", "kinds": "mining", "lives": ["new"]},
                "eve": {"kind": "eve", "path": "eve.json", "max_octets": 1_000_000, "keep": 2, "watches": ["a", "b"]},
                "share": {"kind": "stix", "path": "/srv/stix", "tlp": "green"},
            },
        },
        Path("/etc/netwatch"),
    )  # fmt: skip
    soc, eve, share = options.sinks
    assert soc.pacing.zone == "Europe/Zurich"
    assert soc.pacing.digest == (dt.time(7, 30), dt.time(16, 30))
    assert (soc.pacing.rate, soc.pacing.quiet) == (0, (dt.time(22), dt.time(7)))
    assert (soc.pacing.urgent, soc.pacing.cool_down, soc.timeout) == (None, 7200, 5)
    assert (soc.minimum, soc.kinds, soc.lives) == (Severity.MEDIUM, ("mining",), (Life.NEW,))
    assert (eve.path, eve.max_octets, eve.keep) == (Path("/etc/netwatch/eve.json"), 1_000_000, 2)
    assert eve.watches == ("a", "b")
    assert (share.path, share.tlp) == (Path("/srv/stix"), "green")


EVE = {"kind": "eve", "path": "e"}
MAIL = {"kind": "apprise", "url_env": "X"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"sink": {}}, "alerts: unknown key 'sink'; did you mean 'sinks'?"),
        ({"sinks": {"a": {"kind": "eev", "path": "x"}}}, "unknown kind of sink 'eev'; did you mean 'eve'?"),
        ({"sinks": {"a": {}}}, "alerts.sinks.a: unknown kind of sink ''"),
        ({"sinks": {"a": EVE | {"pth": 1}}}, "alerts.sinks.a: unknown key 'pth'; did you mean 'path'?"),
        ({"sinks": {"a": EVE | {"rate": 1}}}, "alerts.sinks.a: unknown key 'rate'"),
        ({"sinks": {"a": {"kind": "misp"}}}, "alerts.sinks.a: path is missing"),
        ({"sinks": {"a": {"kind": "apprise", "url": "json://x"}}}, "no secrets in the configuration"),
        ({"sinks": {"a": {"kind": "apprise"}}}, "give either url_env or url_file"),
        ({"sinks": {"a": MAIL | {"url_file": "x"}}}, "give either url_env or url_file"),
        ({"sinks": {"a": MAIL | {"minimum": "hgh"}}}, "unknown minimum 'hgh'; did you mean 'high'?"),
        ({"sinks": {"a": MAIL | {"kinds": ["minning"]}}}, "unknown kinds 'minning'; did you mean 'mining'?"),
        ({"sinks": {"a": MAIL | {"quiet": "22:00"}}}, "quiet is two times"),
        ({"sinks": {"a": MAIL | {"quiet": "22:00-22:00"}}}, "are none, or all"),
        ({"sinks": {"a": MAIL | {"quiet": "22:00-24:00"}}}, "'24:00' is no time of day"),
        ({"digest": ["7:30"]}, "'7:30' is no time of day"),
        ({"zone": "Europe/Zurch"}, "unknown time zone 'Europe/Zurch'; did you mean 'Europe/Zurich'?"),
        ({"zone": "../../etc/passwd"}, "unknown time zone"),
        ({"rate": -1}, "rate is a whole number from 0, not -1"),
        ({"rate": True}, "rate is a whole number from 0, not True"),
        ({"cool_down": "soon"}, "'soon' is no width of time"),
        ({"sinks": {"a": 3}}, "alerts.sinks.a is a table, not 3"),
        ({"sinks": {"a": EVE | {"path": 3}}}, "path is a text, not 3"),
        ({"sinks": {"a": EVE | {"watches": [3]}}}, "watches is a text or a list of texts"),
        ({"sinks": {"a": {"kind": "stix", "path": "x", "tlp": "blue"}}}, "unknown tlp 'blue'"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_an_error_that_helps(table: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(table)
    assert said in str(caught.value)


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse({"sinks": {"a": {"kind": "apprise", "url": "json://user:hunter2@x"}}})
    assert "hunter2" not in str(caught.value)


words = st.sampled_from(
    ("zone", "rate", "digest", "quiet", "urgent", "cool_down", "sinks", "kind", "path", "url_env", "url_file", "url",
     "minimum", "kinds", "lives", "watches", "tlp", "keep", "max_octets", "timeout", "eve", "apprise", "high", "UTC")
) | st.text(max_size=5)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words, values, max_size=5) | values.map(lambda v: {"sinks": {"a": v}}))
def test_whatever_toml_holds_is_options_or_one_line(table: dict[str, Any]) -> None:
    try:
        options = parse(table)
    except UsageError as fault:
        assert "\n" not in str(fault).replace("\\n", "")
    else:
        assert isinstance(options, AlertOptions)
