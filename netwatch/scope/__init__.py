"""Whose traffic it is: watched networks, dated prefix tables, direction of each flow."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netwatch.scope.options import ScopeOptions

if TYPE_CHECKING:
    from netwatch.scope.catalogue import import_table, known_tables, lookup
    from netwatch.scope.scope import Scope
    from netwatch.scope.table import TableInfo

__all__ = ["Scope", "ScopeOptions", "TableInfo", "import_table", "known_tables", "lookup"]

_HOMES = {"Scope": "scope", "TableInfo": "table", "import_table": "catalogue", "known_tables": "catalogue",
          "lookup": "catalogue"}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
