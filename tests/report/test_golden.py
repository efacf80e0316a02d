"""What the report on an hour of mixed traffic holds: kinds, classes and roles of its findings, and its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from netwatch.config import Options
from netwatch.pipeline import analyze
from netwatch.report import write
from netwatch.scope import ScopeOptions

CAPTURE = Path(__file__).parents[2] / "captures" / "mixed-hour" / "mixed-hour.pcap.gz"
GOLDEN = Path(__file__).parent / "golden" / "mixed-hour.json"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    report = analyze([CAPTURE], Options(scope=ScopeOptions(asn=("AS131279",))))
    (path,) = write(report, tmp_path_factory.mktemp("golden"), ["json"])
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_findings_are_those_of_the_golden_report(told: dict[str, Any]) -> None:
    found = [{name: f[name] for name in ("kind", "severity", "subject", "classes", "roles")} for f in told["findings"]]
    assert found == json.loads(GOLDEN.read_text())


def test_the_answer_has_its_three_parts(told: dict[str, Any]) -> None:
    much, what, capture = (part["words"] for part in told["answer"])
    assert much.startswith("No lasting change")
    for words in ("mines Monero (XMR), confirmed", "mines Bitcoin (BTC), confirmed", "2 floods against here"):
        assert words in what
    assert capture.startswith("Nothing speaks for it")


def test_departures_that_attacks_made_stand_with_them(told: dict[str, Any]) -> None:
    """A flood of an hour's capture is one finding, with its volume, and no second one about volume."""
    reflection = next(f for f in told["findings"] if f["classes"] == ["dos.reflection.dns"])
    assert "It raised volume in 175.45.177.0/24" in " ".join(reflection["words"])
    assert not [f for f in told["findings"] if f["kind"] == "volume"]
