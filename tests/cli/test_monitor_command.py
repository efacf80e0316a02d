"""``netwatch monitor check`` from the command line: the limits are those that were asked for."""

import pytest

pytest.importorskip("deltalake")

from netwatch.cli import run
from netwatch.monitor.summary import PassSummary
from netwatch.store.state import State

HOUR = 3600 * 10**9


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The last pass ran two hours ago, on flows of a day before, and lost 5 %."""
    import json

    now = 2_000_000_000 * 10**9
    monkeypatch.setattr("time.time_ns", lambda: now)
    (tmp_path / "spool").mkdir()
    path = tmp_path / "netwatch.toml"
    path.write_text('store = "store"\n[source.a]\npath = "spool"\n')
    ended = now - 2 * HOUR
    summary = PassSummary(ended, ended, ended, newest=ended - 24 * HOUR, kept=95, lost=5)
    state = State(tmp_path / "store")
    with state.change():
        state.put("summary", json.dumps(summary.as_json()))
    state.close()
    return path


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ([], 2),
        (["--age", "3h", "1d", "--lag", "2d", "3d"], 1),
        (["--age", "3h", "1d", "--lag", "2d", "3d", "--loss", "6", "10"], 0),
        (["--age", "1h", "2h", "--lag", "2d", "3d", "--loss", "6", "10"], 2),
        (["--age", "soon", "1d"], 3),
    ],
)
def test_limits(config, capsys, asked, status):
    assert run(["monitor", "check", "--config", str(config), *asked]) == status
    told = capsys.readouterr().out
    assert told.startswith(f"NETWATCH {('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')[status]} - ")
