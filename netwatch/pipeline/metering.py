"""The short way: packets to flow records in a file, without scope, classes or series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from netwatch.errors import UsageError
from netwatch.meter import Copies, Meter, MeterOptions
from netwatch.model.packets import Packets
from netwatch.model.tally import Tally
from netwatch.read import Inputs, ReadOptions, open_inputs

HELD = 32_768
"""Flows that the meter holds back until they make a row group."""


@dataclass(frozen=True, slots=True)
class Metered:
    """How many flows were written, and what became of the packets."""

    flows: int
    tallies: list[Tally]


def meter_into(
    out: Path,
    paths: Sequence[str | Path],
    reading: ReadOptions,
    metering: MeterOptions,
    advance: Callable[[Inputs], None] = lambda _inputs: None,
) -> Metered:
    """Meter the packets of all inputs into a Parquet file.

    Raises:
        UsageError: a path that means nothing, or an input that holds flow records instead of packets.
        UnreadableInput: nothing could be read from any input.
        OutputError: the file cannot be written.

    """
    from netwatch.kernels.columns import Told
    from netwatch.store.flowfile import FlowFile

    inputs, meter = open_inputs(paths, reading), Meter(metering, payload=False)  # a file of flows holds none of it
    copies = Copies([file.begins for file in inputs.files], dedupe=metering.dedupe)
    with FlowFile(out, Told._fields) as file:
        for batch in inputs:
            if not isinstance(batch, Packets):
                place = inputs.files[int(batch["input"][0])].path if len(batch) else "an input"
                raise UsageError(f"{place} holds flow records, which are metered already; see netwatch flows")
            file.append(meter.add(copies.once(batch), HELD))
            advance(inputs)
        for flows in meter.drain():
            file.append(flows)
    return Metered(file.rows, [*inputs.tallies, *copies.tallies, meter.tally])
