"""``netwatch meter``: packets to flow records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT, Files, Reading, options
from netwatch.cli.console import print_tallies, progress, stderr
from netwatch.pipeline import meter_into


def meter(
    files: Files,
    /,
    *,
    out: Annotated[Path, Parameter(help="Parquet file to write.", group=OUTPUT)],
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
    reading: Reading | None = None,
) -> int:
    """Packets to a file of flow records, and no more: as fast as can be.

    Biflows (RFC 5103) by the timeouts given. Flow exports inside captures are packets like any other here. The file
    holds one row a flow, columns named after IPFIX elements, addresses as 16 octets; any Parquet reader takes it.

    For example:
        netwatch meter day.pcap.gz --out flows.parquet

        netwatch meter captures/ --out flows.parquet --active-timeout 300
    """
    chosen = options(None, reading)
    with progress(quiet=quiet) as advance:
        result = meter_into(out, files, replace(chosen.read, exports="ignore"), chosen.meter, advance)
    if not quiet:
        print_tallies(result.tallies, stderr())
    return 4 if any(tally.incomplete for tally in result.tallies) else 0
