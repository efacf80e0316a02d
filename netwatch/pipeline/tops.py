"""The largest networks, hosts and ports of the stored flows."""

from __future__ import annotations

from typing import Any

from netwatch.explain.dimensions import DIMENSIONS
from netwatch.report import TopRow, TopTable
from netwatch.scope import Scope
from netwatch.store.top import measured

ROWS = 20
TABLES = {"networks": "asn", "hosts": "host", "ports": "port"}
"""Name of the table → dimension that it ranks."""


def top_tables(flows: Any, scope: Scope) -> tuple[TopTable, ...]:
    """One table a name of :data:`TABLES`, by octets of both directions, sampling corrected."""
    import ibis

    table = measured(flows)
    total = float(table.octets.sum().to_pyarrow().as_py() or 0)
    made = []
    for name, dimension in TABLES.items():
        of = DIMENSIONS[dimension]
        ranked = (
            table.mutate(key=of.expression(table))
            .group_by("key")
            .agg(octets=ibis._.octets.sum(), packets=ibis._.packets.sum(), flows=ibis._.count())
            .order_by([ibis.desc("octets"), "key"])
            .limit(ROWS)
        )
        rows = tuple(
            TopRow(
                of.write(row["key"]),
                float(row["octets"]),
                float(row["packets"]),
                float(row["flows"]),
                scope.holder(int(row["key"])) if dimension == "asn" and row["key"] else "",
            )
            for row in ranked.to_pyarrow().to_pylist()
        )
        made.append(TopTable(name, rows, total))
    return tuple(made)
