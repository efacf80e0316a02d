"""Conditions of rules: trees over columns, evaluated in three-valued logic (Kleene 1938) for all rows at once."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from netwatch.errors import UsageError

YES, NO, UNKNOWN = np.int8(1), np.int8(0), np.int8(-1)

OPERATORS = {
    ">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """One feature against one value or an inclusive range (``op`` "in")."""

    feature: str
    op: str
    value: float
    upper: float = 0.0

    def threshold(self) -> str:
        """The value in words."""
        return f"{self.value:g} to {self.upper:g}" if self.op == "in" else f"{self.op} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Group:
    """``kind`` "all", "any" or "not" (which has one part)."""

    kind: str
    parts: tuple[Condition, ...]


Condition = Comparison | Group


def parse(written: Any, known: Mapping[str, object], depth: int = 0) -> Condition:
    """The condition that a TOML table holds.

    Raises:
        UsageError: an unknown key, feature or operator, or nesting deeper than eight.

    """
    if not isinstance(written, dict) or depth > _DEEPEST:
        raise UsageError(f"not a condition: {written!r}" if depth <= _DEEPEST else "conditions nested too deeply")
    if "feature" in written:
        return _comparison(written, known)
    if len(written) != 1 or next(iter(written)) not in ("all", "any", "not"):
        raise UsageError.unknown("key of a condition", next(iter(written), ""), ("all", "any", "not", "feature"))
    kind, inside = next(iter(written.items()))
    parts = [inside] if kind == "not" else inside
    if not isinstance(parts, list) or not parts:
        raise UsageError(f"{kind!r} needs a list of conditions")
    return Group(kind, tuple(parse(part, known, depth + 1) for part in parts))


def _comparison(written: dict[str, Any], known: Mapping[str, object]) -> Comparison:
    for key in written:
        if key not in ("feature", "op", "value"):
            raise UsageError.unknown("key of a condition", key, ("feature", "op", "value"))
    name, op, value = written["feature"], written.get("op", ">="), written.get("value", 1)
    if name not in known:
        raise UsageError.unknown("feature", str(name), known)
    if op == "in" and isinstance(value, list) and len(value) == 2:
        return Comparison(name, op, float(value[0]), float(value[1]))
    if op not in OPERATORS:
        raise UsageError.unknown("operator", str(op), (*OPERATORS, "in"))
    if not isinstance(value, int | float):
        raise UsageError(f"feature {name!r} is compared with {value!r}, which is no number")
    return Comparison(name, op, float(value))


def evaluate(condition: Condition, columns: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """int8 (n,): YES, NO or UNKNOWN per row; a feature that is NaN or not there is unknown."""
    if isinstance(condition, Comparison):
        return _compare(condition, columns.get(condition.feature), n)
    results = [evaluate(part, columns, n) for part in condition.parts]
    if condition.kind == "not":
        return np.where(results[0] == UNKNOWN, UNKNOWN, 1 - results[0]).astype(np.int8)
    decisive = NO if condition.kind == "all" else YES
    out = np.full(n, 1 - decisive, np.int8)
    for result in results:
        out[(result == UNKNOWN) & (out != decisive)] = UNKNOWN
        out[result == decisive] = decisive
    return out


def _compare(condition: Comparison, column: np.ndarray | None, n: int) -> np.ndarray:
    if column is None:
        return np.full(n, UNKNOWN, np.int8)
    if condition.op == "in":
        held = (column >= condition.value) & (column <= condition.upper)
    else:
        held = OPERATORS[condition.op](column, condition.value)
    return np.where(np.isnan(column), UNKNOWN, held.astype(np.int8)).astype(np.int8)


def least(condition: Condition, feature: str, known: Container[str]) -> float:
    """The least that a feature is where the condition holds and none but the ``known`` features can be had: infinite
    where it cannot hold, minus infinite where nothing is asked of the feature.
    """
    if isinstance(condition, Comparison):
        if condition.feature not in known:
            return math.inf
        floor = condition.feature == feature and condition.op in (">=", ">", "==", "in")
        return condition.value if floor else -math.inf
    if condition.kind == "not":
        return -math.inf
    parts = (least(part, feature, known) for part in condition.parts)
    return max(parts) if condition.kind == "all" else min(parts)


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """The comparisons in a tree, left to right."""
    if isinstance(condition, Comparison):
        yield condition
    else:
        for part in condition.parts:
            yield from comparisons(part)
