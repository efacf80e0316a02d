"""Whose traffic it is: watched networks, dated prefix tables, direction of each flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwatch.lazy import lazily
from netwatch.scope.options import ScopeOptions

if TYPE_CHECKING:
    from netwatch.scope.catalogue import import_table, known_tables, lookup
    from netwatch.scope.scope import Scope
    from netwatch.scope.table import TableInfo
    from netwatch.scope.watch import groups_of

__all__ = ["Scope", "ScopeOptions", "TableInfo", "groups_of", "import_table", "known_tables", "lookup"]

__getattr__ = lazily(
    __name__,
    {
        "Scope": "scope",
        "TableInfo": "table",
        "groups_of": "watch",
        "import_table": "catalogue",
        "known_tables": "catalogue",
        "lookup": "catalogue",
    },
)
