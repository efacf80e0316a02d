"""Every rule's own examples, and the loader's answers to wrong rules."""

import pytest

from netwatch.errors import UsageError
from netwatch.fingerprint.examples import reported
from netwatch.fingerprint.load import load_rules, make_rule, read_rule

RULES = load_rules()
EXAMPLES = [pytest.param(r, e, id=f"{r.id}: {e.about}") for r in RULES for e in r.examples]
MINIMAL = {"id": "x", "title": "t", "meaning": "m", "class": "mining.suspected"}


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example_is_reported_as_it_says(rule, example):
    assert reported(rule, example) == example.reported


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_rule_has_both_kinds_of_examples_and_grounds_that_can_report_it(rule):
    assert {e.reported for e in rule.examples} == {True, False}
    assert rule.grounds
    assert rule.meaning.endswith(".")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"clas": "x"}, "did you mean 'class'"),
        ({"class": "mining.suspectd"}, "did you mean 'mining.suspected'"),
        ({"entity": "conversations"}, "did you mean 'conversation'"),
        ({"ground": [{"id": "a", "title": "a", "group": "timings", "when": {}, "weight": 1}]}, "did you mean 'timing'"),
        ({"required": {"feature": "sizes.scor"}}, "did you mean 'sizes.score'"),
        ({"required": {"feature": "sizes.score", "op": "=>"}}, "operator"),
        ({"required": {"al": []}}, "all"),
        ({"prior": 2}, "probability"),
        ({"prior": True}, "float"),
        ({"transport": "udp"}, "transport"),
        ({"role": [{"is": "sauce"}]}, "did you mean 'source'"),
        ({"title": 5}, "str"),
    ],
)
def test_wrong_rule_names_what_is_wrong(change, words):
    with pytest.raises(UsageError, match=words):
        make_rule({**MINIMAL, **change})


def test_user_rules_are_added_and_cannot_replace(tmp_path):
    (tmp_path / "mine.toml").write_text('id="site.rule"\ntitle="t"\nmeaning="m."\nclass="unknown"\n')
    assert "site.rule" in {r.id for r in load_rules([tmp_path])}
    (tmp_path / "again.toml").write_text('id="mining.stratum.cryptonote"\ntitle="t"\nmeaning="m."\nclass="unknown"\n')
    with pytest.raises(UsageError, match="already"):
        load_rules([tmp_path])


@pytest.mark.parametrize("text", ["id = ", "\x00", "a = " + "[" * 20000, 'id="x"'])
def test_file_that_is_no_rule(tmp_path, text):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="bad"):
        read_rule(path, "bad.toml")


def test_an_example_of_payload_is_refused_where_there_are_no_features_of_it():
    example = {"about": "a request", "reported": True, "client": "GET /"}
    rule = make_rule({**MINIMAL, "class": "scan.horizontal", "entity": "source", "example": [example]})
    with pytest.raises(UsageError, match="x, example 'a request': 5 octets of payload, of which"):
        reported(rule, rule.examples[0])
