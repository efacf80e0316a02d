"""How kernels are compiled: bounds-checked, without the lock of the interpreter, without reference counts.

Kernels allocate nothing, so Numba's reference counting (atomic, at each call with an array) is switched off:
that alone is a quarter of the speed of small functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

F = Callable[..., Any]
_ALWAYS: dict[str, Any] = {"boundscheck": True, "_nrt": False}


def kernel(function: F) -> F:
    """A function that Python calls: compiled once per machine."""
    compiled: F = njit(cache=True, nogil=True, **_ALWAYS)(function)
    return compiled


def part(function: F) -> F:
    """A function that kernels call."""
    compiled: F = njit(**_ALWAYS)(function)
    return compiled


def inlined(function: F) -> F:
    """A function that kernels call for every packet: its body is put in place of each call."""
    compiled: F = njit(forceinline=True, **_ALWAYS)(function)
    return compiled
