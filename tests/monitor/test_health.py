"""The Prometheus textfile: well-formed, whole or not there, and true."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.errors import OutputError
from netwatch.monitor.health import exposition, write_textfile
from netwatch.monitor.summary import PassSummary

SECOND = 1_000_000_000
NOW = 1_763_899_200 * SECOND
DONE = PassSummary(
    started=NOW - 12 * SECOND, ended=NOW, last_success=NOW, newest=NOW - 400 * SECOND, inputs_seen=5,
    inputs_ingested=3, inputs_waiting=1, inputs_quarantined=1, flows=1000, kept=960, dropped=10, lost=30,
    findings={"mining.getwork": 2, "volume": 1}, notices_sent=4, notices_held=2, notices_failed=1,
    faults=("one input could not be read",),
)  # fmt: skip
SAMPLE = re.compile(r'(netwatch_[a-z_]+)(?:\{([a-z]+)="((?:[^"\\\n]|\\\\|\\")*)"\})? (-?[0-9.e+-]+)')


def samples(text: str) -> dict[tuple[str, str], float]:
    """A reader of the exposition format, as strict as Prometheus about what we use of it."""
    assert text.endswith("\n")
    described: dict[str, set[str]] = {}
    found: dict[tuple[str, str], float] = {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, _ = line.split(" ", 3)
            assert what not in described.setdefault(name, set())
            described[name].add(what)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert described[match[1]] == {"HELP", "TYPE"}
        label = re.sub(r"\\(.)", r"\1", match[3] or "")
        assert (match[1], label) not in found
        found[match[1], label] = float(match[4])
    return found


def test_what_the_pass_came_to() -> None:
    told = samples(exposition(DONE))
    assert told["netwatch_last_success_timestamp_seconds", ""] == NOW / SECOND
    assert told["netwatch_pass_duration_seconds", ""] == 12
    assert told["netwatch_lag_seconds", ""] == 400
    assert told["netwatch_pass_success", ""] == 1
    assert told["netwatch_loss_ratio", ""] == pytest.approx(0.03)
    assert [told["netwatch_inputs", s] for s in ("seen", "ingested", "waiting", "quarantined")] == [5, 3, 1, 1]
    assert [told["netwatch_units", s] for s in ("kept", "dropped", "lost")] == [960, 10, 30]
    assert [told["netwatch_notices", s] for s in ("sent", "held", "failed")] == [4, 2, 1]
    assert told["netwatch_findings", "mining.getwork"] == 2


def test_without_flows_there_is_no_lag_and_without_success_none_is_claimed() -> None:
    told = samples(exposition(PassSummary(started=NOW, ended=NOW + SECOND, last_success=0)))
    assert ("netwatch_lag_seconds", "") not in told
    assert told["netwatch_pass_success", ""] == 0
    assert told["netwatch_last_success_timestamp_seconds", ""] == 0


@given(st.dictionaries(st.text(max_size=20), st.integers(0, 10**9), max_size=5))
def test_any_class_name_is_a_label(findings: dict[str, int]) -> None:
    told = samples(exposition(PassSummary(started=0, ended=1, last_success=1, findings=findings)))
    assert sum(value for (name, _), value in told.items() if name == "netwatch_findings") == sum(findings.values())


def test_the_file_is_replaced_in_one_move_for_the_exporter_to_read(tmp_path: Path) -> None:
    path = tmp_path / "netwatch.prom"
    old = os.umask(0o022)
    try:
        (tmp_path / ".netwatch.prom.part").symlink_to(tmp_path / "victim")
        path.write_text("old")
        write_textfile(DONE, path)
    finally:
        os.umask(old)
    assert path.read_text() == exposition(DONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["netwatch.prom"]


def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*missing/netwatch\.prom: No such file or directory"):
        write_textfile(DONE, tmp_path / "missing" / "netwatch.prom")


def test_a_summary_survives_its_file_and_keys_of_another_version() -> None:
    assert PassSummary.from_json(DONE.as_json() | {"of_tomorrow": 1}) == DONE
