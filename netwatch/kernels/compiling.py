"""How metering kernels are compiled: bounds checked, and without the reference counts that Numba keeps by default.

The kernels allocate nothing, and their callers hold every array for as long as they run. Counting references at every
call of a part, with atomic instructions, took half of the time.
"""

from __future__ import annotations

from typing import Any

APART: dict[str, Any] = {"boundscheck": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""A part that is called seldom, or from many places."""
PART: dict[str, Any] = {**APART, "forceinline": True}
"""A part of the loop over packets: passing dozens of arrays costs more than most parts do."""
KERNEL: dict[str, Any] = {"boundscheck": True, "_nrt": False, "cache": True, "nogil": True}
"""What Python calls."""
