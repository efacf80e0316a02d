"""What every sink writes of every story, octet for octet; NETWATCH_GOLDEN=write renews the files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from notice_stories import STORIES

from netwatch.alert.message import compose
from netwatch.alert.options import SinkOptions
from netwatch.alert.sink import SINKS

GOLDEN = Path(__file__).parent / "golden"


def compare(name: str, made: str) -> None:
    path = GOLDEN / name
    if os.environ.get("NETWATCH_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(made)
    assert path.read_text() == made


@pytest.mark.parametrize("kind", ["eve", "ecs", "stix", "misp"])
def test_records(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netwatch.__version__", "0.0.0")
    sink: Any = SINKS[kind](SinkOptions(kind, kind, path=tmp_path / "out"))
    made = {name: sink.record(story) for name, story in STORIES.items()}
    compare(f"{kind}.json", json.dumps(made, indent=1, allow_nan=False) + "\n")


def test_messages() -> None:
    each = [compose([story]) for story in STORIES.values()]
    texts = [*each, compose(list(STORIES.values()))]
    compare("messages.txt", "\n\n".join(f"[{t.tone}] {t.title}\n{t.body}" for t in texts) + "\n")
