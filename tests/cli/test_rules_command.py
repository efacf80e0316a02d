"""``netwatch rules`` and ``netwatch kb``: what is known, your own rules and lists, and what is wrong with them."""

import json

import pytest

from netwatch.cli import run
from netwatch.fingerprint.load import load_rules
from netwatch.fingerprint.names import load_names

CAMERA = r"""
id = "site.camera"
title = "Camera"
meaning = "The cameras at the doors."
class = "benign.video"
entity = "payload"
references = ["our own measurement"]
[[pattern]]
id = "camera-hello"
about = "the camera's greeting"
side = "client"
regex = 'CAM\x01[0-9]{4}'
at_start = true
[[ground]]
id = "hello"
title = "it greets as a camera"
group = "payload"
weight = 12.0
when = { feature = "pattern.camera-hello" }
[[example]]
about = "a camera"
reported = true
client = "CAM\u00011234"
[[example]]
about = "a talk about cameras"
reported = false
client = "xCAM\u00011234"
"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "camera.toml").write_text(CAMERA)
    return tmp_path


def test_list_and_show_know_every_rule_and_the_user_s(site, capsys):
    assert run(["rules", "list", "--json", "--rules", str(site)]) == 0
    told = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert told == [rule.id for rule in load_rules([site])]
    assert run(["rules", "show", "site.camera", "--rules", str(site)]) == 0
    shown = capsys.readouterr().out
    assert "it greets as a camera" in shown and "Not reported: a talk about cameras." in shown
    assert run(["rules", "show", "scan.horizontal", "--json"]) == 0
    assert "source.decided" in capsys.readouterr().out


def test_examples_are_run_and_a_wrong_one_fails(site, capsys):
    assert run(["rules", "test", "--rules", str(site)]) == 0
    (site / "camera.toml").write_text(CAMERA.replace("reported = false", "reported = true"))
    assert run(["rules", "test", "--json", "--rules", str(site)]) == 1
    assert json.loads(capsys.readouterr().out)["failed"] == [["site.camera", "a talk about cameras"]]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("'CAM\\x01[0-9]{4}'", "'(a+)+\\1'", "RE2"),
        ("'CAM\\x01[0-9]{4}'", "'x{1000}{1000}'", "RE2"),
        ("'CAM\\x01[0-9]{4}'", "'^CAM'", "at_start"),
        ("'CAM\\x01[0-9]{4}'", "'a*'", "nothing"),
        ("'CAM\\x01[0-9]{4}'", f"'{'a' * 600}'", "longer"),
        ("pattern.camera-hello", "pattern.camera-helo", "did you mean 'pattern.camera-hello'"),
        ('entity = "payload"', 'entity = "source"', "payload"),
        ('references = ["our own measurement"]', "", "references"),
        ("reported = false", "reported = true", "not reported"),
    ],
)
def test_lint_names_what_is_wrong(site, capsys, old, new, fault):
    (site / "camera.toml").write_text(CAMERA.replace(old, new))
    assert run(["rules", "lint", "--json", str(site)]) == 1
    told = capsys.readouterr().out
    assert fault in told and "camera.toml" in told


def test_lint_is_content_with_right_rules(site):
    assert run(["rules", "lint", str(site)]) == 0


def test_rule_titles_cannot_speak_to_the_terminal(site, capsys):
    (site / "camera.toml").write_text(CAMERA.replace('"Camera"', '"Cam\\u001b]0;owned\\u0007"'))
    for command in (["rules", "list"], ["rules", "show", "site.camera"]):
        assert run([*command, "--rules", str(site)]) == 0
        assert "\x1b" not in capsys.readouterr().out


def test_lists_are_taken_in_and_used(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    pools = tmp_path / "ours.csv"
    pools.write_text("domain,ports,coins,level,sources\npool.example,3333,XMR,confirmed,ours(CC0)\n")
    warned = tmp_path / "fine.json"
    warned.write_text(json.dumps({"name": "fine", "type": "hostname", "list": ["nanopool.org", "www.pool.example"]}))
    assert run(["kb", "import", str(pools)]) == 0
    assert load_names().find("eu.pool.example").level == "confirmed"
    assert load_names().find("xmr-eu1.nanopool.org")
    assert run(["kb", "import", str(warned)]) == 0
    assert load_names().find("xmr-eu1.nanopool.org") is None
    assert load_names().find("www.pool.example") is None
    assert load_names().find("eu.pool.example")
    capsys.readouterr()
    assert run(["kb", "list", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"kind": "pools", "source": "ours(CC0)", "names": 1} in told
    assert {"kind": "warnings", "source": "fine.json", "names": 2} in told
    assert run(["kb", "show", "eu.pool.example"]) == 0
    assert run(["kb", "show", "xmr-eu1.nanopool.org"]) == 1


@pytest.mark.parametrize(
    "text",
    ["", "host,port\na,1\n", "domain\nno host\n", "{", '{"list": 3}', '{"type": "cidr", "list": ["10.0.0.0/8"]}',
     "[" * 100_000, '{"list": ' + "[" * 50_000]
)  # fmt: skip
def test_list_that_is_none_is_refused_in_one_line(tmp_path, monkeypatch, capsys, text):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "bad").write_text(text)
    assert run(["kb", "import", str(tmp_path / "bad")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list((tmp_path / "data").rglob("*.*"))


@pytest.mark.parametrize(
    "name",
    ["minecraft.net", "mineral-water.example", "www.swimming-pools.example", "poolsupplies.com", "carpool.example",
     "notnanopool.org", "nanopool.org.example", "xmr.example", "ethernet-pool.example", "coal-mining.example"],
)  # fmt: skip
def test_names_that_only_look_alike_stay_silent(name):
    from netwatch.fingerprint.names import reads_like_a_pool

    assert load_names().find(name) is None
    assert not reads_like_a_pool(name)
