"""Name → class tables of the stages, loaded when first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from netwatch.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """The parts of one kind: built-ins first, in their order, then what other packages add.

    ``builtin`` maps a name to ``"module:attribute"``. Another package adds a part with an entry
    point in the group ``netwatch.<kind>``; it cannot replace a built-in.
    """

    def __init__(self, kind: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self._targets = dict(builtin)
        self._complete = False

    def _all(self) -> dict[str, str]:
        if not self._complete:
            for point in sorted(entry_points(group=f"netwatch.{self.kind}"), key=lambda p: p.name):
                self._targets.setdefault(point.name, point.value)
            self._complete = True
        return self._targets

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, name: str) -> T:
        """Load the part of that name.

        Raises:
            UsageError: no part has that name.

        """
        targets = self._all()
        if name not in targets:
            raise UsageError.unknown(self.kind, name, targets)
        module, _, attribute = targets[name].partition(":")
        part: T = getattr(import_module(module), attribute)
        return part

    def items(self) -> Iterator[tuple[str, T]]:
        """Each name with its part, loading all."""
        for name in self:
            yield name, self[name]
