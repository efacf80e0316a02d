"""A rule's own examples, run: does it report what it says it reports."""

from __future__ import annotations

import numpy as np

from netwatch.errors import UsageError
from netwatch.fingerprint.engine import judge
from netwatch.fingerprint.features import FEATURES, FeatureTable
from netwatch.fingerprint.options import FingerprintOptions
from netwatch.fingerprint.pattern import PatternSet
from netwatch.fingerprint.rule import Example, Rule


def values(rule: Rule, example: Example) -> dict[str, float]:
    """The features that an example stands for: those that its payload gives, and those that it names."""
    found: dict[str, float] = {}
    if rule.patterns:
        patterns = PatternSet(rule.patterns)
        found = {pattern.feature: 0.0 for pattern in rule.patterns}
        for side, head in enumerate((example.client, example.server)):
            for at in patterns.matches(head, side):
                found[rule.patterns[at].feature] = 1.0
        found["payload.flows"] = float(any(found.values()))
    elif example.client or example.server:
        try:
            found = FEATURES[rule.entity].from_payload(example.client, example.server)
        except UsageError as fault:
            raise UsageError(f"{rule.id}, example {example.about!r}: {fault}") from None
    return found | dict(example.features)


def reported(rule: Rule, example: Example) -> bool:
    """Whether the rule reports the example, with the options as they are by default."""
    table = FeatureTable.of({name: np.array([value]) for name, value in values(rule, example).items()})
    return bool(judge([rule], table, FingerprintOptions()))
