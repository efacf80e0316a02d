"""What a ground of evidence rests on, in words: what was measured, and what it is held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from netwatch.fingerprint.condition import YES, Comparison, Condition, comparisons, evaluate
from netwatch.fingerprint.features import Feature
from netwatch.model.text import duration

BETWEEN = "; "
"""Between two measures: what they are called has commas."""
_LEAST = 1e-3
"""Numbers below it are told as so small."""


def measured(
    condition: Condition, entity: Mapping[str, np.ndarray], declared: Mapping[str, Feature]
) -> tuple[str, str]:
    """What was seen of one entity (columns of one row), and what each of it is held against; both in words.

    Of conditions any of which is enough, those that hold are told, and all where none does. Measures that are not
    known are left out.
    """
    known = [c for c in _telling(condition, entity) if _is_known(c, entity)]
    told = dict.fromkeys(_value(declared[c.feature], float(entity[c.feature][0])) for c in known)
    wanted = dict.fromkeys(threshold(declared[c.feature], c, named=len(told) > 1) for c in known)
    return BETWEEN.join(told), BETWEEN.join(wanted)


def missing(condition: Condition, entity: Mapping[str, np.ndarray], declared: Mapping[str, Feature]) -> tuple[str, str]:
    """What is not known of one entity and would have been looked at, and what it is held against; both in words."""
    lacking = [c for c in comparisons(condition) if not _is_known(c, entity)]
    about = dict.fromkeys(declared[c.feature].about for c in lacking)
    wanted = dict.fromkeys(threshold(declared[c.feature], c, named=len(about) > 1) for c in lacking)
    return f"{BETWEEN.join(about)} not available", BETWEEN.join(wanted)


def _is_known(comparison: Comparison, entity: Mapping[str, np.ndarray]) -> bool:
    return comparison.feature in entity and not np.isnan(entity[comparison.feature][0])


def threshold(feature: Feature, comparison: Comparison, *, named: bool) -> str:
    """What a measure is held against, with its name if asked for: ``packets a second >= 50``."""
    if feature.unit == "yes/no":
        wanted = "yes" if comparison.op in (">", ">=", "==") and comparison.value > 0 else "no"
        return f"{feature.about}: {wanted}" if named else wanted
    return f"{feature.about} {comparison.threshold()}" if named else comparison.threshold()


def _telling(condition: Condition, entity: Mapping[str, np.ndarray]) -> Iterator[Comparison]:
    """The comparisons that say why a condition holds, or all of them."""
    if isinstance(condition, Comparison):
        yield condition
        return
    parts = condition.parts
    if condition.kind == "any":
        parts = tuple(part for part in parts if evaluate(part, entity, 1)[0] == YES) or parts
    for part in parts:
        yield from _telling(part, entity)


def _value(feature: Feature, value: float) -> str:
    """A measure as one says it: ``210 addresses that sent``, ``tries that failed: 100 %``, ``mean rate: 240 bit/s``."""
    about = feature.about
    if feature.unit == "yes/no":
        return about if value else f"{about}: no"
    if feature.unit == "share":
        return f"{about}: {value:.0%}".replace("%", " %")
    if feature.unit == "s":
        return f"{about}: {duration(value * 1e9)}"
    counted = feature.unit.partition("/")[0]
    if counted and about.split(" ", 1)[0].strip(",") == counted:
        return f"{_number(value)} {about}"
    unit = "" if counted in about.split() else feature.unit.removesuffix("s") if value == 1 else feature.unit
    return f"{about}: {_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    if 0 < abs(value) < _LEAST:
        return f"under {_LEAST:g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
