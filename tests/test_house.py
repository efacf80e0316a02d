"""The architecture holds: stages do not know each other, imports have no cycle, files stay of a size."""

from __future__ import annotations

import ast
from collections.abc import Container
from graphlib import TopologicalSorter
from pathlib import Path

import netwatch
from netwatch.model.elements import FLOW, JUDGED, SCOPED, column_name

HOUSE = Path(netwatch.__file__).parent
TABLES_OF_DATA = {"model/elements.py", "model/taxonomy.py"}


def module_name(path: Path) -> str:
    parts = ("netwatch", *path.relative_to(HOUSE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, modules: Container[str]) -> set[str]:
    """Modules that a file imports; ``from package import module`` is an import of the module, not of what its package
    offers.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in inner}
    return {name for name in found if name in modules}


def test_imports_have_a_topological_order() -> None:
    files = {module_name(p): p for p in HOUSE.rglob("*.py")}
    graph = {name: imports_of(path, files) - {name} for name, path in files.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(files)


def test_no_file_is_over_four_hundred_lines() -> None:
    long = {
        str(p.relative_to(HOUSE)): n
        for p in HOUSE.rglob("*.py")
        if (n := len(p.read_text().splitlines())) > 400 and str(p.relative_to(HOUSE)) not in TABLES_OF_DATA
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(p) for p in HOUSE.rglob("*.py") if not ast.get_docstring(ast.parse(p.read_text()))]
    assert silent == []


def test_column_names_follow_one_rule() -> None:
    assert column_name("octetDeltaCount") == "octet_delta_count"
    assert column_name("tcpControlBits", reverse=True) == "reverse_tcp_control_bits"
    assert column_name("ipNextHopIPv4Address") == "ip_next_hop_ipv4_address"
    names = [e.name for e in (*FLOW, *SCOPED, *JUDGED)]
    assert len(names) == len(set(names))


def test_names_of_test_modules_are_unique() -> None:
    """Of two with one name, pytest collects only the first."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
