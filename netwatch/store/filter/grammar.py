"""``and``, ``or``, ``not`` and brackets between the primitives of a filter."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from netwatch.store.filter.primitives import Predicate, primitive
from netwatch.store.filter.tokens import Tokens

NESTING = 100
"""Brackets and ``not`` within each other, at most."""


def compile_filter(text: str) -> Predicate:
    """The predicate that a filter stands for; an empty filter lets everything through.

    Raises:
        UsageError: the filter cannot be read; the message shows where.
    """
    tokens = Tokens(text)
    if not tokens.peek():
        tokens = Tokens("any")
    predicate = _either(tokens, 0)
    if tokens.peek():
        tokens.fail("'and', 'or' or the end")
    return predicate


def _either(tokens: Tokens, depth: int) -> Predicate:
    parts = [_both(tokens, depth)]
    while tokens.accept("or"):
        parts.append(_both(tokens, depth))
    return _joined(parts, operator.or_)


def _both(tokens: Tokens, depth: int) -> Predicate:
    parts = [_part(tokens, depth)]
    while tokens.accept("and"):
        parts.append(_part(tokens, depth))
    return _joined(parts, operator.and_)


def _part(tokens: Tokens, depth: int) -> Predicate:
    if depth > NESTING:
        tokens.fail(f"no more than {NESTING} brackets within each other")
    if tokens.accept("not"):
        inner = _part(tokens, depth + 1)
        return lambda table: ~inner(table)
    if tokens.accept("("):
        inside = _either(tokens, depth + 1)
        tokens.expect(")")
        return inside
    return primitive(tokens)


def _joined(parts: Sequence[Predicate], join: Callable[[Any, Any], Any]) -> Predicate:
    return lambda table: reduce(join, (part(table) for part in parts))
