"""Conditions against a row-by-row twin, and the arithmetic of posteriors."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netwatch.fingerprint.condition import YES, Comparison, Group, evaluate, least
from netwatch.fingerprint.engine import BEHAVIOUR_AT_MOST, judge, weigh
from netwatch.fingerprint.features import FeatureTable
from netwatch.fingerprint.load import make_rule
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.model.verdict import Stand

OPS = {">=": lambda a, b: a >= b, "<": lambda a, b: a < b, "==": lambda a, b: a == b}
comparison = st.builds(Comparison, st.sampled_from("abcd"), st.sampled_from(sorted(OPS)), st.integers(0, 3).map(float))
condition = st.recursive(
    comparison,
    lambda inner: st.one_of(
        st.builds(Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Group, st.just("not"), inner.map(lambda c: (c,))),
    ),
    max_leaves=8,
)
value = st.one_of(st.just(math.nan), st.integers(0, 3).map(float))


def slow(tree, row):
    """True, False or None (unknown) for one row."""
    if isinstance(tree, Comparison):
        held = row.get(tree.feature, math.nan)
        return None if math.isnan(held) else OPS[tree.op](held, tree.value)
    found = [slow(part, row) for part in tree.parts]
    if tree.kind == "not":
        return None if found[0] is None else not found[0]
    if tree.kind == "all":
        return False if False in found else None if None in found else True
    return True if True in found else None if None in found else False


@given(condition, st.lists(st.tuples(value, value, value), min_size=1, max_size=6))
def test_conditions_agree_with_the_slow_twin(tree, rows):
    columns = {name: np.array([row[i] for row in rows]) for i, name in enumerate("abc")}
    got = evaluate(tree, columns, len(rows))
    expected = [{True: 1, False: 0, None: -1}[slow(tree, dict(zip("abc", row, strict=True)))] for row in rows]
    assert got.tolist() == expected


@given(condition, st.sets(st.sampled_from("abcd")), st.tuples(value, value, value, value))
def test_no_row_for_which_a_condition_holds_has_less_than_its_least(tree, known, row):
    columns = {name: np.array([held if name in known else math.nan]) for name, held in zip("abcd", row, strict=True)}
    if evaluate(tree, columns, 1)[0] == YES:
        floor = least(tree, "a", known)
        assert floor < math.inf
        assert floor == -math.inf or columns["a"][0] >= floor


def test_the_least_that_a_rule_asks_for():
    long, other = Comparison("a", ">=", 240.0), Comparison("b", ">=", 1.0)
    assert least(Group("all", (long, other)), "a", "ab") == 240.0
    assert least(Group("any", (long, other)), "a", "ab") == -math.inf
    assert least(Group("any", (long, other)), "a", "a") == 240.0
    assert least(Group("all", (long, other)), "a", "a") == math.inf


def rule(*grounds, **more):
    return make_rule(
        {"id": "r", "title": "t", "meaning": "m.", "class": "mining.suspected", "ground": list(grounds), **more}
    )


def ground(name, group, feature, weight, against=0.0):
    return {"id": name, "title": name, "group": group, "when": {"feature": feature}, "weight": weight,
            "against": against}  # fmt: skip


def logit(p):
    return math.log(p / (1 - p))


def test_one_group_counts_once_groups_add_and_caps_hold():
    weighed = rule(
        ground("a", "sizes", "sizes.score", 2.0),
        ground("b", "sizes", "sizes.client_top2", 3.0),
        ground("c", "timing", "timing.answered", 99.0),
    )
    table = FeatureTable.of({"sizes.score": np.ones(1), "sizes.client_top2": np.ones(1), "timing.answered": np.ones(1)})
    posterior = weigh(weighed, table, FingerprintOptions(prior=1e-4)).posterior[0]
    assert math.isclose(logit(posterior), logit(1e-4) + 3.0 + 4.0)


def test_missing_weighs_nothing_and_is_listed_but_contrary_counts():
    weighed = rule(
        ground("a", "payload", "payload.cn_job", 12.0),
        ground("b", "timing", "timing.answered", 2.0, -2.0),
        ground("c", "names", "names.listed", 2.0, -2.0),
    )
    table = FeatureTable.of({"payload.cn_job": np.ones(1), "timing.answered": np.zeros(1)})
    verdict = judge([weighed], table, FingerprintOptions(prior=1e-4))[0]
    assert math.isclose(logit(verdict.posterior), logit(1e-4) + 12.0 - 2.0)
    assert [e.stand for e in verdict.evidence] == [Stand.FOR, Stand.AGAINST, Stand.MISSING]
    assert "name on the list of pools not available" in verdict.evidence[2].observed
    assert verdict.evidence[1].weight == -2.0
    assert verdict.evidence[2].weight == 0.0


def test_behaviour_alone_is_never_confirmed():
    weighed = rule(ground("a", "sizes", "sizes.score", 50.0), prior=0.5, caps={"sizes": 50})
    verdict = judge([weighed], FeatureTable.of({"sizes.score": np.ones(1)}), FingerprintOptions())[0]
    assert verdict.posterior == BEHAVIOUR_AT_MOST
    assert (verdict.basis, verdict.confidence) == ("behaviour", "likely")


def test_the_likelier_class_is_told_and_the_other_is_an_alternative():
    likely = rule(ground("a", "payload", "payload.cn_job", 14.0))
    other = make_rule(
        {"id": "o", "title": "t", "meaning": "m.", "class": "mining.getwork",
         "ground": [ground("a", "payload", "payload.cn_job", 11.0)]}
    )  # fmt: skip
    verdicts = judge([other, likely], FeatureTable.of({"payload.cn_job": np.ones(2)}), FingerprintOptions())
    assert [v.class_id for v in verdicts] == ["mining.suspected"] * 2
    assert verdicts[0].alternatives[0][0] == "mining.getwork"


def test_nothing_required_is_nothing_told():
    weighed = rule(ground("a", "payload", "payload.cn_job", 14.0), required={"feature": "payload.cn_login"})
    assert judge([weighed], FeatureTable.of({"payload.cn_job": np.ones(1)}), FingerprintOptions()) == []


def test_a_class_whose_requirement_is_not_met_is_no_alternative():
    likely = rule(ground("a", "payload", "payload.cn_job", 14.0))
    other = make_rule(
        {"id": "o", "title": "t", "meaning": "m.", "class": "mining.getwork", "required": {"feature": "payload.gbt"},
         "ground": [ground("a", "payload", "payload.cn_job", 11.0)]}
    )  # fmt: skip
    seen = {"payload.cn_job": np.ones(2), "payload.gbt": np.array([0.0, 1.0])}
    without, with_it = judge([likely, other], FeatureTable.of(seen), FingerprintOptions())
    assert "mining.getwork" not in dict(without.alternatives)
    assert "mining.getwork" in dict(with_it.alternatives)


def test_entities_that_no_rule_may_tell_of_change_nothing_of_the_others():
    first = rule(ground("a", "sizes", "sizes.score", 9.0), required={"feature": "shape.tcp"})
    second = rule(ground("b", "timing", "timing.answered", 9.0), required={"feature": "shape.records", "value": 5})
    random = np.random.default_rng(2)
    names = ("sizes.score", "timing.answered", "shape.tcp", "shape.records")
    columns = {name: random.choice([0.0, 1.0, 9.0, math.nan], 200) for name in names}
    table = FeatureTable.of(columns)
    table.facts, table.octets = (lambda row: {"row": row}), np.arange(200.0)
    options = FingerprintOptions(prior=0.1)
    whole = judge([first, second], table, options)
    alone = [one for row in range(200) for one in judge([first, second], table.taken(np.array([row])), options)]
    assert whole == alone
    assert 0 < len(whole) < 200
    assert [one.facts["row"] for one in whole] == [one.octets for one in whole]
