"""What hides in ``captures/quiet-hours`` is told with its role, with what speaks against it, and nothing else is."""

import tomllib
from pathlib import Path

import pytest

from netwatch.config import Options
from netwatch.model.taxonomy import family
from netwatch.model.verdict import Stand
from netwatch.pipeline import judged
from netwatch.scope import ScopeOptions

FOLDER = Path(__file__).parents[2] / "captures" / "quiet-hours"


@pytest.fixture(scope="module")
def verdicts():
    with judged([FOLDER / "quiet-hours.pcap.gz"], Options(scope=ScopeOptions(asn=("AS131279",)))) as result:
        return result.verdicts


def test_classes_and_roles_are_those_of_the_truth(verdicts):
    truth = tomllib.loads((FOLDER / "truth.toml").read_text())["verdict"]
    expected = {(v["class"], v["role"], v["subject"]) for v in truth}
    told = [v for v in verdicts if family(v.class_id) in ("mining", "attack")]
    assert {(v.class_id, v.role, v.subject) for v in told} == expected
    assert len(told) == len(expected)


def test_evidence_against_stands_beside_evidence_for(verdicts):
    (mining,) = [v for v in verdicts if v.class_id == "mining.encrypted"]
    against = {e.rule.partition("/")[2]: e.weight for e in mining.evidence if e.stand is Stand.AGAINST}
    assert against.keys() == {"service", "named"}
    assert all(weight < 0 for weight in against.values())
    assert sum(e.weight for e in mining.evidence if e.stand is Stand.FOR) > -sum(against.values())


def test_a_harmless_service_at_a_pools_port_is_not_told(verdicts):
    assert not [v for v in verdicts if "203.0.113.80" in (v.subject, v.peer)]
