"""Carved packets are those of the chosen flows, and metering them again gives these flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from netwatch.cli import run
from netwatch.config import Options
from netwatch.errors import UnreadableInput
from netwatch.pipeline import carve, judged
from netwatch.read.frame import frame, frames
from netwatch.store.export import collect
from netwatch.store.filter import compile_filter

MIXED = Path(__file__).parents[2] / "captures" / "mixed-hour" / "mixed-hour.pcap.gz"
COUNTERS = ("octet_delta_count", "packet_delta_count", "reverse_octet_delta_count", "reverse_packet_delta_count")


@pytest.mark.parametrize("words", ["port 3333", "host 175.45.177.33", "src port 53 and udp"])
def test_carved_flows_come_out_the_same(words: str, tmp_path: Path) -> None:
    out = tmp_path / "evidence.pcap"
    with judged([MIXED], Options()) as result:
        table = result.store.table
        chosen = collect(table.filter(compile_filter(words)(table)))
        carved = carve(result.inputs, chosen, out, Options())
    assert carved == sum(int(chosen[name].sum()) for name in ("packet_delta_count", "reverse_packet_delta_count"))
    with judged([out], Options()) as again:
        for name in COUNTERS:
            assert again.store.table[name].sum().to_pyarrow().as_py() == int(chosen[name].sum())


def test_no_flows_carve_an_empty_capture(tmp_path: Path) -> None:
    out = tmp_path / "none.pcap"
    with judged([MIXED], Options()) as result:
        table = result.store.table
        assert carve(result.inputs, collect(table.filter(compile_filter("host 192.0.2.1")(table))), out, Options()) == 0
    assert list(frames(str(out))) == []


def test_a_frame_is_dissected(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(MIXED), "--frame", "1"]) == 0
    shown = capsys.readouterr().out
    assert "###[ Ethernet ]###" in shown
    assert "###[ IP ]###" in shown
    assert frame(str(MIXED), 1).number == 1


def test_a_frame_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="has no frame 999999; its last is 18684"):
        frame(str(MIXED), 999_999)
    text = tmp_path / "a.txt"
    text.write_text("no capture, though longer than a header of one would be")
    with pytest.raises(UnreadableInput, match="pcap and pcapng"):
        frame(str(text), 1)
