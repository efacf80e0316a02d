"""The lake: commits that are there once, wholly; what is at rest is what was given."""

import numpy as np
import pytest

pytest.importorskip("deltalake")

from netwatch.errors import UnreadableInput
from netwatch.model.elements import FLOW, JUDGED, SCOPED
from netwatch.model.flows import Flows, filled, octets_both
from netwatch.store.lake import Ingest, Lake, at_rest_schema

DAY = 86_400 * 10**9
START = 17_928 * DAY  # 2019-02-01


def flows(n: int, code: int, seed: int = 0) -> Flows:
    rng = np.random.default_rng(seed)
    start = START + rng.integers(0, 2 * DAY, n) // 1000 * 1000
    columns = {e.name: filled(e, n) for e in (*FLOW, *SCOPED, *JUDGED)}
    columns |= {
        "flow_start_nanoseconds": start,
        "flow_end_nanoseconds": start + 60 * 10**9,
        "source_address": rng.integers(0, 1 << 63, (n, 2)).astype(np.uint64),
        "octet_delta_count": rng.integers(40, 1 << 40, n),
        "packet_delta_count": rng.integers(1, 1 << 20, n),
        "input": np.full(n, code, np.uint32),
        "watch": rng.integers(0, 3, n).astype(np.uint16),
    }
    return Flows(columns)


def ingest(n: int, seed: int) -> tuple[Ingest, Flows]:
    digest = f"{seed + 1:064x}"[::-1]
    made = flows(n, Ingest(digest, "", 0).code, seed)
    first, last = int(made["flow_start_nanoseconds"].min()), int(made["flow_end_nanoseconds"].max())
    return Ingest(digest, f"file {seed}", 100, n, int(octets_both(made).sum()), first, last), made


def rows(lake: Lake) -> list[tuple]:
    return sorted(tuple(row.values()) for row in lake.table().to_pyarrow().to_pylist())


def test_a_commit_is_there_once(tmp_path):
    lake = Lake(tmp_path / "store")
    entry, made = ingest(100, 1)
    assert lake.number == 0
    assert lake.add(1, [entry], [made])
    assert not lake.add(1, [entry], [made])
    assert lake.number == 1
    assert lake.table().count().execute() == 100
    assert Lake(tmp_path / "store").entries(1) == [entry]


def test_of_two_writers_one_is_refused(tmp_path):
    one, other = Lake(tmp_path / "store"), Lake(tmp_path / "store")
    first, second = ingest(10, 1), ingest(20, 2)
    original = other._delta.transaction
    calls = iter([0])  # the other looks before the first has written
    other._delta.transaction = lambda name: next(calls, None) if (calls.__length_hint__()) else original(name)
    assert one.add(1, [first[0]], [first[1]])
    assert not other.add(1, [second[0]], [second[1]])
    assert one.table().count().execute() == 10


def test_rows_come_back_as_they_were(tmp_path):
    lake = Lake(tmp_path / "store")
    entry, made = ingest(500, 3)
    another, more = ingest(70, 4)
    lake.add(1, [entry, another], [made, more])
    back = Flows.concatenate(list(lake.batches([entry])))
    order = np.lexsort((made["octet_delta_count"],))
    returned = np.lexsort((back["octet_delta_count"],))
    for name in made:
        assert np.array_equal(made[name][order], back[name][returned]), name


def test_at_rest_is_what_every_engine_reads(tmp_path):
    schema = at_rest_schema()
    assert str(schema.field("flow_start").type) == "timestamp[us]"
    assert str(schema.field("octet_delta_count").type) == "int64"
    assert str(schema.field("source_address").type) == "binary"
    assert not any(str(field.type).startswith("uint") for field in schema)


def test_count_tells_what_the_ledger_must_say(tmp_path):
    lake = Lake(tmp_path / "store")
    made = [ingest(50 + seed, seed) for seed in range(4)]
    lake.add(1, [e for e, _ in made[:2]], [f for _, f in made[:2]])
    lake.add(2, [e for e, _ in made[2:]], [f for _, f in made[2:]])
    assert {e.code: (e.rows, e.octets, e.first, e.last) for e in lake.counted()} == {
        e.code: (e.rows, e.octets, e.first, e.last) for e, _ in made
    }


def test_compaction_keeps_rows_and_makes_files_fewer(tmp_path):
    lake = Lake(tmp_path / "store")
    for number in range(1, 6):
        entry, made = ingest(30, number)
        lake.add(number, [entry], [made])
    before = rows(lake)
    assert lake.compact() > 0
    assert rows(lake) == before
    assert len(lake.files()) == len(lake.days())
    assert lake.number == 5


def test_expiry_takes_whole_days(tmp_path):
    lake = Lake(tmp_path / "store")
    entry, made = ingest(200, 1)
    lake.add(1, [entry], [made])
    assert lake.days() == ["2019-02-01", "2019-02-02"]
    kept = int((made["flow_start_nanoseconds"] >= START + DAY).sum())
    assert lake.expire("2019-02-02") == 1
    assert lake.table().count().execute() == kept
    assert lake.number == 1
    assert lake.expire("2019-02-02") == 0


def test_what_is_made_is_private(tmp_path):
    Lake(tmp_path / "store")
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "store" / "flows").stat().st_mode & 0o777 == 0o700


def test_an_input_without_flows_can_be_committed(tmp_path):
    lake = Lake(tmp_path / "store")
    lake.add(1, [Ingest("ab" * 32, "empty", 0)], [])
    assert lake.number == 1
    assert lake.table().count().execute() == 0
    assert list(lake.batches(lake.entries(1))) == []


def test_a_state_of_the_version_before_is_migrated_and_of_a_later_one_refused(tmp_path):
    import sqlite3

    from netwatch.store.state import VERSION, State

    State(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.sqlite") as db:
        db.execute("drop index findings_by_change")
        db.execute("drop table carried")
        db.execute("alter table ledger drop column heard")
        db.execute("pragma user_version = 1")
    state = State(tmp_path)
    assert state.of_change("level_shift|scope|all|octets") == []
    with state.change():
        state.carry(17_000, {("scope", "all", "octets"): {"at": 1}})
    assert (state.carried_since, state.carried()) == (17_000, {("scope", "all", "octets"): {"at": 1}})
    state.close()
    with sqlite3.connect(tmp_path / "state.sqlite") as db:
        assert db.execute("pragma user_version").fetchone() == (VERSION,)
        db.execute(f"pragma user_version = {VERSION + 1}")
    with pytest.raises(UnreadableInput, match="this netwatch has"):
        State(tmp_path)


def test_what_killed_passes_left_behind_is_deleted_after_a_day(tmp_path):
    import os
    import time

    lake = Lake(tmp_path / "store")
    entry, made = ingest(50, 1)
    lake.add(1, [entry], [made])
    day = tmp_path / "store" / "flows" / "day=2019-02-01"
    orphans = [day / name for name in ("part-00000002-0.parquet", ".part-00000002-0.parquet.7.part")]
    for orphan in orphans:
        orphan.write_bytes(b"half")
        os.utime(orphan, (time.time() - 2 * 86_400,) * 2)
    (day / "part-00000003-0.parquet").write_bytes(b"of a pass that runs now")
    before = rows(lake)
    lake.compact()
    assert not any(orphan.exists() for orphan in orphans)
    assert (day / "part-00000003-0.parquet").exists()
    assert rows(lake) == before


def test_one_name_is_one_content(tmp_path):
    """Two that write the same number at once leave each other's files alone."""
    from netwatch.places import Place
    from netwatch.store.lake import sorted_batches
    from netwatch.store.parts import write_parts

    one, other = (write_parts(Place(str(tmp_path)), "part", sorted_batches([flows(40, 1, seed)])) for seed in (1, 2))
    again = write_parts(Place(str(tmp_path)), "part", sorted_batches([flows(40, 1, 1)]))
    assert again == one
    assert not {part.path for part in one} & {part.path for part in other}


def test_what_does_not_fit_into_memory_goes_to_the_temporary_directory(tmp_path, monkeypatch):
    import tempfile

    (tmp_path / "temporary").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    lake = Lake(tmp_path / "store")
    engine = lake.table().get_backend().con
    engine.execute("SET memory_limit = '12MB'")
    engine.execute("CREATE TEMP TABLE held AS SELECT range AS a, hash(range) AS b FROM range(3000000)")
    assert any(path.is_file() for path in (tmp_path / "temporary").rglob("*")) and not any(
        (tmp_path / "here").iterdir()
    )
    lake.close()
    assert not any((tmp_path / "temporary").iterdir())
