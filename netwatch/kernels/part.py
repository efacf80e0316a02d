"""What kernels call, known to the compiler only: no Numba is imported to define it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Part:
    """A function that kernels call: ``inline`` in place of each call, ``checked`` for indexes outside of arrays."""

    def __init__(self, function: Callable[..., Any], *, inline: bool = False, checked: bool = True) -> None:
        self.__doc__ = function.__doc__
        self.function = function
        self.inline = inline
        self.checked = checked


class Intrinsic:
    """A function that writes LLVM's language; ``define`` is what Numba's ``intrinsic`` takes."""

    def __init__(self, define: Callable[..., Any]) -> None:
        self.define = define
