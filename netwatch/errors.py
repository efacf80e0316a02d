"""Everything that netwatch raises on purpose.

Bad octets are the normal case and never leave a reader: they are counted in a
:class:`~netwatch.model.tally.Tally`. What leaves a stage is one of these.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LISTED = 24
"""Names that an error message lists; more would bury what it says."""


class NetwatchError(Exception):
    """The root of the tree; ``exit_status`` is what the command line ends with."""

    exit_status = 70


class UsageError(NetwatchError):
    """A request that cannot be carried out as worded: option, key, name, filter or missing file."""

    exit_status = 2

    @classmethod
    def unknown(cls, what: str, name: str, known: Iterable[str]) -> UsageError:
        """Name the thing that is not known, and the nearest that is."""
        choices = sorted(known)
        near = difflib.get_close_matches(name, choices, n=1)
        listed = ", ".join(choices[:LISTED]) + (f" and {len(choices) - LISTED} more" if len(choices) > LISTED else "")
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {listed}" if choices else ""
        return cls(f"unknown {what} {name!r}{hint}")


class UnreadableInput(NetwatchError):
    """Input in which nothing could be read: not a known format, empty, or not permitted."""

    exit_status = 3


class OutputError(NetwatchError):
    """A result that could not be written, such as on a full disk."""

    exit_status = 74


class Malformed(NetwatchError):
    """Octets that break their format; raised by ``wire``, counted by the reader, never let out of it.

    ``reason`` is a short stable phrase (it becomes a key of the tally); ``offset`` counts octets
    from the start of what was being decoded.
    """

    exit_status = 3

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at octet {offset}")
        self.reason = reason
        self.offset = offset
