"""Queries kept as SQL on disk: a second run compiles none, what is damaged is made anew, none is taken for another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ibis
import numpy as np
import pytest

from netwatch.editions import KEPT, edition, private, prune, put, whole
from netwatch.fingerprint import prepared, queries
from netwatch.fingerprint.behaviour import questions, tries
from netwatch.fingerprint.behaviour.halves import halves
from netwatch.model.flows import ELEMENTS, Flows, filled
from netwatch.store.flows import FlowStore


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache" / "netwatch" / "queries"
    forget()


def forget() -> None:
    """As a new process would begin."""
    queries._compiled.cache_clear()
    prepared._folder.cache_clear()


@contextmanager
def stored(folder: Path) -> Iterator[ibis.Table]:
    n = 400
    rng = np.random.default_rng(5)
    made = {e.name: filled(e, n) for e in ELEMENTS.values()}
    made["source_address"][:, 1] = rng.integers(1, 4, n)
    made["destination_address"][:, 1] = rng.integers(100, 200, n)
    made["source_transport_port"] = rng.integers(40_000, 60_000, n).astype(np.uint16)
    made["destination_transport_port"] = rng.choice([22, 23, 53, 445], n).astype(np.uint16)
    made["protocol_identifier"][:] = 6
    made["tcp_control_bits"][:] = 2
    made["packet_delta_count"][:] = 1
    made["octet_delta_count"][:] = 60
    made["flow_start_nanoseconds"] = made["flow_end_nanoseconds"] = rng.integers(0, 7200, n) * 10**9
    folder.mkdir()
    store = FlowStore(folder)
    store.append(Flows(made))
    store.flush()
    try:
        yield store.table
    finally:
        store.close()


def answers(flows: ibis.Table, *, made: bool = True) -> tuple[object, ...]:
    with queries.kept(halves, flows, "netwatch_halves", made=made) as halved:
        return tuple(queries.run(query, halved) for query in (tries.hours, questions._hours))


def test_halves_that_are_not_held_give_the_same_answers(tmp_path: Path) -> None:
    with stored(tmp_path / "flows") as flows:
        assert answers(flows, made=False) == answers(flows)


def refused(*args: object, **kwargs: object) -> str:
    raise AssertionError("compiled")


def test_a_second_run_compiles_nothing_and_answers_alike(tmp_path: Path, place: Path, monkeypatch) -> None:
    with stored(tmp_path / "flows") as flows:
        first = answers(flows)
        assert first[0].num_rows
        assert len(list(place.glob("*/*.sql"))) == 3
        forget()
        with monkeypatch.context() as patched:
            patched.setattr(ibis, "to_sql", refused)
            again = answers(flows)
            assert again == first
            assert [table.schema for table in again] == [table.schema for table in first]
        # The same query over other tables is another.
        monkeypatch.setattr(ibis, "to_sql", refused)
        with pytest.raises(AssertionError, match="compiled"):
            queries.run(tries.hours, flows)


@pytest.mark.parametrize("damage", [lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b[: len(b) // 2], lambda b: b""])
def test_what_is_damaged_is_made_anew(tmp_path: Path, place: Path, damage) -> None:
    with stored(tmp_path / "flows") as flows:
        first = answers(flows)
        before = {path: path.read_bytes() for path in place.glob("*/*.sql")}
        for path, octets in before.items():
            path.write_bytes(damage(octets))
        forget()
        assert answers(flows) == first
        assert {path: path.read_bytes() for path in place.glob("*/*.sql")} == before


def test_only_functions_of_a_module_of_the_stage_are_kept() -> None:
    def closure(flows: ibis.Table) -> ibis.Table:
        return flows

    closure.__module__ = tries.__name__
    assert prepared.path_of(tries.hours, 1) is not None
    assert prepared.path_of(closure, 1) is None
    assert prepared.path_of(stored, 1) is None
    imposter = type(lambda: 0)(closure.__code__, {}, "hours", None, ())
    imposter.__module__, imposter.__qualname__ = tries.__name__, "hours"
    assert prepared.path_of(imposter, 1) is None


def test_without_a_folder_queries_are_compiled_each_time(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(prepared, "private", lambda kind: None)
    with stored(tmp_path / "flows") as flows:
        first = answers(flows)
        forget()
        assert answers(flows) == first
    monkeypatch.setattr(prepared, "put", lambda path, octets: (_ for _ in ()).throw(OSError("full")))
    prepared.keep(tmp_path / "x.sql", prepared.Prepared("SELECT 1", ibis.schema({"a": "int64"}).to_pyarrow()))
    assert not (tmp_path / "x.sql").exists()


def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path, place: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert private("queries") == place
    place.chmod(0o777)
    fallback = private("queries")
    assert fallback is not None
    assert fallback.parent == tmp_path / "temporary"
    fallback.chmod(0o770)
    assert private("queries") is None


def test_editions_follow_their_sources_and_old_ones_go(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    names = set()
    for number in range(KEPT + 2):
        source.write_text(f"x = {number}")
        name = edition([source], ["numpy"])
        assert name == edition([source], ["numpy"])
        names.add(name)
        put(tmp_path / "kept" / name / "a", b"whole")
        assert whole(tmp_path / "kept" / name / "a") == b"whole"
    assert len(names) == KEPT + 2
    prune(tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == KEPT
