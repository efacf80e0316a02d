"""``netwatch rules``: what fingerprints look at, and whether rules hold what they promise."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, stderr, stdout, table
from netwatch.errors import UsageError
from netwatch.model.text import printable

if TYPE_CHECKING:
    from netwatch.fingerprint.rule import Rule

LONGEST = 4096
"""Characters of a line that are printed."""
Json = Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)]
Rules = Annotated[tuple[Path, ...], Parameter(help="Directories of further rules.")]


def list_rules(*, rules: Rules = (), json: Json = False) -> None:
    """Every rule, with its class and the kind of entity that it looks at.

    For example:
        netwatch rules list --rules site-rules/
    """
    from netwatch.fingerprint.load import load_rules

    found = load_rules(rules)
    if json:
        for rule in found:
            print_json({"id": rule.id, "class": rule.class_id, "entity": rule.entity, "title": rule.title})
        return
    rows = [(rule.id, rule.class_id, rule.entity, rule.title) for rule in found]
    stdout().print(table(("rule", "class", "looks at", "what it is"), rows))


def show(
    name: Annotated[str, Parameter(help="Id of a rule, or the beginning of some.")],
    /,
    *,
    rules: Rules = (),
    json: Json = False,
) -> None:
    """One rule, or all whose id begins so: meaning, grounds with their weights, examples and sources.

    For example:
        netwatch rules show scan.horizontal
    """
    from netwatch.fingerprint.document import document
    from netwatch.fingerprint.load import load_rules

    known = load_rules(rules)
    chosen = [rule for rule in known if rule.id == name] or [rule for rule in known if rule.id.startswith(name)]
    if not chosen:
        raise UsageError.unknown("rule", name, [rule.id for rule in known])
    for rule in chosen:
        if json:
            print_json(_plain(rule))
        else:
            sys.stdout.write("".join(f"{printable(line, LONGEST)}\n" for line in document(rule).split("\n")))


def _plain(rule: Rule) -> dict[str, object]:
    from netwatch.fingerprint.document import words

    made = asdict(rule)
    for ground, written in zip(made["grounds"], rule.grounds, strict=True):
        ground["when"] = words(written.when)
    made |= {name: words(condition) for name in ("required", "flows") if (condition := getattr(rule, name))}
    made["roles"] = [{"is": r.role, "when": words(r.when) if r.when else ""} for r in rule.roles]
    for example in made["examples"]:
        example |= {side: example[side].decode("latin-1") for side in ("client", "server")}
    return made


def test(*, rules: Rules = (), json: Json = False) -> int:
    """Run the examples of all rules: what must be reported is, and what must not is not. Exit status 1 if one fails.

    For example:
        netwatch rules test --rules site-rules/
    """
    from netwatch.fingerprint.examples import reported
    from netwatch.fingerprint.load import load_rules

    found = load_rules(rules)
    failed = [(r.id, e.about, e.reported) for r in found for e in r.examples if reported(r, e) != e.reported]
    count = sum(len(rule.examples) for rule in found)
    if json:
        print_json({"rules": len(found), "examples": count, "failed": [list(one[:2]) for one in failed]})
    elif failed:
        rows = [(name, about, "not reported" if must else "reported") for name, about, must in failed]
        stdout().print(table(("rule", "example", "but is"), rows))
    if not json:
        stderr().print(f"{len(found)} rules, {count} examples, {len(failed)} failed")
    return 1 if failed else 0


def lint(
    paths: Annotated[list[Path], Parameter(help="Rule files, or directories of them.")],
    /,
    *,
    json: Json = False,
) -> int:
    """Check rule files word for word; each that is wrong has a line. Exit status 1 if one is.

    For example:
        netwatch rules lint site-rules/door-camera.toml
    """
    from netwatch.fingerprint.lint import faults

    files = [file for path in paths for file in (sorted(path.rglob("*.toml")) if path.is_dir() else [path])]
    if not files:
        raise UsageError(f"no .toml file in {', '.join(map(str, paths))}")
    wrong = [(str(file), fault) for file in files for fault in faults(file)]
    if json:
        for file, fault in wrong:
            print_json({"file": file, "fault": fault})
    elif wrong:
        stdout().print(table(("file", "what is wrong"), wrong))
    if not json:
        stderr().print(f"{len(files)} files, {len({file for file, _ in wrong})} wrong")
    return 1 if wrong else 0
