"""Regular expressions of rules, which run in linear time (RE2) over the first payload octets of flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import re2

from netwatch.errors import UsageError

LONGEST = 512
"""Characters of a written pattern."""
MOST = 200
"""Patterns of all rules together."""
_MEMORY = 4 * 1024 * 1024
"""Octets that RE2 may take for one program and its automata; what does not fit is refused."""
SIDES = ("client", "server")


@dataclass(frozen=True, slots=True)
class Pattern:
    """``regex`` over octets (each one character, those that do not print by their escapes), of one ``side``.

    ``at_start``: it has to match from the first octet on.
    """

    id: str
    about: str
    side: str
    regex: str
    at_start: bool = False

    @property
    def feature(self) -> str:
        """The column that conditions compare: of how many flows the payload matched."""
        return f"pattern.{self.id}"


def check(pattern: Pattern) -> Pattern:
    """The pattern itself.

    Raises:
        UsageError: too long, not in RE2's syntax, too large when compiled, or with an anchor (``at_start`` says that).

    """
    if len(pattern.regex) > LONGEST:
        raise UsageError(f"pattern {pattern.id!r} is longer than {LONGEST} characters")
    if _has_anchor(pattern.regex):
        raise UsageError(f"pattern {pattern.id!r} has an anchor or a word boundary; write at_start = true instead of ^")
    try:
        compiled = _compiled(pattern.regex)
    except (re2.error, UnicodeEncodeError) as fault:
        raise UsageError(f"pattern {pattern.id!r} is not in RE2's syntax, or too large: {_words(fault)}") from fault
    if compiled.search(b"") is not None:
        raise UsageError(f"pattern {pattern.id!r} matches where there is nothing")
    return pattern


def _words(fault: Exception) -> str:
    first = fault.args[0] if fault.args else fault
    return first.decode("latin-1") if isinstance(first, bytes) else str(first)


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = _MEMORY
    options.dot_nl = True
    return options


@cache
def _compiled(regex: str) -> re2._Regexp:
    return re2.compile(regex.encode("latin-1"), _options())


def _has_anchor(regex: str) -> bool:
    """Whether what is written looks around itself: ^ or $ outside a class, or one of the escapes that do."""
    inside = escaped = False
    for at, char in enumerate(regex):
        if escaped:
            escaped = False
            if not inside and char in "AzZbB":
                return True
        elif char == "\\":
            escaped = True
        elif inside:
            inside = char != "]" or regex[at - 1] == "["
        elif char == "[":
            inside = True
        elif char in "^$":
            return True
    return False


class PatternSet:
    """All patterns of the rules, tried on all heads of a batch at once.

    One pass of RE2 over the octets of all heads tells which might match; only those are looked at one by one.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        if len(patterns) > MOST:
            raise UsageError(f"{len(patterns)} patterns, {MOST} at most")
        self.patterns = tuple(patterns)
        self._any = None
        if patterns:
            joined = "|".join(f"(?:{p.regex})" for p in patterns)
            options = _options()
            options.max_mem = _MEMORY * len(patterns)
            options.never_capture = True
            self._any = re2.compile(joined.encode("latin-1"), options)

    def matches(self, head: bytes, side: int) -> list[int]:
        """The patterns of one side (0 client) that match a head, as indexes."""
        wanted = SIDES[side]
        return [
            at
            for at, pattern in enumerate(self.patterns)
            if pattern.side == wanted and _matches(_compiled(pattern.regex), head, at_start=pattern.at_start)
        ]

    def candidates(self, heads: np.ndarray, start: np.ndarray, length: np.ndarray) -> np.ndarray:
        """int64: rows of (``start``, ``length``) in ``heads`` uint8 in which a pattern may match, ascending.

        A match over the seam of two heads names both, so that it hides no true one.
        """
        if self._any is None or not len(start):
            return np.zeros(0, np.int64)
        order = np.argsort(start, kind="stable")
        begins, ends = start[order], (start + length)[order]
        rows = [
            np.arange(np.searchsorted(ends, at, "right"), np.searchsorted(begins, past, "left"))
            for at, past in self._spans(heads)
        ]
        found: np.ndarray = np.unique(order[np.concatenate(rows)]) if rows else np.zeros(0, np.int64)
        return found

    def _spans(self, heads: np.ndarray) -> Iterator[tuple[int, int]]:
        """Where something matches in all octets; after each the search goes on, so it ends after them."""
        assert self._any is not None
        for found in self._any.finditer(heads.tobytes()):
            yield found.span()


def _matches(compiled: re2._Regexp, head: bytes, *, at_start: bool) -> bool:
    return (compiled.match(head) if at_start else compiled.search(head)) is not None
