"""Every engine gives the rows that the others give."""

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

import spark_cluster
from test_lake import ingest

from netwatch.errors import UsageError
from netwatch.store.engines import Embedded, open_engine
from netwatch.store.filter import compile_filter
from netwatch.store.keys import key_of
from netwatch.store.lake import Lake, at_rest_schema
from netwatch.store.over_time import over_time
from netwatch.store.top import top

LACKING = spark_cluster.missing()


def keys(*words):
    return [key_of(word) for word in words]


QUESTIONS = {
    "octets by hour and watch, one net": lambda t: over_time(
        t.filter(compile_filter("packets > 1000 and ipv6")(t)), 3600, keys("direction", "class")
    ),
    "sources by five minutes": lambda t: over_time(t, 300, [], keys("source_address")),
    "sources by day and input": lambda t: over_time(t, 86_400, keys("input"), keys("srcip", "dstport", "srcip/20")),
    "20 largest sources": lambda t: top(t, keys("srcip"), "octets"),
    "most flows by input": lambda t: top(t, keys("input", "class"), "flows", None),
    "networks of both families": lambda t: top(t, keys("srcip/22", "dstip/48"), "octets", None),
    "networks of one family": lambda t: top(t, keys("srcip4/7", "dstip6/61"), "flows", None),
    "rates and flags": lambda t: top(t.filter(compile_filter("bps > 1m or flags S or duration > 1")(t)), keys("proto")),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    place = tmp_path_factory.mktemp("lake")
    made = Lake(place)
    for number in (1, 2, 3):
        entry, flows = ingest(400, number)
        made.add(number, [entry], [flows])
    yield made
    made.close()


@pytest.fixture(scope="module")
def spark():
    if LACKING:
        pytest.skip(f"no Spark to test on: {LACKING}")
    from netwatch.store.spark import Spark

    engine = Spark("local[2]")
    yield engine
    engine.close()


def test_spark_answers_what_duckdb_answers(lake, spark):
    here, there = lake.table(), spark.table("flows", lake.files(), at_rest_schema())
    assert here.columns == there.columns
    for name, question in QUESTIONS.items():
        answer = question(here)
        assert answer, name
        assert question(there) == answer, name


def test_spark_maps_in_order(spark):
    assert spark.map(str, list(range(50))) == [str(number) for number in range(50)]
    assert spark.map(str, []) == []
    assert spark.table("none", [], at_rest_schema()).count().to_pyarrow().as_py() == 0


def test_files_with_and_without_a_column_are_one_table(lake, tmp_path):
    engine = Embedded()
    first = pq.ParquetFile(lake.files()[0].removeprefix("file://")).read().drop_columns(["role"])
    pq.write_table(first, tmp_path / "first.parquet")
    table = engine.table("mixed", [str(tmp_path / "first.parquet"), *lake.files()], at_rest_schema())
    assert table.count().to_pyarrow().as_py() == 1200 + first.num_rows
    engine.close()


@pytest.mark.parametrize("name", ["spark", "mysql", "", "SPARK://head:7077"])
def test_an_unknown_engine_is_named(name):
    with pytest.raises(UsageError, match="unknown engine"):
        open_engine(name)
