"""A pass killed at any moment: after the next one that runs through, each notice stands in the files once and whole."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from killed_writer import outbox

WRITER = Path(__file__).with_name("killed_writer.py")
KILLS = int(os.environ.get("NETWATCH_KILLS", "8"))


def test_files_hold_each_notice_once_after_kills(tmp_path: Path) -> None:
    chance = random.Random(6)
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, str(WRITER), str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.1))
            writer.kill()
    subprocess.run([sys.executable, str(WRITER), str(tmp_path)], check=True, timeout=120)
    lines = [line for path in tmp_path.glob("eve.json*") for line in path.read_bytes().splitlines()]
    assert sorted(json.loads(line)["netwatch"]["key"] for line in lines) == outbox()
    bundles = list((tmp_path / "stix").iterdir())
    assert len(bundles) == len(outbox())
    assert all(json.loads(path.read_bytes())["type"] == "bundle" for path in bundles)
