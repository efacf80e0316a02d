"""report.json: by its schema, balanced, and the same story as the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from report_stories import REPORTS

import netwatch.report
from netwatch.report import Report, write

SCHEMA = json.loads((Path(netwatch.report.__file__).parent / "schema.json").read_text())
DOCS = Path(__file__).parents[2] / "docs" / "report.md"
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "anyOf", "required", "properties",
    "additionalProperties", "items", "minItems", "maxItems",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], at: str = "$") -> list[str]:
    """Where the value breaks the schema: the part of JSON Schema 2020-12 that ours uses."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    found: list[str] = []
    if "$ref" in schema:
        found += faults(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], at)
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} not in {schema['enum']}")
    if "anyOf" in schema and all(faults(value, s, at) for s in schema["anyOf"]):
        found.append(f"{at}: none of anyOf")
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        kinds = tuple(kind for name in names for kind in TYPES[name])
        if not isinstance(value, kinds) or (isinstance(value, bool) and "boolean" not in names):
            return [*found, f"{at}: {type(value).__name__} is not {names}"]
    if isinstance(value, dict):
        found += [f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, inner in value.items():
            rule = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
            if rule is False:
                found.append(f"{at}: {name} is not in the schema")
            elif rule is not True:
                found += faults(inner, rule, f"{at}.{name}")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{at}: {len(value)} items")
        for number, inner in enumerate(value):
            found += faults(inner, schema.get("items", {}), f"{at}[{number}]")
    return found


def told(report: Report, directory: Path) -> dict[str, Any]:
    (path,) = write(report, directory, ["json"])
    text = path.read_text(encoding="ascii")

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    result: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return result


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_schema_holds(name: str, tmp_path: Path) -> None:
    assert faults(told(REPORTS[name](), tmp_path), SCHEMA) == []


def test_the_check_sees_faults(empty: Report, tmp_path: Path) -> None:
    right = told(empty, tmp_path)
    assert faults({**right, "more": 1}, SCHEMA)
    assert faults({**right, "schema": "other/1"}, SCHEMA)
    assert faults({**right, "changes": [{}]}, SCHEMA)
    assert faults({k: v for k, v in right.items() if k != "title"}, SCHEMA)


def test_what_is_told_is_what_was_found(years: Report, tmp_path: Path) -> None:
    document = told(years, tmp_path)
    rise = document["findings"][0]
    assert rise["kind"] == "volume"
    assert rise["change"]["ratio"] == 3.1
    for composition in rise["compositions"]:
        assert sum(s["share"] for s in composition["shares"]) + composition["residual"] == pytest.approx(1)
    for tally in document["tallies"]:
        assert tally["seen"] == tally["kept"] + sum(d["units"] for d in tally["dropped"].values())
    gap = next(c for c in document["changes"] if c["kind"] == "gap")
    assert gap["ratio"] is None
    assert document["rhythms"][0]["after"]["rate"][2][3] is None
    stands = [e["stand"] for e in document["verdicts"][0]["evidence"]]
    assert stands.count("for") == 3
    assert stands.count("against") == 1
    assert stands.count("not available") == 2
    assert document["window"]["since"] == "2017-01-01T08:30:00+08:30", "Pyongyang was half an hour off in 2017"


def test_every_field_is_documented() -> None:
    words = DOCS.read_text()
    assert [name for name in SCHEMA["properties"] if f"`{name}`" not in words] == []
