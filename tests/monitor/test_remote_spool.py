"""Inputs in an object store: each once by its content, as in a directory."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "store"))

import five_minutes
import s3_server

from netwatch.config import load
from netwatch.errors import UsageError
from netwatch.monitor.one_pass import run_pass
from netwatch.places import Place
from netwatch.store.lake import Lake
from netwatch.store.state import State

LACKING = s3_server.missing()
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"no S3 server to test against: {LACKING}")
NOW = 4_000_000_000 * 10**9
CONFIG = """store = "{name}"
[source.bucket]
path = "{path}"
settle = "{settle}"
[pass]
inputs = 2
[health]
stalled = "1000w"
"""


@pytest.fixture
def bucket(monkeypatch):
    """The spool in a bucket; how it is reached stands in the environment, as on a real machine."""
    with s3_server.server() as options:
        for name, value in options.items():
            monkeypatch.setenv(name, value)
        yield Place("s3://flows/spool")


def configured(home, path, name, settle="0s"):
    config = home / f"{name}.toml"
    config.write_text(CONFIG.format(name=name, path=path, settle=settle))
    return load(config)


def put(home, bucket, name, octets):
    (home / "given").write_bytes(octets)
    bucket.put(home / "given", name)


def rows(store):
    lake = Lake(store)
    held = sorted(map(str, lake.table().drop("day").to_pyarrow().to_pylist()))
    lake.close()
    return held


def test_a_bucket_gives_what_a_directory_gives_each_content_once(tmp_path, bucket):
    spool = tmp_path / "spool"
    spool.mkdir()
    for index in range(5):
        path = five_minutes.write(spool, index)
        put(tmp_path, bucket, f"day=1/{path.name}", path.read_bytes())
    for name in ("copy", ".hidden", "nfcapd.current.7", "day=1/late.part"):
        put(tmp_path, bucket, name, (spool / "v5.000000").read_bytes())
    put(tmp_path, bucket, "noise", b"nothing that is known")
    there, here = configured(tmp_path, bucket.root, "there"), configured(tmp_path, spool, "here")
    run_pass(here, NOW)
    first = run_pass(there, NOW).summary
    assert (first.inputs_seen, first.inputs_ingested, first.inputs_quarantined, first.faults) == (7, 5, 1, ())
    assert rows(there.store) == rows(here.store)
    state = State(there.state)
    names = {entry.name for _, entry in state.ledger() if entry.rows}
    state.close()
    assert names == {"s3://flows/spool/copy", *(f"s3://flows/spool/day=1/v5.00000{n}" for n in range(1, 5))}
    put(tmp_path, bucket, "again", (spool / "v5.000003").read_bytes())
    second = run_pass(there, NOW + 10**9).summary
    assert (second.inputs_seen, second.inputs_ingested, second.flows) == (8, 0, 0)
    assert not list((there.state / "scratch").glob("*"))


def test_what_changes_after_it_was_taken_is_told_and_what_is_young_waits(tmp_path, bucket):
    made = [five_minutes.octets(n, five_minutes.records(n, 20, 1)) for n in range(2)]
    put(tmp_path, bucket, "growing", made[0])
    young = run_pass(configured(tmp_path, bucket.root, "store", "100000w"), NOW).summary
    assert (young.inputs_ingested, young.inputs_waiting) == (0, 1)
    options = configured(tmp_path, bucket.root, "store")
    assert run_pass(options, NOW + 1).summary.inputs_ingested == 1
    put(tmp_path, bucket, "growing", b"".join(made))
    grown = run_pass(options, NOW + 2).summary
    assert (grown.inputs_ingested, grown.flows) == (0, 0)
    assert "grew after it was ingested" in grown.faults[0]


def test_a_store_that_does_not_answer_is_one_line(tmp_path, monkeypatch, bucket):
    with pytest.raises(UsageError, match="cannot list s3://no-such-bucket/x") as fault:
        run_pass(configured(tmp_path, "s3://no-such-bucket/x", "store"), NOW)
    assert "\n" not in str(fault.value)


def test_executors_elsewhere_would_not_see_the_copies(tmp_path):
    config = tmp_path / "netwatch.toml"
    config.write_text('engine = "local[2]"\n' + CONFIG.format(name="s", path="s3://a/b", settle="0s"))
    with pytest.raises(UsageError, match="behind a URL"):
        load(config)
