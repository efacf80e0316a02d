"""``netwatch list``: the parts that this installation has."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Literal

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, stdout, table
from netwatch.registry import Registry


def list_parts(
    kind: Literal["readers", "detectors", "fingerprints", "reports", "scenarios", "sinks"],
    /,
    *,
    json: Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)] = False,
) -> None:
    """List the readers, detectors, fingerprints, report formats, scenarios or alert sinks.

    For example:
        netwatch list fingerprints
    """
    rows = _fingerprints() if kind == "fingerprints" else _registered(kind)
    if json:
        for name, about in rows:
            print_json({"name": name, "about": about})
    else:
        stdout().print(table(("name", "what it is"), rows))


_REGISTRIES = {
    "readers": ("netwatch.read", "READERS"),
    "detectors": ("netwatch.detect", "DETECTORS"),
    "reports": ("netwatch.report", "REPORTS"),
    "scenarios": ("netwatch.simulate", "SCENARIOS"),
    "sinks": ("netwatch.alert", "SINKS"),
}


def _registered(kind: str) -> list[tuple[str, str]]:
    module, name = _REGISTRIES[kind]
    registry: Registry[object] = getattr(import_module(module), name)
    return [(name, first_line(part)) for name, part in registry.items()]


def _fingerprints() -> list[tuple[str, str]]:
    from netwatch.fingerprint.load import load_rules

    return [(rule.id, rule.title) for rule in load_rules()]


def first_line(part: object) -> str:
    """What a part says of itself in its first line."""
    return (part.__doc__ or "").strip().partition("\n")[0]
