"""Counters that nothing ever carried: left out with a reason before any sum overflows; the rest is told as ever."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from netwatch.cli import run
from netwatch.model.flows import Flows
from netwatch.model.tally import BEYOND, Tally
from netwatch.read.counters import LARGEST, believed

HEADER = "flow_start,flow_end,source_address,destination_address,octet_delta_count,packet_delta_count"
HEADER += ",reverse_octet_delta_count,sampling_packet_interval\n"


def flows_of(octets: list[int], interval: list[int]) -> Flows:
    n = len(octets)
    return Flows(
        {
            "octet_delta_count": np.array(octets, np.int64),
            "packet_delta_count": np.ones(n, np.int64),
            "sampling_packet_interval": np.array(interval, np.uint32),
        }
    )


def test_what_sampling_makes_of_a_counter_counts() -> None:
    tally = Tally("counters", "flow record")
    octets = [5, LARGEST - 1, LARGEST, 1 << 62, -1, LARGEST // 1000 - 1, LARGEST // 1000 + 1]
    kept = believed(flows_of(octets, [1, 1, 1, 1, 1, 1000, 1000]), tally)
    assert kept["octet_delta_count"].tolist() == [5, LARGEST - 1, LARGEST // 1000 - 1]
    assert tally.balanced
    assert (tally.kept, tally.dropped[BEYOND].units) == (3, 4)


def test_ordinary_records_are_not_copied() -> None:
    flows, tally = flows_of([1, 2, 3], [1, 100, 1000]), Tally("counters", "flow record")
    assert believed(flows, tally) is flows
    assert (tally.kept, tally.dropped) == (3, {})


@pytest.mark.parametrize(("octets", "left"), [(LARGEST - 1, 3000), (1 << 62, 1)])
def test_records_of_a_broken_exporter_fail_no_command(
    octets: int, left: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "flows.csv"
    wide = f"2019-06-05T00:00:0{{}}Z,2019-06-05T00:00:09Z,10.0.0.1,192.0.2.1,{octets},1,{octets},1\n"
    sound = "2019-06-05T00:00:00Z,2019-06-05T00:00:09Z,10.0.0.1,192.0.2.1,100,1,0,1\n"
    path.write_text(HEADER + "".join(wide.format(i % 8) for i in range(2999)) + sound)
    assert run(["inspect", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    whole = (2999 * 2 * octets if left > 1 else 0) + 100
    assert told["layer_3_octets"] == pytest.approx(whole, rel=1e-12)
    assert run(["flows", str(path), "--group", "srcip", "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["flows"] == left
    assert told["octets"] == pytest.approx(whole, rel=1e-12)
    assert run(["analyze", str(path), "--out", str(tmp_path / "out"), "--formats", "json"]) == 0
    assert (f"{2999:,} flows with times or counters that cannot be right" in capsys.readouterr().out) == (left == 1)
