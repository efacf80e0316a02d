"""How the answer was made, from what, with which settings, and what it does not rest on."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

import numpy as np

from netwatch.model import text as units
from netwatch.model.tally import Tally
from netwatch.report.choice import main_series
from netwatch.report.clock import Clock
from netwatch.report.pages.blocks import Block, Column, bullets, details, facts, head, heading, note, table, text
from netwatch.report.report import Report
from netwatch.report.words import value

ROWS = 15
INPUTS = 8
"""Inputs that paper lists."""


def method(report: Report, clock: Clock) -> list[Block]:
    """Conventions of counting, then what did the work."""
    lines = [
        "Octets are layer-3 octets (IP total length). Rates are bit/s with SI prefixes (k = 1000); volumes are bytes.",
        f"Times are RFC 3339 in {clock.name}; intervals are half-open: the end is not part of them.",
        "A flow's octets are spread over the bins in which it lived. A bin that was not observed is unknown, not zero.",
        "Counts of sampled traffic are multiplied by the sampling interval once; its variance widens the intervals.",
        "Intervals hold the true value with 95 % under the method's assumptions.",
        "A verdict's probability combines the evidence's weights with the prior that stands beside it. Evidence that"
        " was not available weighs nothing and is listed. Behaviour alone is never more than “likely”.",
    ]
    if "local_time" in report.parameters:
        lines.append(
            f"Local time of the watched networks, for what is usual at an hour: {report.parameters['local_time']}."
        )
    detectors = sorted({c.detector for c in report.changes if c.detector})
    if detectors:
        lines.append(f"Changes were found by: {', '.join(detectors)}.")
    versions = ", ".join(f"{name} {number}" for name, number in sorted(report.versions.items()))
    blocks = [bullets(lines), text(f"Made with {versions}." if versions else "No versions were recorded.")]
    rows = _flat(report.parameters)
    if not rows:
        return [*blocks, text("No parameters were recorded.")]
    where = note(f"The {len(rows):,} parameters are in report.html and report.json.")
    return [*blocks, where, details("Parameters", [facts(rows)])]


def _flat(parameters: Mapping[str, object], above: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, thing in parameters.items():
        path = f"{above}{name}"
        if isinstance(thing, Mapping) and thing:
            rows += _flat(thing, f"{path}.")
        else:
            rows.append((path, value(thing)))
    return rows


def inputs(report: Report, clock: Clock) -> list[Block]:
    """The files by name, size and hash."""
    if not report.inputs:
        return [text("No input was read.")]
    columns = (
        Column("Name", weight=1.3, code=True),
        Column("Format", weight=0.75),
        Column("Size", "right", 0.75),
        Column("Span", weight=1.6),
        Column("SHA-256", weight=2.0, code=True),
    )
    folder = _folder([i.name for i in report.inputs])
    # Those that were read first; what is of no known format has no more than its hash.
    rows = [
        (
            i.name.removeprefix(folder), i.format or "not read", units.volume(i.size), _span(i.since, i.until, clock),
            i.sha256,
        )
        for i in sorted(report.inputs, key=lambda i: not i.format)
    ]  # fmt: skip
    where = f" Names are below {folder}" if folder else ""
    return head(f"Inputs with their SHA-256.{where}", columns, rows, INPUTS, "inputs.csv")


def _folder(names: Sequence[str]) -> str:
    """The folder that all names begin with, with its last ``/``; "" for none."""
    shared = posixpath.commonprefix([posixpath.dirname(name) + "/" for name in names])
    return shared[: shared.rfind("/") + 1] if len(shared) > 1 else ""


def _span(since: int | None, until: int | None, clock: Clock) -> str:
    return "unknown" if since is None or until is None else clock.span(since, until)


def account(report: Report) -> list[Block]:
    """What was seen, kept, left out and lost: what this answer does not rest on."""
    if not report.tallies:
        return [text("No account was kept.")]
    merged = _merged(report.tallies)
    blocks = [
        text(_coverage(report)),
        table(
            "What every stage saw, over all inputs: seen = kept + left out.",
            (
                Column("Stage"),
                Column("Unit", weight=1.2),
                Column("Seen", "right"),
                Column("Kept", "right"),
                Column("Left out", "right"),
                Column("Lost", "right", 0.8),
                Column("Octets kept", "right", 1.1),
            ),
            [
                (
                    t.stage, t.unit, f"{t.seen:,}", f"{t.kept:,}", f"{t.seen - t.kept:,}", f"{t.lost:,}",
                    units.volume(t.kept_octets),
                )
                for t in merged
            ],
        ),
    ]  # fmt: skip
    blocks += _reasons(merged)
    cut = [f"{t.input or t.stage}: {t.incomplete}" for t in report.tallies if t.incomplete]
    if cut:
        blocks.append(heading("Inputs that end early"))
        blocks.append(bullets(cut[:ROWS]))
        if len(cut) > ROWS:
            blocks.append(note(f"The first {ROWS} of {len(cut):,}; tally.csv lists all."))
    unbalanced = [f"{t.stage} {t.input}" for t in report.tallies if not t.balanced]
    if unbalanced:
        blocks.append(text(f"These accounts do not balance, which is a fault of netwatch: {', '.join(unbalanced)}."))
    return blocks


def _merged(tallies: tuple[Tally, ...]) -> list[Tally]:
    by_stage: dict[tuple[str, str], Tally] = {}
    for tally in tallies:
        by_stage.setdefault((tally.stage, tally.unit), Tally(tally.stage, tally.unit)).merge(tally)
    return list(by_stage.values())


def _coverage(report: Report) -> str:
    octets = main_series(report)
    if octets is None or not octets.bins.count:
        return "No bin of the window was observed."
    unseen = int(np.count_nonzero(octets.coverage <= 0))
    partial = int(np.count_nonzero((octets.coverage > 0) & (octets.coverage < 0.95)))
    return (
        f"Of {octets.bins.count:,} bins of {units.duration(octets.bins.width)}, {unseen:,} were not observed and"
        f" {partial:,} in part. Nothing is said about the network in bins that were not observed."
    )


def _reasons(merged: list[Tally]) -> list[Block]:
    left_out = [
        (t.stage, reason, f"{drop.units:,}", units.volume(drop.octets), ", ".join(f"{o:,}" for o in drop.offsets[:4]))
        for t in merged
        for reason, drop in sorted(t.dropped.items(), key=lambda item: (-item[1].units, item[0]))
    ]
    blocks = []
    if left_out:
        blocks.append(table(
            "What was left out, and why; first places as octet offsets in the input.",
            (
                Column("Stage", weight=0.8),
                Column("Reason", weight=2),
                Column("Units", "right", 0.8),
                Column("Octets", "right", 0.8),
                Column("First at", weight=1.6),
            ),
            left_out[:ROWS],
        ))  # fmt: skip
        if len(left_out) > ROWS:
            blocks.append(note(f"The first {ROWS} of {len(left_out):,} reasons; tally.csv lists all."))
    else:
        blocks.append(text("Nothing that was seen was left out."))
    remarks = [(t.stage, name, f"{n:,}") for t in merged for name, n in sorted(t.notes.items())]
    if remarks:
        columns = (
            Column("Stage", weight=0.7),
            Column("What was kept, and is worth telling", weight=3),
            Column("Count", "right"),
        )
        blocks.append(table("Remarks.", columns, remarks[:ROWS]))
    return blocks
