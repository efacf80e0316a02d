"""A Prometheus textfile about the last pass, for the node exporter's textfile collector."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from netwatch.errors import OutputError
from netwatch.model.text import printable
from netwatch.monitor.summary import PassSummary
from netwatch.version import __version__

SECOND = 1_000_000_000


def write_textfile(summary: PassSummary, path: Path) -> None:
    """Write the metrics of a pass in one move, so that no reader sees half of them.

    The file is for another user, the node exporter's, to read, so its mode follows the umask; it holds counts only.

    Raises:
        OutputError: it could not be written; what stood there stays.

    """
    part = path.with_name(f".{path.name}.part")  # the collector reads *.prom only
    try:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(exposition(summary))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as fault:
        raise OutputError(f"cannot write {printable(str(path))}: {fault.strerror}") from None


def last_success(path: Path) -> int:
    """The last success (ns) that a textfile tells of, 0 where there is none: for when the state cannot be asked."""
    try:
        found = re.search(r"^netwatch_last_success_timestamp_seconds ([0-9.e+]+)$", path.read_text("utf-8"), re.M)
    except (OSError, UnicodeDecodeError):
        return 0
    return int(float(found[1]) * SECOND) if found else 0


def exposition(summary: PassSummary) -> str:
    """The metrics in the text exposition format (prometheus.io, "Exposition formats", version 0.0.4)."""
    lines = []
    for name, about, samples in _gauges(summary):
        lines += [f"# HELP netwatch_{name} {about}", f"# TYPE netwatch_{name} gauge"]
        lines += [f"netwatch_{name}{labels} {value!r}" for labels, value in samples]
    return "\n".join(lines) + "\n"


_Sample = tuple[str, int | float]


def _gauges(s: PassSummary) -> Iterator[tuple[str, str, list[_Sample]]]:
    def one(value: int | float) -> list[_Sample]:
        return [("", value)]

    yield "build_info", "Version of netwatch.", [(_labels(version=__version__), 1)]
    yield "last_pass_timestamp_seconds", "End of the last pass.", one(s.ended / SECOND)
    yield "last_success_timestamp_seconds", "End of the last pass that ran through; 0 for never.", \
        one(s.last_success / SECOND)  # fmt: skip
    yield "pass_success", "Whether the last pass ran through.", one(int(s.last_success == s.ended))
    yield "pass_duration_seconds", "Time that the last pass took.", one(max(0, s.ended - s.started) / SECOND)
    yield "pass_faults", "What went wrong in the last pass.", one(len(s.faults))
    yield (
        "inputs",
        "Inputs of the last pass by what became of them; quarantined: all that still are.",
        [
            (_labels(state="seen"), s.inputs_seen),
            (_labels(state="ingested"), s.inputs_ingested),
            (_labels(state="waiting"), s.inputs_waiting),
            (_labels(state="quarantined"), s.inputs_quarantined),
        ],
    )
    yield "flows", "Flow Records that the last pass took in.", one(s.flows)
    yield (
        "units",
        "Packets and records of the last pass by what became of them; lost: known to exist, never seen.",
        [
            (_labels(state="kept"), s.kept),
            (_labels(state="dropped"), s.dropped),
            (_labels(state="lost"), s.lost),
        ],
    )
    yield "loss_ratio", "Share of the last pass's units that were lost.", one(s.loss)
    if s.newest:
        yield "newest_flow_timestamp_seconds", "End of the newest flow in the store.", one(s.newest / SECOND)
        yield "lag_seconds", "Age of the newest flow at the end of the pass.", \
            one(max(0, s.ended - s.newest) / SECOND)  # fmt: skip
    yield "findings", "Open findings by class.", [(_labels(**{"class": c}), n) for c, n in sorted(s.findings.items())]
    yield (
        "notices",
        "Notices of the last pass, times sinks, by what became of them.",
        [
            (_labels(state="sent"), s.notices_sent),
            (_labels(state="held"), s.notices_held),
            (_labels(state="failed"), s.notices_failed),
        ],
    )


def _labels(**pairs: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs.items()) + "}"


def _escaped(value: str) -> str:
    return printable(value).replace("\\", "\\\\").replace('"', '\\"')
