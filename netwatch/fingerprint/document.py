"""A rule in words: what ``netwatch rules show`` prints, and ``docs/rules.md`` for all that come along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netwatch.fingerprint.condition import Comparison, Condition
from netwatch.fingerprint.rule import Rule


def words(condition: Condition) -> str:
    """A condition as one would say it."""
    if isinstance(condition, Comparison):
        return f"{condition.feature} {_threshold(condition)}"
    inside = [words(part) for part in condition.parts]
    if condition.kind == "not":
        return f"not ({inside[0]})"
    between = " and " if condition.kind == "all" else " or "
    return between.join(f"({text})" if " and " in text or " or " in text else text for text in inside)


def _threshold(comparison: Comparison) -> str:
    return f"in {comparison.threshold()}" if comparison.op == "in" else comparison.threshold()


def document(rule: Rule) -> str:
    """The whole rule, as Markdown."""
    return "\n".join(_lines(rule))


def _lines(rule: Rule) -> Iterator[str]:
    yield f"### `{rule.id}`: {rule.title}"
    yield ""
    yield rule.meaning
    yield ""
    prior = "as set" if rule.prior is None else f"{rule.prior:g}"
    yield f"Class `{rule.class_id}`, looks at: {rule.entity}, prior {prior}."
    if rule.required:
        yield f"Needs {words(rule.required)}."
    yield from _roles(rule)
    yield ""
    yield "| ground | group | for | against | when |"
    yield "|---|---|--:|--:|---|"
    for ground in rule.grounds:
        cells = (ground.title, ground.group, f"{ground.weight:g}", f"{ground.against:g}", words(ground.when))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""
    for pattern in rule.patterns:
        start = " from its first octet on" if pattern.at_start else ""
        yield f"- `{pattern.feature}`: {pattern.about}, in the {pattern.side}'s payload{start}: `{pattern.regex}`"
    for example in rule.examples:
        yield f"- {'Reported' if example.reported else 'Not reported'}: {example.about}."
    yield from _list("Looks alike", rule.alternatives)
    yield from _list("ATT&CK", rule.techniques)
    if rule.next_step:
        yield f"- Next: {rule.next_step}"
    yield from (f"- Source: {reference}" for reference in rule.references)
    yield ""


def _roles(rule: Rule) -> Iterator[str]:
    told = [f"{r.role} when {words(r.when)}" if r.when else f"else {r.role}" for r in rule.roles if r.role != "none"]
    if told:
        yield f"Role: {'; '.join(told)}."


def _list(name: str, values: Iterable[str]) -> Iterator[str]:
    if values:
        yield f"- {name}: {', '.join(values)}"
