"""Writes notices into an EVE file and STIX bundles until it is killed; run by ``test_kills``."""

from __future__ import annotations

import sys
from pathlib import Path

from notice_stories import NOON, notice

from netwatch.alert.delivery import deliver
from netwatch.alert.options import AlertOptions, SinkOptions


def outbox() -> list[str]:
    return [f"k{number:04}" for number in range(150)]


def options(directory: Path) -> AlertOptions:
    eve = SinkOptions("eve", "eve", path=directory / "eve.json", max_octets=150_000, keep=20)
    return AlertOptions((eve, SinkOptions("stix", "stix", path=directory / "stix")))


def main(directory: Path) -> None:
    """Tell all that is not marked as told, and mark it right after, as the monitor does; the mark is a line."""
    marks = directory / "marks"
    done = set(marks.read_text().split()) if marks.exists() else set()
    print("ready", flush=True)
    with marks.open("a") as file:
        for key in outbox():
            for sink in options(directory).sinks:
                if f"{key}/{sink.name}" not in done:
                    deliver([notice(key)], AlertOptions((sink,)), NOON)
                    file.write(f"{key}/{sink.name}\n")
                    file.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
