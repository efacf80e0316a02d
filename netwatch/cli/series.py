"""``netwatch series``: counters over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.choices import AT_LEAST_ONE, OUTPUT, Files, Reading, Watched, counter_typed, options, split
from netwatch.cli.console import print_json, print_tallies, progress, stderr, stdout, table, write_csv
from netwatch.errors import UsageError
from netwatch.model.series import COUNTERS, Series
from netwatch.model.text import bit_rate, count, duration, instant, percent, scaled
from netwatch.model.times import parse_width
from netwatch.series import COLUMNS, KINDS, SeriesOptions


def series(
    files: Files,
    /,
    *,
    bin: Annotated[
        str | None, Parameter(help="Width of a bin: 30s, 5m, 1h, 1d; chosen by the span if not given.")
    ] = None,
    by: Annotated[tuple[str, ...], Parameter(help=f"Kinds of entity: {', '.join(KINDS)}.")] = ("scope",),
    counter: Annotated[tuple[str, ...], Parameter(help=f"Counters: {', '.join(COUNTERS)}.")] = ("octets",),
    top: Annotated[int, Parameter(help="Most entities of a kind; the rest is 'other'.", validator=AT_LEAST_ONE)] = 10,
    csv: Annotated[Path | None, Parameter(help="Write every bin to this file.", group=OUTPUT)] = None,
    png: Annotated[Path | None, Parameter(help="Draw to this file.", group=OUTPUT)] = None,
    json: Annotated[bool, Parameter(help="JSON lines on stdout, one per bin.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Nothing on stderr.", group=OUTPUT)] = False,
    watched: Watched | None = None,
    reading: Reading | None = None,
) -> int:
    """Octets, packets, flows and peers over time.

    A flow's octets are spread over its life; values are corrected for sampling and partial coverage; a bin that was
    not observed is empty, not zero.

    For example:
        netwatch series exports/ --asn AS131279 --by direction --png direction.png

        netwatch series day.pcap --bin 5m --by class --csv classes.csv
    """
    from netwatch.pipeline import judged

    kinds, counters = split(by), tuple(map(counter_typed, split(counter)))
    for given, known, what in ((kinds, KINDS, "kind of entity"), (counters, COUNTERS, "counter")):
        for name in given:
            if name not in known:
                raise UsageError.unknown(what, name, known)
    width = None if bin is None else parse_width(bin) / 1e9
    chosen = replace(options(watched, reading), series=SeriesOptions(bin=width, by=kinds, top=top))
    with progress(quiet=quiet) as advance, judged(files, chosen, advance) as result:
        found = [] if result.series is None else [s for k in kinds for c in counters for s in result.series.of(k, c)]
        if csv is not None:
            write_csv(COLUMNS, series_rows(found), csv)
        if png is not None:
            from netwatch.report import draw_series

            draw_series(found, png)
        if json:
            for one in found:
                for row in _rows(one):
                    print_json(dict(zip(COLUMNS, row, strict=True)))
        elif csv is None and png is None:
            _show(found)
        if not quiet:
            print_tallies(result.tallies, stderr())
    return 4 if any(tally.incomplete for tally in result.tallies) else 0


def series_rows(found: Iterable[Series]) -> Iterator[tuple[object, ...]]:
    """The bins of all series, as ``COLUMNS`` names them."""
    for one in found:
        yield from _rows(one)


def _rows(series: Series) -> list[tuple[object, ...]]:
    columns = zip(series.bins.times(), series.values, series.coverage, series.variance, series.sampling, strict=True)
    return [
        (instant(int(time)), series.entity.kind, series.entity.value, series.counter, _number(value), _number(covered),
         _number(math.sqrt(variance) if variance >= 0 else math.nan), _number(interval))
        for time, value, covered, variance, interval in columns
    ]  # fmt: skip


def _number(value: float) -> float | None:
    """A JSON number; None for what is unknown."""
    return float(value) if math.isfinite(value) else None


def _show(found: list[Series]) -> None:
    import numpy as np

    body = []
    for one in found:
        seen = one.values[~np.isnan(one.values)]
        seconds = one.bins.width / 1e9
        written = bit_rate if one.counter == "octets" else lambda rate: scaled(rate, "/s")
        if one.counter == "peers":
            written, seconds = count, 1.0
        numbers = (seen.mean(), np.median(seen), seen.max()) if len(seen) else (math.nan,) * 3
        gaps = 1 - len(seen) / max(1, one.bins.count)
        body.append((str(one.entity), one.counter, *(written(float(n) / seconds) for n in numbers), percent(gaps)))
    stdout().print(table(("entity", "counter", "mean", "median", "most", "not observed"), body, numbers=range(2, 6)))
    if found:
        bins = found[0].bins
        stdout().print(
            f"{count(bins.count)} bins of {duration(bins.width)} from {instant(bins.start)} to {instant(bins.end)}"
        )
