"""``netwatch meter``: a flow file that holds every packet, or none at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from netwatch.cli import run
from netwatch.meter import Meter
from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.read import ReadOptions, open_inputs
from netwatch.store.schema import from_arrow

CAPTURES = Path(__file__).parents[2] / "captures"
SCAN = CAPTURES / "port-scan" / "port-scan.pcap.gz"


def test_the_file_holds_what_the_meter_gives(tmp_path: Path) -> None:
    out = tmp_path / "flows.parquet"
    assert run(["meter", str(SCAN), "--out", str(out), "--quiet"]) == 0
    meter = Meter(payload=False)  # in a file no flow has payload beside it
    parts = [meter.add(batch) for batch in open_inputs([SCAN], ReadOptions()) if isinstance(batch, Packets)]
    expected = Flows.concatenate([*parts, meter.finish()])
    found = from_arrow(pq.ParquetFile(out).read())
    assert len(found) == len(expected) > 0
    for name in expected:
        times = name in ("flow_start_nanoseconds", "flow_end_nanoseconds")
        wanted = expected[name] // 1000 * 1000 if times else expected[name]  # µs at rest
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)
    assert [path.name for path in tmp_path.iterdir()] == ["flows.parquet"]


def test_flow_records_are_refused_and_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported = next((CAPTURES / "three-years").glob("*.ipfix.gz"))
    assert run(["meter", str(exported), "--out", str(tmp_path / "flows.parquet"), "--quiet"]) == 2
    assert "netwatch flows" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["meter", str(SCAN), "--out", str(tmp_path / "none" / "flows.parquet"), "--quiet"]) == 74
    assert capsys.readouterr().err.count("\n") == 1


def test_held_flows_are_the_same_flows() -> None:
    at_once, held = Meter(), Meter()
    one, other = [], []
    for batch in open_inputs([SCAN], ReadOptions(batch=100)):
        assert isinstance(batch, Packets)
        one.append(at_once.add(batch))
        other.append(held.add(batch, 500))
    a, b = Flows.concatenate([*one, at_once.finish()]), Flows.concatenate([*other, held.finish()])
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    assert a.exchange is not None and b.exchange is not None
    np.testing.assert_array_equal(a.exchange.row, b.exchange.row)
    np.testing.assert_array_equal(a.exchange.heads, b.exchange.heads)
