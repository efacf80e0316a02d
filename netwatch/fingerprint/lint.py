"""Rule files checked: what the loader refuses, and what it takes but nobody should hand on."""

from __future__ import annotations

from pathlib import Path

from netwatch.errors import UsageError
from netwatch.fingerprint.condition import comparisons
from netwatch.fingerprint.examples import reported
from netwatch.fingerprint.load import read_rule
from netwatch.fingerprint.rule import Rule


def faults(path: Path) -> list[str]:
    """What is wrong with one rule file, a sentence each; nothing if it is right."""
    try:
        return list(_faults(read_rule(path, path.name)))
    except UsageError as fault:
        return [str(fault)]


def _faults(rule: Rule) -> list[str]:
    found = []
    if rule.class_id and {e.reported for e in rule.examples} != {True, False}:
        found.append("it needs an example that is reported and one that is not")
    if rule.class_id and not rule.grounds and not rule.shared:
        found.append("it has no ground, so it reports nothing")
    if rule.class_id and not rule.references:
        found.append("it says nowhere what its numbers rest on (references)")
    ids = [ground.id for ground in rule.grounds]
    found += [f"two grounds are called {name!r}" for name in sorted({i for i in ids if ids.count(i) > 1})]
    found += [f"the pattern {p.id!r} is compared nowhere" for p in rule.patterns if not _compared(rule, p.feature)]
    if rule.class_id and not rule.shared:
        found += [
            f"example {e.about!r} is {'not ' if e.reported else ''}reported"
            for e in rule.examples
            if reported(rule, e) != e.reported
        ]
    return found


def _compared(rule: Rule, feature: str) -> bool:
    conditions = [ground.when for ground in rule.grounds] + ([rule.required] if rule.required else [])
    return any(c.feature == feature for condition in conditions for c in comparisons(condition))
