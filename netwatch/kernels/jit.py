"""How kernels are compiled: bounds-checked, without the lock of the interpreter, without reference counts.

Kernels allocate nothing, and their callers hold every array for as long as they run: Numba's reference counting
(atomic, at each call with an array) took half of the time and is switched off. Only kernels can be called from Python;
a test of a part puts it into a function of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from numba import njit

F = Callable[..., Any]
_ALWAYS: dict[str, Any] = {"boundscheck": True, "_nrt": False, "no_cfunc_wrapper": True}
_INNER: dict[str, Any] = {**_ALWAYS, "no_cpython_wrapper": True}


def kernel(function: F) -> F:
    """A function that Python calls: compiled once per machine."""
    compiled: F = njit(cache=True, nogil=True, **_ALWAYS)(function)
    return compiled


def part(function: F) -> F:
    """A function that kernels call seldom, or from many places."""
    compiled: F = njit(**_INNER)(function)
    return compiled


def inlined(function: F) -> F:
    """A function that kernels call for every packet: its body is put in place of each call."""
    compiled: F = njit(forceinline=True, **_INNER)(function)
    return compiled


def checked_before(function: F) -> F:
    """A part that checks the whole range of each array that it touches before its loop, which then checks nothing."""
    compiled: F = njit(**{**_INNER, "boundscheck": False})(function)
    return compiled


def _pass_by_blas() -> None:
    """Let Numba not look for BLAS, which no kernel uses: the search imports scipy.linalg, 0.15 s of every start."""
    if "scipy.linalg" in sys.modules or "numba.np.arraymath" in sys.modules:
        return
    sys.modules["scipy.linalg"] = None  # type: ignore[assignment]  # Python's own way to say that there is none
    try:
        import numba.np.arraymath  # noqa: F401 - it looks once, when it is imported
    finally:
        del sys.modules["scipy.linalg"]


_pass_by_blas()
