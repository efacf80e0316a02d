"""The filter language: nfdump's and pcap-filter's words, compiled to a predicate on stored flows.

Grammar (case-insensitive, ``#`` begins a comment)::

    filter    = both { "or" both }
    both      = part { "and" part }
    part      = "not" part | "(" filter ")" | primitive

The primitives are those of :mod:`netwatch.store.filter.primitives`, which lists them.
"""

from __future__ import annotations

from netwatch.store.filter.grammar import compile_filter
from netwatch.store.filter.primitives import Predicate

__all__ = ["Predicate", "compile_filter"]
