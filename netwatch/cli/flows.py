"""``netwatch flows``: list, filter, group and convert flow records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from netwatch.cli.choices import AT_LEAST_ONE, OUTPUT, Files, Reading, Watched, counter_typed, options, split
from netwatch.cli.console import print_json, print_tallies, progress, stderr, stdout, table
from netwatch.model.text import bit_rate, count, duration, percent, volume
from netwatch.store.export import collect, export, rows
from netwatch.store.filter import compile_filter
from netwatch.store.keys import PROTOCOL_NAMES, Key, key_of
from netwatch.store.top import COUNTERS, Group, measured, ranked, top

WIDE = ("start", "proto", "source", "destination", "packets", "back", "octets", "back", "direction", "class")
NARROW = ("start", "proto", "source", "destination", "octets", "class")
WIDE_FROM = 110
"""Columns of a terminal from which on all is listed."""
IN_ORDER = ["flow_start", "input", "first_frame"]


def flows(
    files: Files,
    /,
    *,
    filter: Annotated[str, Parameter(help="Which flows, in nfdump's words: 'dst port 3333 and proto tcp'.")] = "",
    group: Annotated[tuple[str, ...], Parameter(help="Sum by these columns: srcip, dstip/24, dstport, class ...")] = (),
    rows_shown: Annotated[int, Parameter(name="--top", help="How many rows are shown.", validator=AT_LEAST_ONE)] = 20,
    order: Annotated[str, Parameter(help="Rank by octets, packets or flows; listed flows are in order of time.")] = "",
    csv: Annotated[Path | None, Parameter(help="Write all to this file.", group=OUTPUT)] = None,
    parquet: Annotated[Path | None, Parameter(help="Write all to this file.", group=OUTPUT)] = None,
    ipfix: Annotated[Path | None, Parameter(help="Write all to this file (RFC 5655).", group=OUTPUT)] = None,
    pcap: Annotated[Path | None, Parameter(help="Write the packets behind the flows here.", group=OUTPUT)] = None,
    json: Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
    watched: Watched | None = None,
    reading: Reading | None = None,
) -> int:
    """List, filter, group and convert flow records.

    Counters of groups are corrected for sampling and count both directions; octets are layer-3 octets.

    For example:
        netwatch flows day.pcap.gz --filter 'dst port 3333 and proto tcp'

        netwatch flows exports/ --group source_address --top 10 --order packets

        netwatch flows nfcapd.201902010000 --csv flows.csv

        netwatch flows day.pcap.gz --filter 'class mining' --pcap evidence.pcap
    """
    from netwatch.pipeline import carve, judged

    predicate = compile_filter(filter)
    chosen = options(watched, reading)
    by = [key_of(word) for word in split(group)]
    with progress(quiet=quiet) as advance, judged(files, chosen, advance) as result:
        kept = result.store.table
        kept = kept.filter(predicate(kept))
        for path, form in ((csv, "csv"), (parquet, "parquet"), (ipfix, "ipfix")):
            if path is not None:
                export(kept, path, form)
        if pcap is not None:
            carved = carve(result.inputs, collect(kept), pcap, chosen)
            stderr().print(f"{pcap}: {count(carved)} frames", markup=False)
        if by:
            _show_groups(kept, by, counter_typed(order or "octets"), rows_shown, as_json=json)
        elif json:
            for row in rows(kept.order_by(IN_ORDER)):
                print_json(row)
        elif csv is parquet is ipfix is pcap is None:
            _show_flows(kept, counter_typed(order), rows_shown)
        if not quiet:
            print_tallies(result.tallies, stderr())
    return 4 if any(tally.incomplete for tally in result.tallies) else 0


def _show_groups(kept: Any, by: list[Key], order: str, limit: int, *, as_json: bool) -> None:
    names = [key.name for key in by]
    groups = top(kept, by, order, None if as_json else limit)
    if as_json:
        for group in groups:
            counters = {name: getattr(group, name) for name in COUNTERS}
            print_json({**dict(zip(names, group.key, strict=True)), **counters})
        return
    totals = _totals(kept)
    body = [(*group.key, *_cells(group, totals)) for group in groups]
    first = len(by)
    heads = (*names, "volume", "%", "packets", "%", "flows", "%")
    stdout().print(table(heads, body, numbers=range(first, first + 6)))
    _summarise(totals)


def _cells(group: Group, totals: dict[str, int]) -> list[str]:
    cells = []
    for name, written in (("octets", volume), ("packets", count), ("flows", count)):
        number = getattr(group, name)
        cells += [written(number), _share(number, totals[name])]
    return cells


def _show_flows(kept: Any, order: str, limit: int) -> None:
    out, totals = stdout(), _totals(kept)
    made, heads, numbers = (_wide, WIDE, range(4, 8)) if out.width >= WIDE_FROM else (_narrow, NARROW, range(4, 5))
    body = [made(row) for row in rows(ranked(kept, order, IN_ORDER).limit(limit))]
    out.print(table(heads, body, numbers=numbers))
    _summarise(totals, shown=len(body))


def _wide(row: dict[str, Any]) -> tuple[str, ...]:
    counters = ("packet_delta_count", "reverse_packet_delta_count", "octet_delta_count", "reverse_octet_delta_count")
    start, *between = _ends(row)
    return start, *between, *(count(row[name]) for name in counters), row["direction"], row["traffic_class"]


def _narrow(row: dict[str, Any]) -> tuple[str, ...]:
    """What fits 80 columns with IPv4 addresses: the time without its date, octets of both directions."""
    start, *between = _ends(row)
    octets = row["octet_delta_count"] + row["reverse_octet_delta_count"]
    return start[5:19].replace("T", " "), *between, count(octets), row["traffic_class"]


def _ends(row: dict[str, Any]) -> tuple[str, str, str, str]:
    protocol = int(row["protocol_identifier"])
    source, destination = (
        " ".join(filter(None, (row[f"{end}_address"], str(row[f"{end}_transport_port"] or ""))))
        for end in ("source", "destination")
    )
    return row["flow_start"], PROTOCOL_NAMES.get(protocol, str(protocol)), source, destination


def _totals(kept: Any) -> dict[str, int]:
    table = measured(kept)
    row = table.aggregate(
        octets=table.octets.sum(),
        packets=table.packets.sum(),
        flows=table.count(),
        first=table.flow_start.min(),
        last=table.flow_end.max(),
    ).to_pyarrow()
    times = {name: row.column(name).cast("int64")[0].as_py() for name in ("first", "last")}
    return {name: int(value or 0) for name, value in (row.to_pylist()[0] | times).items()}


def _summarise(totals: dict[str, int], shown: int | None = None) -> None:
    some = f"{count(shown)} of " if shown is not None else ""
    span = (totals["last"] - totals["first"]) * 1000
    rate = bit_rate(totals["octets"] / (span / 1e9)) if span else "no duration"
    stdout().print(
        f"{some}{count(totals['flows'])} flows, {count(totals['packets'])} packets, {volume(totals['octets'])} "
        f"in {duration(span)} ({rate}); layer-3 octets, both directions, sampling corrected"
    )


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else "-"
