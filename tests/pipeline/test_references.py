"""Evidence names the file and frame that it rests on, in one run and in a monitor's passes."""

import gzip
from pathlib import Path

import pytest

from netwatch.config import Options
from netwatch.model.taxonomy import family
from netwatch.model.verdict import Evidence, Stand, Verdict
from netwatch.pipeline.increment import Context, Named, findings_of, increment
from netwatch.pipeline.passes import input_names, judged
from netwatch.read.inputs import InputFile
from netwatch.scope import ScopeOptions
from netwatch.store.lake import Ingest

KEPT = Path(__file__).parents[2] / "captures"
OPTIONS = Options(scope=ScopeOptions(prefix=("175.45.176.0/22",)))
QUIET, LOUD = "ordinary-office", "mixed-hour"


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """The quiet capture is read first, so that the loud one is not input 0."""
    folder = tmp_path_factory.mktemp("captures")
    made = {}
    for name in (QUIET, LOUD):
        made[name] = folder / f"{name}.pcap"
        made[name].write_bytes(gzip.decompress((KEPT / name / f"{name}.pcap.gz").read_bytes()))
    return made


def told(verdicts):
    """(file, frame) of all that mining and attacks rest on, and the groups of evidence."""
    grounds = [e for v in verdicts if family(v.class_id) in ("mining", "attack") for e in v.evidence if e.references]
    return {one.rpartition("#")[::2] for e in grounds for one in e.references}, {e.group for e in grounds}


def test_a_run_names_the_file(captures):
    with judged([captures[QUIET], captures[LOUD]], OPTIONS) as result:
        places, groups = told(result.verdicts)
    assert {file for file, _ in places} == {f"{LOUD}.pcap"}
    assert "payload" in groups
    assert all(int(frame) >= 1 for _, frame in places)


def test_an_increment_names_the_input_of_the_store(captures):
    named = [
        Named(str(path), Ingest(f"{number:x}" * 64, path.name, path.stat().st_size))
        for number, path in enumerate(captures.values(), 3)
    ]
    with increment(named, OPTIONS, Context()) as made:
        places, groups = told([v for finding in made.findings for v in finding.verdicts])
    assert {file for file, _ in places} == {f"{LOUD}.pcap"}
    assert "payload" in groups


def test_files_of_one_name_are_told_by_their_paths():
    files = [InputFile(0, "a/x.pcap"), InputFile(1, "b/x.pcap"), InputFile(2, "b/y.pcap"), InputFile(3, "-")]
    assert input_names(files) == {0: "a/x.pcap", 1: "b/x.pcap", 2: "y.pcap", 3: "-"}


def flooded(*references):
    evidence = Evidence("flood.rate", "rate", Stand.FOR, "a high rate", "", 5.0, references)
    ends = ("192.0.2.7", "", 80, 6, 10**18, 10**18 + 10**9)
    return Verdict("dos.flood.syn", "target", *ends, 0.95, 0.01, "behaviour", "", 1e6, 1e4, 3e3, 3000, (evidence,))


def test_evidence_of_earlier_commits_names_their_inputs_also_where_some_share_a_code():
    new = Ingest("0" * 7 + "4" + "a" * 56, "new", 1, 5, 5, 10**18, 10**18 + 10**9)
    earlier = {7: ["one before"], new.code: ["of the same code"]}
    (finding,) = findings_of([flooded("7#3", f"{new.code}#4", "9#5")], [new], Context(names=earlier))
    (told,) = (e.references for e in finding.verdicts[0].evidence)
    assert told == ("one before#3", "new or of the same code#4", "9#5")
