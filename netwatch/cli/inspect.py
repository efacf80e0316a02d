"""``netwatch inspect``: what is in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT, Files, Reading, options
from netwatch.cli.console import print_json, print_tallies, progress, stdout, table
from netwatch.model.flows import Flows, octets_both, packets_both
from netwatch.model.packets import Packets
from netwatch.model.tally import Tally
from netwatch.model.text import count, duration, instant, printable, volume
from netwatch.read import InputFile, open_inputs

SAID = {"first_time", "last_time", "layer-3 octets"}
"""Details and notes that the rows above them tell already."""


@dataclass(slots=True)
class Content:
    """What one input holds; times in ns UTC, None where there are none."""

    packets: int = 0
    octets: int = 0
    records: int = 0
    flows: int = 0
    first: int | None = None
    last: int | None = None

    def span(self, first: int, last: int) -> None:
        """Widen the span."""
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)


def inspect(
    files: Files,
    /,
    *,
    frame: Annotated[int | None, Parameter(help="Dissect this frame, such as a finding's evidence names it.")] = None,
    json: Annotated[bool, Parameter(help="One JSON object a file on stdout.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
    reading: Reading | None = None,
) -> int:
    """What is in a file: format, link types, span, packets, flows, losses: the tally.

    A file that is read only in part is told with the octet at which it stopped, and the exit status is 4.

    For example:
        netwatch inspect feb.pcap.gz

        netwatch inspect captures/ --json

        netwatch inspect day.pcap.gz --frame 1841
    """
    if frame is not None:
        for path in files:
            dissect(path, frame)
        return 0
    from netwatch.meter import Copies, Meter

    chosen = options(None, reading)
    inputs, meter = open_inputs(files, chosen.read), Meter(chosen.meter, payload=False)
    copies = Copies([file.begins for file in inputs.files], dedupe=chosen.meter.dedupe)
    contents: dict[int, Content] = {}
    with progress(quiet=quiet) as advance:
        for batch in inputs:
            if isinstance(batch, Packets):
                _add_packets(contents.setdefault(batch.input, Content()), batch)
                _add_metered(contents, meter.add(copies.once(batch)))
            else:
                _add_exported(contents, batch)
            advance(inputs)
    _add_metered(contents, meter.finish())
    told = inputs.files if json else [file for file in inputs.files if file.format]
    for file in told:
        mine = [tally for tally in inputs.tallies if tally.input == file.path]
        content = contents.get(file.index, Content())
        if json:
            print_json(_as_json(file, content, mine))
        else:
            _show(file, content, mine)
    if not json:
        for file in inputs.files:
            if not file.format:
                stdout().print(f"not read: {file.path} ({volume(file.size)})", markup=False)
        among = [*copies.tallies, meter.tally]
        print_tallies([*inputs.tallies, *among], stdout())
        _print_facts(_notes(among))
    return 4 if any(tally.incomplete for tally in inputs.tallies) else 0


def _add_packets(content: Content, packets: Packets) -> None:
    if not len(packets):
        return
    content.packets += len(packets)
    content.octets += int(packets.rows["ip_length"].sum(dtype=np.int64))
    content.span(int(packets.rows["time"].min()), int(packets.rows["time"].max()))


def _add_metered(contents: dict[int, Content], flows: Flows) -> None:
    for index, number in zip(*np.unique(flows["input"], return_counts=True), strict=True):
        contents.setdefault(int(index), Content()).flows += int(number)


def _add_exported(contents: dict[int, Content], flows: Flows) -> None:
    for index in np.unique(flows["input"]):
        mine = flows.take(flows["input"] == index)
        content = contents.setdefault(int(index), Content())
        content.records += len(mine)
        # As float64: of what broken exporters tell, sums do not fit 64 bits.
        content.packets += int(packets_both(mine).sum(dtype=np.float64))
        content.octets += int(octets_both(mine).sum(dtype=np.float64))
        content.span(int(mine["flow_start_nanoseconds"].min()), int(mine["flow_end_nanoseconds"].max()))


def _as_json(file: InputFile, content: Content, tallies: list[Tally]) -> dict[str, Any]:
    return {
        "path": file.path,
        "format": file.format or None,
        "compression": file.compression or None,
        "size": file.size,
        "sha256": file.sha256,
        "first": None if content.first is None else instant(content.first, fraction=True),
        "last": None if content.last is None else instant(content.last, fraction=True),
        "packets": content.packets,
        "layer_3_octets": content.octets,
        "flow_records": content.records,
        "flows_metered": content.flows,
        "details": file.details,
        "tallies": [tally.as_json() for tally in tallies],
    }


def _show(file: InputFile, content: Content, tallies: list[Tally]) -> None:
    out = stdout()
    out.print(file.path, style="bold", markup=False)
    from netwatch.read.exports import VERSIONS

    notes = {note for tally in tallies for note in tally.notes}
    spoken = ", ".join(version for version in VERSIONS.values() if f"message {version}" in notes)
    told = file.format or "not read", f"({spoken})" if spoken else "", file.compression
    rows = [("format", " ".join(filter(None, told)))]
    if file.size >= 0:
        rows.append(("size", volume(file.size)))
    if content.first is not None and content.last is not None:
        rows.append(("from", instant(content.first, fraction=True)))
        rows.append(("to", f"{instant(content.last, fraction=True)} ({duration(content.last - content.first)})"))
    if file.format:
        rows.append(("packets", f"{count(content.packets)}, {volume(content.octets)} at layer 3"))
    if content.records:
        rows.append(("flow records", count(content.records)))
    if content.flows:
        rows.append(("flows metered", count(content.flows)))
    rows.extend((name.replace("_", " "), _told(value)) for name, value in file.details.items() if name not in SAID)
    _print_facts([*rows, *_notes(tallies)])
    out.print()


def _notes(tallies: list[Tally]) -> list[tuple[str, str]]:
    every = [(note, number) for tally in tallies for note, number in sorted(tally.notes.items())]
    return [("note", f"{note}: {count(number)}") for note, number in every if note not in SAID]


def _print_facts(rows: list[tuple[str, str]]) -> None:
    facts = table(("fact", "value"), rows)
    facts.show_header = False
    if rows:
        stdout().print(facts)


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_told(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_told(inner) for inner in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def dissect(path: str, number: int) -> None:
    """Print one frame, every field, by scapy."""
    import scapy.all as scapy

    from netwatch.read.frame import frame

    found = frame(path, number)
    layer = scapy.conf.l2types.num2layer.get(found.link_type, scapy.Raw)
    out = stdout()
    heading = f"{path}#{number} {instant(round(found.time * 1e9), fraction=True)} {len(found.octets)} octets captured"
    out.print(heading, style="bold", markup=False)
    for line in (layer(found.octets).show(dump=True) or "").splitlines():
        out.print(printable(line), markup=False, highlight=False)
