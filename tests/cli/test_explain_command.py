"""``netwatch explain``: what it prints adds up, and what cannot be asked for is refused before anything is read."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from netwatch.cli import run
from netwatch.cli.explain import explain
from netwatch.explain.dimensions import DIMENSIONS

CAPTURE = Path(__file__).parents[2] / "captures" / "dns-reflection"
HALVES = ("--before", "2019-06-05T00:00:20..2019-06-05T00:03:20", "--after", "2019-06-05T00:03:20..2019-06-05T00:05:20")


def test_help_names_every_dimension() -> None:
    words = (explain.__doc__ or "").replace(",", " ").replace(".", " ").split()
    assert {*DIMENSIONS, "causes"} <= set(words)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--by", "clas"), "unknown dimension 'clas'; did you mean 'class'?"),
        (("--by", "class+causes"), "'causes' is a split by itself"),
        (("--counter", "bits"), "bits"),
    ],
)
def test_bad_requests_are_told_before_anything_is_read(
    more: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", str(CAPTURE / "nowhere.pcap"), *HALVES, *more]) == 2
    assert message in capsys.readouterr().err


def test_without_flows_there_is_nothing_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "header-only.pcap"
    empty.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    assert run(["explain", str(empty), *HALVES]) == 2
    assert capsys.readouterr().err == "netwatch: nothing was observed: there are no flows to compare\n"


def test_a_flood_is_the_one_cause_and_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    """12,000 packets of 17.19 MB in two minutes (truth.toml)."""
    argv = ["explain", str(CAPTURE), "--asn", "AS131279", *HALVES, "--by", "causes,episode", "--json", "--quiet"]
    assert run(argv) == 0
    causes, episodes = map(json.loads, capsys.readouterr().out.splitlines())
    for split in (causes, episodes):
        assert sum(s["share"] for s in split["shares"]) + split["residual"] == pytest.approx(1)
        assert set(split["shares"][0]["without"]) == {"ratio", "interval"}  # as in report.json
    assert causes["shares"][0]["cell"] == {"class": "dos.reflection.dns"}
    flood = max(episodes["shares"], key=lambda s: s["share"])
    assert flood["cell"]["episode"].startswith("DNS reflection flood against 175.45.177.33")
    assert flood["after"] == pytest.approx(17_190_000 / 120, rel=0.01)


def test_a_window_outside_the_data_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["explain", str(CAPTURE), "--asn", "AS131279", "--before", "2015..2016", *HALVES[2:], "--quiet"]
    assert run(argv) == 2
    told = capsys.readouterr().err
    assert "nothing was observed in the window before, 2015-01-01" in told
    assert "; the flows are of 2019-06-0" in told
