"""Rules from TOML files: built-in and the user's, checked word for word."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from netwatch.errors import UsageError
from netwatch.fingerprint.condition import Condition, parse
from netwatch.fingerprint.features import FEATURES, Feature
from netwatch.fingerprint.flowview import FLOW_FEATURES
from netwatch.fingerprint.pattern import SIDES, Pattern, check
from netwatch.fingerprint.rule import GROUPS, Example, Ground, RoleChoice, Rule, pattern_features
from netwatch.model.elements import Role
from netwatch.model.taxonomy import CODE

_LARGEST = 256 * 1024
_TRANSPORTS = ("", "plain", "tls", "http", "websocket", "tor", "vpn")
_KEYS = {
    "id": str, "title": str, "meaning": str, "class": str, "entity": str, "references": list, "ground": list,
    "required": dict, "flows": dict, "role": list, "transport": str, "prior": float, "caps": dict,
    "alternatives": list, "techniques": list, "next_step": str, "shared": list, "example": list,
    "pattern": list,
}  # fmt: skip
_GROUND_KEYS = {"id": str, "title": str, "group": str, "when": dict, "weight": float, "against": float}
_EXAMPLE_KEYS = {"about": str, "reported": bool, "features": dict, "client": str, "server": str}
_PATTERN_KEYS = {"id": str, "about": str, "side": str, "regex": str, "at_start": bool}
_ROLE_KEYS = {"is": str, "when": dict}


def load_rules(directories: Iterable[Path] = ()) -> tuple[Rule, ...]:
    """The built-in rules and those in the user's directories, by id; shared grounds are filled in.

    Raises:
        UsageError: a file that is no rule: unknown key, class, feature or group, two of one id, unreadable.

    """
    rules = {rule.id: rule for rule in builtin_rules()}
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(f"no such directory of rules: {directory}")
        for path in sorted(directory.rglob("*.toml")):
            rule = read_rule(path, str(path))
            if rule.id in rules:
                raise UsageError(f"{path}: there is a rule {rule.id!r} already")
            rules[rule.id] = rule
    _once(rules.values())
    return tuple(_completed(rule, rules) for _, rule in sorted(rules.items()) if rule.class_id)


def _once(rules: Iterable[Rule]) -> None:
    """No two patterns of one id: their id is the name of a column."""
    seen: dict[str, str] = {}
    for rule in rules:
        for pattern in rule.patterns:
            if pattern.id in seen:
                raise UsageError(f"rule {rule.id}: rule {seen[pattern.id]} has a pattern {pattern.id!r} already")
            seen[pattern.id] = rule.id


@cache
def builtin_rules() -> tuple[Rule, ...]:
    """The rules of the package, those without class included, in order of their files."""
    return tuple(read_rule(path, path.name) for path in _toml_files(files("netwatch.fingerprint").joinpath("rules")))


def _toml_files(folder: Traversable) -> Iterable[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _toml_files(entry)
        elif entry.name.endswith(".toml"):
            yield entry


def _completed(rule: Rule, rules: Mapping[str, Rule]) -> Rule:
    grounds = list(rule.grounds)
    for name in rule.shared:
        if name not in rules:
            raise UsageError(f"rule {rule.id}: {UsageError.unknown('shared rule', name, rules)}")
        grounds += rules[name].grounds
    return replace(rule, grounds=tuple(grounds))


def read_rule(path: Path | Traversable, name: str) -> Rule:
    """One rule; ``name`` stands before what is wrong with it.

    Raises:
        UsageError: unreadable, larger than 256 KiB, no TOML, or no rule.

    """
    try:
        octets = path.read_bytes()
        if len(octets) > _LARGEST:
            raise UsageError("larger than 256 KiB")
        return make_rule(tomllib.loads(octets.decode()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        raise UsageError(f"{name}: not a rule: {fault}") from fault
    except UsageError as fault:
        raise UsageError(f"{name}: {fault}") from fault


def make_rule(written: Mapping[str, Any]) -> Rule:
    """The rule that a parsed TOML document says.

    Raises:
        UsageError: naming what is unknown or missing, and the nearest right word.

    """
    _check(written, _KEYS, "key", ("id", "title", "meaning"))
    class_id, entity = written.get("class", ""), written.get("entity", "conversation")
    if class_id and class_id not in CODE:
        raise UsageError.unknown("class", class_id, CODE)
    patterns = tuple(_pattern(p) for p in written.get("pattern", ()))
    if patterns and entity != "payload":
        raise UsageError(f"patterns belong to rules about the entity 'payload', not {entity!r}")
    declared = {**FEATURES[entity].declared, **pattern_features(patterns)}
    if written.get("transport", "") not in _TRANSPORTS:
        raise UsageError.unknown("transport", written["transport"], _TRANSPORTS)
    for group in written.get("caps", {}):
        _known("group", group, GROUPS)
    for other in written.get("alternatives", []):
        _known("class", other, CODE)
    prior = written.get("prior")
    if prior is not None and not 0 < prior < 1:
        raise UsageError(f"prior {prior} is no probability between 0 and 1")
    return Rule(
        id=written["id"],
        title=written["title"],
        meaning=written["meaning"],
        class_id=class_id,
        entity=entity,
        references=tuple(written.get("references", ())),
        grounds=tuple(_ground(g, declared) for g in written.get("ground", ())),
        required=_optional(written.get("required"), declared),
        flows=_optional(written.get("flows"), FLOW_FEATURES),
        roles=tuple(_role(r, declared) for r in written.get("role", ())) or (RoleChoice("none"),),
        transport=written.get("transport", ""),
        prior=prior,
        caps={group: float(cap) for group, cap in written.get("caps", {}).items()},
        alternatives=tuple(written.get("alternatives", ())),
        techniques=tuple(written.get("techniques", ())),
        next_step=written.get("next_step", ""),
        shared=tuple(written.get("shared", ())),
        examples=tuple(_example(e, declared) for e in written.get("example", ())),
        patterns=patterns,
    )


def _ground(written: Mapping[str, Any], declared: Mapping[str, Feature]) -> Ground:
    _check(written, _GROUND_KEYS, "key of a ground", ("id", "title", "group", "when", "weight"))
    _known("group", written["group"], GROUPS)
    weight, against = float(written["weight"]), float(written.get("against", 0.0))
    if not math.isfinite(weight) or not math.isfinite(against) or against > 0:
        raise UsageError(f"ground {written['id']!r}: weight is a finite number and against is at most 0")
    when = parse(written["when"], declared)
    return Ground(written["id"], written["title"], written["group"], when, weight, against)


def _pattern(written: Mapping[str, Any]) -> Pattern:
    _check(written, _PATTERN_KEYS, "key of a pattern", ("id", "about", "side", "regex"))
    _known("side", written["side"], SIDES)
    return check(
        Pattern(written["id"], written["about"], written["side"], written["regex"], written.get("at_start", False))
    )


def _role(written: Mapping[str, Any], declared: Mapping[str, Feature]) -> RoleChoice:
    _check(written, _ROLE_KEYS, "key of a role", ("is",))
    _known("role", written["is"], Role.names)
    return RoleChoice(written["is"], _optional(written.get("when"), declared))


def _example(written: Mapping[str, Any], declared: Mapping[str, Feature]) -> Example:
    _check(written, _EXAMPLE_KEYS, "key of an example", ("about", "reported"))
    features = written.get("features", {})
    for name in features:
        _known("feature", name, declared)
    client, server = (written.get(side, "").encode("latin-1") for side in ("client", "server"))
    values = {name: float(value) for name, value in features.items()}
    return Example(written["about"], written["reported"], values, client, server)


def _optional(written: Any, known: Mapping[str, object]) -> Condition | None:
    return None if written is None else parse(written, known)


def _known(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise UsageError.unknown(what, str(name), known)


def _check(written: Any, keys: Mapping[str, type], what: str, needed: Iterable[str]) -> None:
    if not isinstance(written, Mapping):
        raise UsageError(f"not a table: {written!r}")
    for key, value in written.items():
        _known(what, key, keys)
        fits = isinstance(value, int | float) if keys[key] is float else isinstance(value, keys[key])
        if not fits or (isinstance(value, bool) and keys[key] is not bool):
            raise UsageError(f"{key!r} is {value!r}, which is no {keys[key].__name__}")
    for key in needed:
        if key not in written:
            raise UsageError(f"{key!r} is missing")
