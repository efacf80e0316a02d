"""Measures of evidence as people read them."""

import numpy as np
import pytest

from netwatch.fingerprint.condition import parse
from netwatch.fingerprint.features import Feature
from netwatch.fingerprint.measures import measured, missing

DECLARED = {
    "rate": Feature("packets a second", "packets/s"),
    "sources": Feature("addresses that sent", "addresses"),
    "names": Feature("different names", "names"),
    "logins": Feature("CryptoNote logins", "flow records"),
    "answered": Feature("packets back per packet, per sender"),
    "failed": Feature("tries that failed", "share"),
    "usual": Feature("packets against the median", "times"),
    "seconds": Feature("duration", "s"),
    "inbound": Feature("from outside", "yes/no"),
}


def entity(**values):
    return {name: np.array([value], float) for name, value in values.items()}


def told(written, **values):
    return measured(parse(written, DECLARED), entity(**values), DECLARED)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rate", 3002.4, "3,002 packets a second"),
        ("sources", 210, "210 addresses that sent"),
        ("names", 12, "different names: 12"),
        ("logins", 2, "CryptoNote logins: 2 flow records"),
        ("logins", 1, "CryptoNote logins: 1 flow record"),
        ("answered", 1.044e-05, "packets back per packet, per sender: under 0.001"),
        ("answered", 0, "packets back per packet, per sender: 0"),
        ("failed", 0.98, "tries that failed: 98 %"),
        ("usual", 12.85, "packets against the median: 12.8 times"),
        ("seconds", 90, "duration: 1.5 min"),
        ("inbound", 1, "from outside"),
        ("inbound", 0, "from outside: no"),
    ],
)
def test_a_measure_reads_as_one_says_it(name, value, words):
    assert told({"feature": name, "op": ">=", "value": 0}, **{name: value})[0] == words


def test_thresholds_carry_names_where_there_are_several_measures():
    both = {"all": [{"feature": "rate", "value": 50}, {"feature": "inbound"}]}
    assert told(both, rate=77, inbound=1) == (
        "77 packets a second; from outside",
        "packets a second >= 50; from outside: yes",
    )
    assert told({"feature": "rate", "value": 50}, rate=77) == ("77 packets a second", ">= 50")
    span = {"all": [{"feature": "rate", "value": 50}, {"feature": "rate", "op": "<", "value": 90}]}
    assert told(span, rate=77) == ("77 packets a second", ">= 50; < 90")


def test_of_what_is_enough_by_itself_only_what_holds_is_told():
    either = {"any": [{"feature": "logins"}, {"feature": "rate", "value": 50}, {"feature": "sources"}]}
    assert told(either, logins=0, rate=70) == ("70 packets a second", ">= 50")
    assert told(either, logins=0, rate=7) == (
        "CryptoNote logins: 0 flow records; 7 packets a second",
        "CryptoNote logins >= 1; packets a second >= 50",
    )


def test_what_is_missing_is_named_with_its_threshold():
    both = parse({"all": [{"feature": "rate", "value": 50}, {"feature": "sources", "value": 4}]}, DECLARED)
    assert missing(both, entity(rate=7, sources=np.nan), DECLARED) == ("addresses that sent not available", ">= 4")
