"""Places and lakes behind a URL: what is put there is what is read, whichever way it came."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import s3_server
from test_lake import ingest, rows

from netwatch.places import Place, is_url
from netwatch.store.keys import Key
from netwatch.store.lake import Lake, sorted_batches
from netwatch.store.over_time import over_time
from netwatch.store.parts import write_parts

LACKING = s3_server.missing()
remote = pytest.mark.skipif(bool(LACKING), reason=f"no S3 server to test against: {LACKING}")


@pytest.fixture(scope="module")
def options():
    with s3_server.server() as made:
        yield made


def moved(place: Place, scratch: Path) -> None:
    """A file goes to a place, is there, and is gone once its folder is removed."""
    octets = bytes(range(256)) * 30_000  # more than one part of an upload
    for name in ("a/one.bin", "a/two.bin", "b.bin"):
        (scratch / "given").write_bytes(octets)
        assert place.put(scratch / "given", name) == len(octets)
    assert [(item.name, item.size) for item in place.files()] == [
        (name, len(octets)) for name in ("a/one.bin", "a/two.bin", "b.bin")
    ]
    with place.open("a/one.bin") as file:
        file.seek(1000)
        assert file.read(5000) == octets[1000:6000]
    place.remove("a")
    place.remove("never there")
    assert [item.name for item in place.files()] == ["b.bin"]
    assert place.files("a") == []


def test_a_directory_is_a_place(tmp_path):
    moved(Place(str(tmp_path / "place")), tmp_path)


@remote
def test_a_bucket_is_a_place(tmp_path, options):
    moved(Place("s3://flows/place", options), tmp_path)


def test_paths_are_no_urls():
    assert [is_url(text) for text in ("s3://b/x", "gs://b", "abfss://c@a/x", "/var/s3", "file://x", "a:b")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


@remote
def test_a_lake_in_a_bucket_is_a_lake_in_a_directory(tmp_path, options):
    here, there = Lake(tmp_path / "store"), Lake("s3://flows/store", options)
    for number in (1, 2):
        entry, made = ingest(200, number)
        assert here.add(number, [entry], [made])
        assert there.add(number, [entry], [made])
        assert not there.add(number, [entry], [made])
    assert rows(there) == rows(here)
    assert there.days() == here.days()
    assert set(there.counted()) == set(here.counted())
    by_hour = over_time(here.table(), 3600, [Key("direction")], [Key("source_address")])
    assert over_time(there.table(), 3600, [Key("direction")], [Key("source_address")]) == by_hour
    assert sum(one.sums[2] for one in by_hour) == 400
    assert Lake("s3://flows/store", options).entries(2) == here.entries(2)


@pytest.mark.parametrize("kind", ["directory", pytest.param("bucket", marks=remote)])
def test_parts_written_apart_are_adopted_once(tmp_path, kind, request):
    where = (str(tmp_path / "lake"), {})
    if kind == "bucket":
        where = ("s3://flows/lake", request.getfixturevalue("options"))
    lake, twin = Lake(*where), Lake(tmp_path / "twin")
    entry, made = ingest(300, 5)
    table = Place(f"{where[0]}/flows", where[1])
    parts = write_parts(table, "part-x", sorted_batches([made]))
    assert write_parts(table, "part-x", sorted_batches([made])) == parts  # done again by another executor
    assert lake.table().count().execute() == 0
    assert lake.adopt(1, [entry], parts)
    assert not lake.adopt(1, [entry], parts)
    twin.add(1, [entry], [made])
    assert rows(lake) == rows(twin)
    assert lake.entries(1) == twin.entries(1)
    assert lake.info()["rows"] == 300
    second, more = ingest(10, 6)
    assert lake.add(2, [second], [more])
    assert lake.compact() > 0
    assert {(e.code, e.rows, e.octets) for e in lake.counted()} == {(e.code, e.rows, e.octets) for e in (entry, second)}
