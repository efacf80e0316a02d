"""Flows survive the store, and the query engine sees the same rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netwatch.errors import OutputError
from netwatch.model.flows import ELEMENTS, Flows
from netwatch.store import FlowStore
from netwatch.store.schema import name_at_rest


def random_flows(n: int, seed: int = 1) -> Flows:
    rng = np.random.default_rng(seed)
    columns = {}
    for element in ELEMENTS.values():
        limit = min(np.iinfo(element.dtype.base).max, 2**62)
        columns[element.name] = rng.integers(0, limit, (n, *element.dtype.shape), element.dtype.base)
    start = rng.integers(0, 10**9, n) * 1000 + 1_500_000_000_000_000_000
    columns["flow_start_nanoseconds"] = start
    columns["flow_end_nanoseconds"] = start + 1000 * rng.integers(0, 10**6, n)
    return Flows(columns)


def test_every_column_comes_back(tmp_path: Path) -> None:
    flows = random_flows(1000)
    store = FlowStore(tmp_path)
    store.append(flows.take(np.arange(400)))
    store.append(flows.take(np.arange(400, 1000)))
    store.flush()
    back = Flows.concatenate(list(store.batches()))
    assert store.rows == 1000
    assert store.first == flows["flow_start_nanoseconds"].min()
    for name in flows:
        np.testing.assert_array_equal(back[name], flows[name], err_msg=name)


def test_query_engine_sees_the_same_sums(tmp_path: Path) -> None:
    flows = random_flows(500)
    flows = flows.with_columns(octet_delta_count=np.arange(500))
    store = FlowStore(tmp_path)
    store.append(flows)
    store.flush()
    table = store.table
    assert table.octet_delta_count.sum().execute() == 500 * 499 // 2
    assert table.flow_start.min().execute().value == flows["flow_start_nanoseconds"].min()
    assert {len(a) for a in table.source_address.to_pyarrow().to_pylist()} == {16}
    store.close()


def test_an_empty_store_has_a_table(tmp_path: Path) -> None:
    store = FlowStore(tmp_path)
    store.flush()
    assert store.table.count().execute() == 0
    assert set(store.table.columns) == {name_at_rest(name) for name in ELEMENTS}
    assert list(store.batches()) == []
    store.close()


def test_a_directory_that_is_gone_is_one_clear_error(tmp_path: Path) -> None:
    store = FlowStore(tmp_path / "missing")
    store.append(random_flows(10))
    with pytest.raises(OutputError, match="cannot store flows"):
        store.flush()
