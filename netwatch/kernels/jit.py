"""What marks a function as a kernel, or as a part of kernels; nothing here imports Numba, which takes half a second.

A kernel's machine code is kept on disk and run from there (``machine``); Numba compiles it where there is none yet
(``compiler``). Kernels allocate nothing, return numbers or nothing, and read and write the arrays they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netwatch.kernels.machine import Arguments, Code, keep, kept, path_of
from netwatch.kernels.part import Part

F = Callable[..., Any]


class Kernel(Part):
    """A function that Python calls; the lock of the interpreter is free meanwhile."""

    def __init__(self, function: F) -> None:
        super().__init__(function)
        self._codes: dict[tuple[object, ...], Code] = {}

    def __call__(self, *values: Any) -> Any:
        """Run it.

        Raises:
            IndexError: it reached beyond an array.

        """
        arguments = Arguments(values)
        kinds = tuple(arguments.kinds)
        code = self._codes.get(kinds)
        if code is None:
            code = self._codes[kinds] = self._code(arguments)
        return code(arguments.words)

    def _code(self, arguments: Arguments) -> Code:
        """The code for such arguments: from disk, or compiled now and put there."""
        # Of functions elsewhere, such as in tests, no edition tells that they changed.
        path = path_of(self.function, arguments) if self.function.__module__.startswith(f"{__package__}.") else None
        compiled = kept(path) if path else None
        if compiled is None:
            from netwatch.kernels.compiler import compiled_for

            compiled = compiled_for(self.function, arguments.values)
            if path:
                keep(path, compiled)
        return Code(compiled, arguments)


def kernel(function: F) -> Kernel:
    """A function that Python calls."""
    return Kernel(function)


def part(function: F) -> F:
    """A function that kernels call seldom, or from many places."""
    return Part(function)  # type: ignore[return-value]  # to a kernel it is the function


def inlined(function: F) -> F:
    """A function that kernels call for every packet: its body is put in place of each call."""
    return Part(function, inline=True)  # type: ignore[return-value]


def checked_before(function: F) -> F:
    """A part that checks the whole range of each array that it touches before its loop, which then checks nothing."""
    return Part(function, checked=False)  # type: ignore[return-value]
