"""What people say about findings: mute, unmute, ack and close, by the store's state."""

import json

import pytest

pytest.importorskip("deltalake")

from netwatch.cli import findings
from netwatch.errors import UsageError
from netwatch.store.state import State

CONFIG = """store = "store"
[source.spool]
path = "spool"
[watch.home]
prefix = ["192.0.2.0/24"]
[watch.other]
prefix = ["198.51.100.0/24"]
"""
FINDING = {
    "id": "3f2a", "kind": "attack", "severity": "high", "title": "SYN flood", "words": [], "since": 10**18,
    "until": None, "subject": "192.0.2.7", "watch": "home", "classes": ["dos.flood.syn"], "attack_techniques": [],
    "ports": [80], "peers": [], "figures": {}, "flows": [], "slack": None, "weight": 1.0, "change": "", "verdicts": [],
    "life": "new", "last": 10**18, "told": 1, "told_severity": "high", "told_weight": 1.0,
}  # fmt: skip


@pytest.fixture
def config(tmp_path):
    (tmp_path / "spool").mkdir()
    path = tmp_path / "netwatch.toml"
    path.write_text(CONFIG)
    state = State(tmp_path / "store")
    with state.change():
        state.keep(FINDING)
    state.close()
    return path


def lives(config, capsys, **asked):
    capsys.readouterr()
    findings.list_findings(config=config, json=True, **asked)
    return [json.loads(line)["life"] for line in capsys.readouterr().out.splitlines()]


def test_a_mute_hides_what_is_there_until_it_is_taken_away(config, capsys):
    findings.mute(class_="dos", source="192.0.2.0/24", port=80, reason="a test", config=config)
    assert lives(config, capsys) == []
    assert lives(config, capsys, everything=True) == ["muted"]
    findings.mute(watch="home", config=config)
    findings.unmute(1, config=config)
    assert lives(config, capsys) == []  # the other rule still covers it
    findings.unmute(2, config=config)
    assert lives(config, capsys) == ["ongoing"]


@pytest.mark.parametrize("rule", [{"class_": "scan"}, {"port": 443}, {"watch": "other"}, {"source": "198.51.100.1"}])
def test_a_mute_of_something_else_hides_nothing(config, capsys, rule):
    findings.mute(**rule, config=config)
    assert lives(config, capsys) == ["new"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"class_": "scna"}, "did you mean 'scan'"),
        ({"class_": "dos.flood.sym"}, "did you mean 'dos.flood.syn'"),
        ({"watch": "hme"}, "did you mean 'home'"),
        ({"source": "300.1.1.1"}, "not an address or prefix"),
        ({}, "say what to mute"),
    ],
)
def test_a_mute_of_what_is_not_known_is_an_error_and_no_rule(config, capsys, rule, told):
    with pytest.raises(UsageError, match=told):
        findings.mute(**rule, config=config)
    assert lives(config, capsys) == ["new"]


def test_nothing_is_said_in_words(config, capsys):
    findings.close("3f2a", config=config)
    capsys.readouterr()
    findings.list_findings(config=config)
    assert capsys.readouterr().out == "no open findings\n"


def test_what_is_acknowledged_or_closed(config, capsys):
    findings.ack("3f", reason="ticket", config=config)
    assert lives(config, capsys) == ["acknowledged"]
    findings.close("3f2a", config=config)
    assert lives(config, capsys) == []
    assert lives(config, capsys, everything=True) == ["closed"]
