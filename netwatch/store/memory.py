"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Let the allocators return what they hold back: between stages that is more than the next stage needs.

    Batches come and go by the thousand; the C library and Arrow keep their pages for later ones of the same size.
    Where the C library has no ``malloc_trim`` (it is glibc's) only Arrow's are returned.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
