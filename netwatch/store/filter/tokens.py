"""The words of a filter, taken one after another, and what is said where one does not fit."""

from __future__ import annotations

import re
from typing import NoReturn

from netwatch.errors import UsageError

_TOKEN = re.compile(r"#[^\n]*|\s+|(<=|>=|==|!=|<|>|=|\(|\)|\[|\]|,)|([^\s()\[\],<>=!#]+)")
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class Tokens:
    """Lower-case words and signs of ``text``; comments and white space are passed over.

    Raises:
        UsageError: a character that no word has.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._found: list[tuple[str, int]] = []
        self._at = 0
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise UsageError(f"filter: unexpected {text[position]!r} at character {position + 1}: {text}")
            if match.group(1) or match.group(2):
                self._found.append((match.group(0).lower(), position))
            position = match.end()

    def peek(self, ahead: int = 0) -> str:
        """The next word, or one further ahead; empty after the last."""
        at = self._at + ahead
        return self._found[at][0] if at < len(self._found) else ""

    def take(self) -> str:
        """The next word, which is then behind us."""
        word = self.peek()
        self._at += 1
        return word

    def accept(self, *words: str) -> bool:
        """Take these words if they are the next ones, all of them."""
        if any(self.peek(ahead) != word for ahead, word in enumerate(words)):
            return False
        self._at += len(words)
        return True

    def expect(self, word: str) -> None:
        """Take this word.

        Raises:
            UsageError: another one is next.
        """
        if not self.accept(word):
            self.fail(f"'{word}'")

    def number(self) -> float:
        """A number, with k, m, g or t behind it for thousands and more.

        Raises:
            UsageError: it is none.
        """
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgt]?)", self.peek())
        if match is None:
            self.fail("a number")
        self.take()
        return float(match.group(1)) * _SCALE[match.group(2)]

    def integer(self) -> int:
        """A whole number.

        Raises:
            UsageError: it is none.
        """
        if not re.fullmatch(r"[0-9]+", self.peek()):
            self.fail("a number")
        return int(self.take())

    def values(self, wanted: str) -> list[str]:
        """One word, or those of ``in [a, b c]``.

        Raises:
            UsageError: the words end too soon.
        """
        if not self.accept("in"):
            if not self.peek():
                self.fail(wanted)
            return [self.take()]
        self.expect("[")
        found = []
        while self.peek() not in ("]", ""):
            if (word := self.take()) != ",":
                found.append(word)
        self.expect("]")
        return found

    def fail(self, wanted: str) -> NoReturn:
        """Say that something else should be next.

        Raises:
            UsageError: always.
        """
        if self._at >= len(self._found):
            raise UsageError(f"filter ends where {wanted} should follow: {self.text}")
        word, position = self._found[self._at]
        raise UsageError(f"filter: {word!r} at character {position + 1}, where {wanted} should be: {self.text}")
