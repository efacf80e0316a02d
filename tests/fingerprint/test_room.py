"""A query that its memory does not suffice for gets more, until there is none."""

import duckdb
import pytest

from netwatch.errors import OutputError
from netwatch.fingerprint import room

HUNGRY = "SELECT count(DISTINCT i) AS n FROM (SELECT hash(range) AS i, range % 3 AS k FROM range(2000000)) GROUP BY k"


@pytest.fixture
def engine(tmp_path):
    made = duckdb.connect(config={"memory_limit": "16MiB", "threads": 2, "temp_directory": str(tmp_path)})
    yield made
    made.close()


def test_a_query_gets_the_memory_that_it_needs(engine):
    with pytest.raises(duckdb.OutOfMemoryException):
        engine.execute(HUNGRY).fetchall()
    counted = room.answered(engine, HUNGRY, lambda answer: answer.to_arrow_table())
    assert sum(counted.column("n").to_pylist()) == 2_000_000
    number, unit = engine.execute("SELECT current_setting('memory_limit')").fetchone()[0].split()
    assert unit == "MiB" and float(number) >= 32


def test_a_machine_without_more_is_told_in_a_line(engine, monkeypatch):
    monkeypatch.setattr(room, "SHARE", 0.0)
    with pytest.raises(OutputError, match="not enough memory"):
        room.answered(engine, HUNGRY, lambda answer: answer.to_arrow_table())


def test_other_faults_are_not_touched(engine):
    with pytest.raises(duckdb.CatalogException):
        room.answered(engine, "SELECT * FROM nothing", lambda answer: answer.fetchall())
